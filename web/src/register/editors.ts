// One editor per field, wherever it stands: in a cell, in the new row, in the panel, for a whole selection.
import { decimalText, type Formats, shiftDay } from "../formats";
import { Combobox, type Option } from "./combobox";
import { h } from "../dom";
import { folded, type Lookups, same } from "./lookups";
import type { Account, Field, Given, Payee, Row } from "./model";

/** What was typed cannot be meant: said beside the field, and nothing is lost. */
export class Refusal extends Error {}

export interface Editor {
  element: HTMLElement;
  input: HTMLInputElement;
  /** What the field says now; null where that is what it said before. Throws a `Refusal`. */
  read(): Promise<Given | null>;
  /** Shows suggestions, where the field has some. */
  open?(): void;
}

export interface EditorOptions {
  label: string;
  formats: Formats;
  lookups: Lookups;
  /** What holds now; nothing for a new row or a whole selection. */
  row?: Partial<Row>;
  scale: number;
  /** For payment and deposit: which sign a figure without one has. */
  sign?: 1 | -1;
  /** A text that was typed before and could not be saved. */
  typed?: string;
  payeePicked?(payee: Payee): void;
}

export function createEditor(field: Field, options: EditorOptions): Editor {
  switch (field) {
    case "date":
      return dateEditor(options);
    case "amount":
      return amountEditor(options);
    case "note":
      return noteEditor(options);
    case "payee":
      return payeeEditor(options);
    case "category":
      return categoryEditor(options);
    case "tags":
      return tagsEditor(options);
    case "account":
      return accountEditor(options);
  }
}

function textInput(label: string, value: string, more: Record<string, string> = {}): HTMLInputElement {
  return h("input", { class: "input", type: "text", "aria-label": label, autocomplete: "off", value, ...more });
}

function noteEditor({ label, row, typed }: EditorOptions): Editor {
  const before = row?.note ?? "";
  const input = textInput(label, typed ?? before);
  return {
    element: input,
    input,
    read: async () => {
      const note = input.value.trim() || null;
      return row && note === (row.note ?? null) ? null : { set: { note }, shown: { note }, text: note ?? "" };
    },
  };
}

function dateEditor({ label, row, typed, formats }: EditorOptions): Editor {
  const before = row?.date;
  const input = textInput(label, typed ?? (before ? formats.fullDay(before) : ""), {
    placeholder: formats.fullDay(formats.today),
  });
  input.addEventListener("keydown", (event) => turnDay(event, input, formats));
  return {
    element: input,
    input,
    read: async () => {
      const date = formats.parseDay(input.value);
      if (!date) throw new Refusal(`That is no day. Type it like ${formats.fullDay(formats.today)}.`);
      return date === before ? null : { set: { date }, shown: { date }, text: formats.fullDay(date) };
    },
  };
}

/** Letters keep their meaning while somebody types the name of a month. */
export function turnDay(event: KeyboardEvent, input: HTMLInputElement, formats: Formats): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const day = formats.parseDay(input.value) ?? formats.today;
  const isWord = /[a-z]$/i.test(input.value.slice(0, input.selectionStart ?? 0)) && input.selectionStart === input.selectionEnd;
  const turned = ((): string | undefined => {
    switch (event.key) {
      case "t":
      case "T":
        return isWord ? undefined : formats.today;
      case "+":
      case "=":
        return shiftDay(day, 1);
      case "-":
      case "−":
        // A minus also stands between the parts of a day while it is typed.
        return formats.parseDay(input.value) && input.selectionStart !== input.selectionEnd ? shiftDay(day, -1) : undefined;
      case "PageUp":
        return shiftDay(day, 0, -1);
      case "PageDown":
        return shiftDay(day, 0, 1);
      default:
        return undefined;
    }
  })();
  if (!turned) return;
  event.preventDefault();
  event.stopPropagation();
  input.value = formats.fullDay(turned);
  input.select();
  input.dispatchEvent(new Event("change"));
}

function amountEditor({ label, row, typed, formats, scale, sign }: EditorOptions): Editor {
  const before = row?.amount_minor;
  const shown = before === undefined ? "" : formats.typedAmount(sign ? Math.abs(before) : before, scale);
  const example = formats.typedAmount(-1240 * 10 ** Math.max(0, scale - 2), scale);
  const input = textInput(label, typed ?? shown, { inputmode: "decimal", placeholder: sign ? "" : example });
  input.classList.add("num");
  return {
    element: input,
    input,
    read: async () => {
      const parsed = formats.parseAmount(input.value, scale);
      if (parsed === undefined) throw new Refusal(`That is no amount. Type it like ${example}; money out has a minus.`);
      const minor = sign ? parsed * sign : parsed;
      if (minor === before) return null;
      return {
        set: { amount: decimalText(minor, scale) },
        shown: { amount_minor: minor, amount: decimalText(minor, scale) },
        text: formats.amount(minor, scale),
      };
    },
  };
}

function payeeEditor({ label, row, typed, lookups, payeePicked }: EditorOptions): Editor {
  const before = row?.payee ?? "";
  let known: Payee[] = [];
  const box = new Combobox({
    label,
    value: typed ?? before,
    load: async (text) => {
      known = await lookups.payees(text);
      return known.map(({ id, name, last_category }) => ({
        id,
        text: name,
        ...(last_category ? { detail: last_category } : {}),
      }));
    },
    create: (text) => ({ id: null, text, detail: `New payee “${text}”`, isNew: true }),
    picked: (option) => {
      const payee = known.find(({ id }) => id === option.id);
      if (payee) payeePicked?.(payee);
    },
  });
  return withBox(box, async () => {
    await box.settle();
    box.take();
    const payee = box.text || null;
    return row && payee === (row.payee ?? null) ? null : { set: { payee }, shown: { payee }, text: payee ?? "" };
  });
}

function categoryEditor({ label, row, typed, lookups }: EditorOptions): Editor {
  const before = row?.category ?? "";
  const box = new Combobox({
    label,
    value: typed ?? before,
    load: async (text) => {
      const wanted = folded(text);
      const found = (await lookups.categories()).filter(({ path }) => folded(path).includes(wanted));
      const rank = (path: string): number => (folded(path).startsWith(wanted) || folded(path).includes(` ▸ ${wanted}`) ? 0 : 1);
      found.sort((one, other) => rank(one.path) - rank(other.path) || (wanted ? 0 : other.used - one.used));
      return found.slice(0, 40).map(({ id, path }): Option => ({ id, text: path }));
    },
    create: (text) =>
      lookups.mayAddCategories ? { id: null, text, detail: `Create “${text}”`, isNew: true } : null,
    isEager: true,
  });
  return withBox(box, async () => {
    await box.settle();
    box.take();
    if (box.text === "")
      return row && !row.category ? null : { set: { category_id: null }, shown: { category: null, category_id: null }, text: "" };
    if (row && box.text === before) return null;
    const { id, path } = await categoryNamed(box.text, lookups);
    return { set: { category_id: id }, shown: { category_id: id, category: path }, text: path };
  });
}

async function categoryNamed(text: string, lookups: Lookups): Promise<{ id: string; path: string }> {
  const known = (await lookups.categories()).find((category) => same(category.path, text));
  return known ?? lookups.createCategory(text);
}

function tagsEditor({ label, row, typed, lookups }: EditorOptions): Editor {
  const before = row?.tags ?? [];
  const box = new Combobox({
    label,
    value: typed ?? before.map((name) => `#${name}`).join(" "),
    byWord: true,
    load: async (word) => {
      const wanted = folded(word.replace(/^#/, ""));
      if (wanted === "") return [];
      const found = (await lookups.tags()).filter(({ name }) => folded(name).startsWith(wanted) && folded(name) !== wanted);
      return found.slice(0, 12).map(({ id, name }) => ({ id, text: `#${name}` }));
    },
  });
  return withBox(box, async () => {
    const tags = tagsIn(box.text);
    if (row && tags.join(" ") === before.join(" ")) return null;
    return { set: { tags }, shown: { tags }, text: tags.map((name) => `#${name}`).join(" ") };
  });
}

export function tagsIn(text: string): string[] {
  const words = text.split(/[\s,]+/).map((word) => word.replace(/^#+/, ""));
  return [...new Set(words.filter((word) => word !== ""))];
}

/** Accounts with what tells them apart: the name, and where several have it, where each belongs. */
export function labels(accounts: Account[]): { account: Account; label: string }[] {
  const having = new Map<string, number>();
  for (const { name } of accounts) having.set(folded(name), (having.get(folded(name)) ?? 0) + 1);
  return accounts.map((account) => {
    const isAlone = having.get(folded(account.name)) === 1;
    return { account, label: isAlone || !account.asset_path ? account.name : `${account.asset_path} ▸ ${account.name}` };
  });
}

function accountEditor({ label, row, typed, lookups }: EditorOptions): Editor {
  const before = row?.account_name ?? "";
  const box = new Combobox({
    label,
    value: typed ?? before,
    load: async (text) => {
      const labelled = labels(await lookups.accounts()).filter(({ account, label }) => folded(`${label} ${account.asset_path ?? ""}`).includes(folded(text)));
      return labelled.map(({ account: { id, currency, asset_path: path }, label }) => ({
        id,
        text: label,
        detail: path && !label.startsWith(path) ? `${path} · ${currency}` : currency,
      }));
    },
    isEager: true,
  });
  return withBox(box, async () => {
    await box.settle();
    box.take();
    if (row && box.text === before) return null;
    const account = labels(await lookups.accounts()).find(({ label }) => same(label, box.text))?.account;
    if (!account) throw new Refusal("There is no account of that name.");
    return { set: { account: account.id }, shown: { account: account.id, account_name: account.name }, text: account.name };
  });
}

function withBox(box: Combobox, read: Editor["read"]): Editor {
  return { element: box.element, input: box.input, read, open: () => box.open() };
}
