// The palette: one field that finds accounts, pages, payees, categories, and what can be done. A combobox with a list, in a dialog.
import { h, icon, openDialog } from "./dom";
import { fit, fold } from "./fuzzy";
import { openHelp } from "./help";
import { isPrivate, togglePrivacy } from "./privacy";
import { caps } from "./shortcuts";

/** What the server offers (`pages/palette.rs`). */
interface Offer {
  group: string;
  label: string;
  /** What else it is found by, and what stands beside it. */
  hint: string;
  icon: string;
  url: string;
  /** Whether the address is posted to. */
  is_post: boolean;
  /** Whether it stands there before anything is typed. */
  is_first: boolean;
}

interface Entry extends Omit<Offer, "url" | "is_post"> {
  keys?: string;
  /** The hint is a figure. */
  isFigure?: boolean;
  act: () => void;
}

interface Named {
  id: string;
  name?: string;
  path?: string;
}

/** More would not be read. */
const AT_MOST = 40;
const PER_GROUP = 12;
const ASK_AFTER_MS = 150;

export function openPalette(): void {
  const opener = document.querySelector<HTMLElement>("[data-palette]");
  if (!opener || document.querySelector("dialog:modal")) return;
  new Palette(opener.dataset.palette ?? "", opener.dataset.api ?? "", opener.dataset.register ?? "").open();
}

class Palette {
  readonly #list = h("div", { role: "listbox", id: "palette-list", class: "palette-list", "aria-label": "Found" });
  readonly #said = h("p", { class: "vh", role: "status" });
  readonly #none = h("p", { class: "palette-none" });
  readonly #input = h("input", {
    class: "input", type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", placeholder: "Account, page, payee, or what to do",
    "aria-label": "Find anything", "aria-expanded": "true", "aria-controls": "palette-list", "aria-autocomplete": "list",
  });
  readonly #dialog = h(
    "dialog",
    { class: "palette", "aria-label": "Find anything" },
    h("div", { class: "palette-head" }, icon("search"), this.#input, this.#close()),
    this.#said,
    this.#list,
    this.#none,
    h("p", { class: "palette-foot", "aria-hidden": "true" }, h("kbd", {}, "↑"), h("kbd", {}, "↓"), " choose ", h("kbd", {}, "Enter"), " go ", h("kbd", {}, "Esc"), " close"),
  );
  #entries: Entry[] = [];
  #categories: Entry[] = [];
  #payees: Entry[] = [];
  #shown: Entry[] = [];
  #active = 0;
  #timer = 0;
  #isLoading = true;
  /** Whether somebody who types fast has pressed Enter already. */
  #goesOnceLoaded = false;

  constructor(
    readonly offers: string,
    readonly api: string,
    readonly register: string,
  ) {}

  open(): void {
    this.#entries = ofThisPage();
    this.#input.addEventListener("input", () => this.#search());
    this.#input.addEventListener("keydown", (event) => this.#press(event));
    this.#list.addEventListener("click", (event) => this.#click(event));
    this.#list.addEventListener("pointermove", (event) => this.#point(event));
    openDialog(this.#dialog);
    this.#input.focus();
    this.#show();
    void this.#load();
  }

  #close(): HTMLButtonElement {
    const button = h("button", { class: "btn btn-quiet btn-icon", type: "button", "aria-label": "Close" }, icon("close"));
    button.addEventListener("click", () => this.#dialog.close());
    return button;
  }

  async #load(): Promise<void> {
    const [offers, categories] = await Promise.all([ask<Offer[]>(this.offers), ask<Named[]>(`${this.api}/categories`)]);
    // What the page itself does comes last, as do the server's actions.
    this.#entries = [...(offers ?? []).map(ofServer), ...this.#entries];
    this.#categories = (categories ?? []).map((category) => this.#filtered("Categories", "category", "filter", category));
    this.#isLoading = false;
    this.#show();
    if (this.#goesOnceLoaded) this.#go(this.#active);
  }

  /** An entry that shows the transactions of a payee or category. */
  #filtered(group: string, field: string, shape: string, named: Named): Entry {
    const url = `${this.register}?${new URLSearchParams({ [field]: named.id })}`;
    return { group, label: named.path ?? named.name ?? "", hint: "transactions", icon: shape, is_first: false, act: () => location.assign(url) };
  }

  #search(): void {
    // Another text is another question: its first answer is the one.
    this.#wasMoved = false;
    this.#goesOnceLoaded = false;
    this.#show();
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#askForPayees(), ASK_AFTER_MS);
  }

  async #askForPayees(): Promise<void> {
    const wanted = this.#input.value.trim();
    const payees = wanted === "" ? [] : await ask<Named[]>(`${this.api}/payees?${new URLSearchParams({ search: wanted, limit: "8" })}`);
    // What was typed meanwhile asks for itself.
    if (wanted !== this.#input.value.trim()) return;
    this.#payees = (payees ?? []).map((payee) => this.#filtered("Payees", "payee", "pen", payee));
    this.#show();
  }

  #show(): void {
    const chosen = this.#shown[this.#active];
    this.#shown = found(this.#input.value, [...this.#entries, ...this.#categories, ...this.#payees]);
    const kept = this.#shown.findIndex((entry) => entry.label === chosen?.label && entry.group === chosen.group);
    this.#list.replaceChildren(...this.#groups());
    this.#none.textContent = this.#shown.length === 0 ? `Nothing is called “${this.#input.value}”.` : "";
    this.#list.hidden = this.#shown.length === 0;
    this.#said.textContent = this.#shown.length === 0 ? this.#none.textContent : `${this.#shown.length} found`;
    this.#choose(this.#wasMoved && kept >= 0 ? kept : 0);
  }

  /** Whether the person has chosen another entry than the first: what arrives later must not take it from under them. */
  #wasMoved = false;

  #groups(): HTMLElement[] {
    const groups = new Map<string, HTMLElement>();
    this.#shown.forEach((entry, index) => {
      let group = groups.get(entry.group);
      if (!group) {
        group = h("div", { role: "group", "aria-label": entry.group }, h("div", { class: "palette-group", "aria-hidden": "true" }, entry.group));
        groups.set(entry.group, group);
      }
      group.append(option(entry, index));
    });
    return [...groups.values()];
  }

  #choose(index: number): void {
    this.#active = index;
    for (const each of this.#list.querySelectorAll('[role="option"]')) {
      const isIt = each.id === `palette-${index}`;
      each.setAttribute("aria-selected", String(isIt));
      if (isIt) each.scrollIntoView({ block: "nearest" });
    }
    if (this.#shown.length === 0) this.#input.removeAttribute("aria-activedescendant");
    else this.#input.setAttribute("aria-activedescendant", `palette-${index}`);
  }

  #press(event: KeyboardEvent): void {
    const last = this.#shown.length - 1;
    const to: Record<string, number> = {
      ArrowDown: this.#active === last ? 0 : this.#active + 1,
      ArrowUp: this.#active === 0 ? last : this.#active - 1,
      PageDown: Math.min(this.#active + 8, last),
      PageUp: Math.max(this.#active - 8, 0),
    };
    const index = to[event.key];
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      if (this.#isLoading) this.#goesOnceLoaded = true;
      else this.#go(this.#active);
    } else if (index !== undefined && last >= 0) {
      event.preventDefault();
      this.#wasMoved = true;
      this.#choose(index);
    }
  }

  #click(event: Event): void {
    const index = indexOf(event.target);
    if (index !== undefined) this.#go(index);
  }

  #point(event: PointerEvent): void {
    const index = indexOf(event.target);
    if (index === undefined || index === this.#active) return;
    this.#wasMoved = true;
    this.#choose(index);
  }

  #go(index: number): void {
    const entry = this.#shown[index];
    if (!entry) return;
    this.#dialog.close();
    entry.act();
  }
}

function option(entry: Entry, index: number): HTMLElement {
  const keys = entry.keys ? caps(entry.keys).map((cap) => h("kbd", {}, cap)) : [];
  const hint = h("span", { class: entry.isFigure ? "palette-hint num" : "palette-hint" }, entry.hint);
  return h(
    "div",
    { role: "option", id: `palette-${index}`, class: "palette-option", "aria-selected": "false" },
    icon(entry.icon),
    h("span", { class: "palette-label" }, entry.label),
    hint,
    ...(keys.length > 0 ? [h("span", { class: "nowrap" }, ...keys)] : []),
  );
}

function indexOf(target: EventTarget | null): number | undefined {
  const id = target instanceof Element ? target.closest('[role="option"]')?.id : undefined;
  return id === undefined ? undefined : Number(id.replace("palette-", ""));
}

/** The best of each group. The groups stand in the order of their best entry; before anything is typed in the order in which they came. */
function found(typed: string, entries: Entry[]): Entry[] {
  const wanted = fold(typed.trim());
  const groups = new Map<string, { entry: Entry; score: number }[]>();
  for (const entry of entries) {
    if (wanted === "" && !entry.is_first) continue;
    // A payee was found by the server, which knows more of its names.
    const score = entry.group === "Payees" ? 1 : Math.max(fit(wanted, fold(entry.label)), fit(wanted, fold(`${entry.label} ${entry.hint}`)) - 1);
    if (score <= 0) continue;
    const group = groups.get(entry.group);
    if (group) group.push({ entry, score });
    else groups.set(entry.group, [{ entry, score }]);
  }
  const ranked = [...groups.values()];
  if (wanted !== "") {
    for (const group of ranked) group.sort((a, b) => b.score - a.score);
    ranked.sort((a, b) => (b[0]?.score ?? 0) - (a[0]?.score ?? 0));
  }
  return ranked.flatMap((group) => group.slice(0, PER_GROUP).map(({ entry }) => entry)).slice(0, AT_MOST);
}

function ofServer({ url, is_post, ...offer }: Offer): Entry {
  return { ...offer, isFigure: offer.group === "Accounts", act: is_post ? () => post(url) : () => location.assign(url) };
}

/** What is done by the page, without the server. */
function ofThisPage(): Entry[] {
  const entry = (label: string, shape: string, act: () => void, keys?: string): Entry => ({
    group: "Do", label, hint: "", icon: shape, is_first: true, act, ...(keys ? { keys } : {}),
  });
  const entries = [
    entry(isPrivate() ? "Show figures" : "Hide figures", "eye", togglePrivacy, "Mod+Shift+P"),
    entry("Keyboard shortcuts", "help", openHelp, "?"),
  ];
  // The register of one account offers to reconcile it.
  const register = document.querySelector<HTMLElement & { reconcile?: { begin(): void } }>("bankside-register[data-account][data-may-edit]");
  const reconcile = register?.reconcile;
  if (reconcile) entries.unshift(entry(`Reconcile ${register.dataset.accountName ?? "this account"}`, "lock", () => reconcile.begin()));
  return entries;
}

function post(url: string): void {
  const form = h("form", { method: "post", action: url });
  document.body.append(form);
  form.submit();
}

/** What an address answers; nothing where it does not answer. */
async function ask<T>(url: string): Promise<T | undefined> {
  try {
    const answer = await fetch(url, { headers: { accept: "application/json" } });
    return answer.ok ? ((await answer.json()) as T) : undefined;
  } catch {
    return undefined;
  }
}

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-palette]")) openPalette();
});
