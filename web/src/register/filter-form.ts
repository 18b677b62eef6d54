// The filter's fields. Each acts at once: what it finds is seen beside it.
import { decimalText } from "../formats";
import { Combobox, type Option } from "./combobox";
import { h } from "../dom";
import { labels, turnDay } from "./editors";
import { DIRECTIONS, STATES } from "./filter-words";
import { folded } from "./lookups";
import type { Filter } from "./query";
import type { Register } from "./register";

const ACCOUNTS_OFFERED = 40;

type Reads = (text: string) => string | undefined;

export class FilterForm {
  readonly element = h("div", { class: "menu-list filter-form", role: "group", "aria-label": "Filter" });
  #fields = new Map<Filter, { element: HTMLElement; show(value: string | undefined): void }>();

  constructor(readonly register: Register) {
    const { formats, scale } = register;
    const day: Reads = (text) => formats.parseDay(text);
    const amount: Reads = (text) => {
      const minor = formats.parseAmount(text, scale);
      return minor === undefined ? undefined : decimalText(Math.abs(minor), scale);
    };
    const figure = (value: string): string => formats.typedAmount(Math.round(Number(value) * 10 ** scale), scale);
    // The page of one account has nothing to choose here.
    if (register.query.account === null) this.element.append(this.#combobox("account", "Account", (text) => this.#accounts(text)));
    this.element.append(
      this.#text("from", "From", day, (value) => formats.fullDay(value)),
      this.#text("to", "Up to", day, (value) => formats.fullDay(value)),
      this.#text("min", "At least", amount, figure),
      this.#text("max", "At most", amount, figure),
      this.#combobox("category", "Category", (text) => this.#categories(text)),
      this.#combobox("payee", "Payee", (text) => this.#payees(text)),
      this.#combobox("tag", "Tag", (text) => this.#tags(text)),
      this.#select("direction", "In or out", DIRECTIONS),
      this.#select("state", "State", STATES),
      h("div", { class: "filter-marks" }, this.#box("new", "New"), this.#box("edited", "Edited")),
    );
  }

  show(): void {
    const { filters } = this.register.query;
    for (const [name, field] of this.#fields) {
      if (!field.element.contains(document.activeElement)) field.show(filters[name]);
    }
  }

  focus(): void {
    this.element.querySelector("input")?.focus();
  }

  #labelled(title: string, field: HTMLElement): HTMLElement {
    return h("label", { class: "filter-field" }, h("span", {}, title), field);
  }

  #text(name: Filter, title: string, read: Reads, write: (value: string) => string): HTMLElement {
    const input = h("input", {
      class: "input",
      type: "text",
      autocomplete: "off",
      inputmode: name === "min" || name === "max" ? "decimal" : "text",
    });
    const isDay = name === "from" || name === "to";
    const act = (): void => {
      const value = read(input.value);
      const isWrong = input.value.trim() !== "" && value === undefined;
      input.setAttribute("aria-invalid", String(isWrong));
      if (!isWrong) this.register.filter(name, value);
    };
    input.addEventListener("change", act);
    if (isDay) input.addEventListener("keydown", (event) => turnDay(event, input, this.register.formats));
    input.placeholder = isDay ? this.register.formats.fullDay(this.register.formats.today) : "";
    const show = (value: string | undefined): void => {
      input.value = value ? write(value) : "";
      input.removeAttribute("aria-invalid");
    };
    this.#fields.set(name, { element: input, show });
    return this.#labelled(title, input);
  }

  #select(name: Filter, title: string, choices: [string, string][]): HTMLElement {
    const select = h(
      "select",
      {},
      h("option", { value: "" }, "Any"),
      ...choices.map(([value, word]) => h("option", { value }, word)),
    );
    select.addEventListener("change", () => this.register.filter(name, select.value || undefined));
    this.#fields.set(name, { element: select, show: (value) => (select.value = value ?? "") });
    return this.#labelled(title, select);
  }

  #box(name: Filter, title: string): HTMLElement {
    const box = h("input", { type: "checkbox" });
    box.addEventListener("change", () => this.register.filter(name, box.checked ? "true" : undefined));
    this.#fields.set(name, { element: box, show: (value) => (box.checked = value === "true") });
    return h("label", { class: "choice" }, box, title);
  }

  #combobox(name: Filter, title: string, load: (text: string) => Promise<Option[]>): HTMLElement {
    const pick = ({ id, text }: Option): void => {
      if (!id) return;
      this.register.names.learn(id, text);
      this.register.filter(name, id);
    };
    const box = new Combobox({ label: title, value: "", load, isEager: true, picked: pick });
    // Enter and leaving the field come before the suggestions where somebody types fast.
    const settle = async (): Promise<void> => {
      if (box.text === "") return this.register.filter(name, undefined);
      await box.settle();
      const { chosen } = box;
      if (chosen && chosen.id !== this.register.query.filters[name]) box.take(chosen);
    };
    box.input.addEventListener("change", () => void settle());
    const { names } = this.register;
    const show = (value: string | undefined): void => {
      box.input.value = value === undefined ? "" : value === "none" ? "No category" : (names.of(value) ?? "");
    };
    this.#fields.set(name, { element: box.element, show });
    return h("div", { class: "filter-field" }, h("span", { "aria-hidden": "true" }, title), box.element);
  }

  /** Of hundreds, as many as a list shows; typing narrows them, also by where they belong. */
  async #accounts(text: string): Promise<Option[]> {
    const wanted = folded(text).split(/\s+/).filter(Boolean);
    const fits = (path: string): boolean => wanted.every((word) => folded(path).includes(word));
    const accounts = labels(await this.register.lookups.accounts());
    const found = accounts.filter(({ account, label }) => fits(`${label} ${account.asset_path ?? ""} ${account.currency}`));
    return found.slice(0, ACCOUNTS_OFFERED).map(({ account, label }) => {
      const { id, currency, asset_path: path } = account;
      return { id, text: label, detail: path && !label.startsWith(path) ? `${path} · ${currency}` : currency };
    });
  }

  async #categories(text: string): Promise<Option[]> {
    const found = (await this.register.lookups.categories()).filter(({ path }) => folded(path).includes(folded(text)));
    const none: Option = { id: "none", text: "No category" };
    return [...(folded(none.text).includes(folded(text)) ? [none] : []), ...found.map(({ id, path }) => ({ id, text: path }))];
  }

  async #payees(text: string): Promise<Option[]> {
    return (await this.register.lookups.payees(text)).map(({ id, name }) => ({ id, text: name }));
  }

  async #tags(text: string): Promise<Option[]> {
    const wanted = folded(text.replace(/^#/, ""));
    return (await this.register.lookups.tags())
      .filter(({ name }) => folded(name).includes(wanted))
      .map(({ id, name }) => ({ id, text: name }));
  }
}
