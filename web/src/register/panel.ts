// The panel of one transaction: every field with where it comes from, what the bank sent, and what has happened to it. Beside
// the grid where there is room, from the foot of the screen on a phone.
import { asProblem } from "../api";
import { button, h, hidden, icon } from "../dom";
import { createEditor, type Editor } from "./editors";
import { type Detail, type Field, type Given, type Origin, type Row, rowOf, stateOf, whyAmountStands } from "./model";
import { bankRows, happenings } from "./panel-parts";
import type { Register } from "./register";
import { SplitEditor } from "./split";
import { readable } from "./unsaved";

const FIELDS: [Field, string][] = [
  ["payee", "Payee"],
  ["date", "Date"],
  ["amount", "Amount"],
  ["account", "Account"],
  ["category", "Category"],
  ["note", "Note"],
  ["tags", "Tags"],
];

interface OpenOptions {
  /** Begin with this field. */
  field?: Field;
  /** Begin with the lines. */
  split?: boolean;
}

export class Panel {
  readonly element = h("dialog", { class: "panel", "aria-labelledby": "panel-title" });
  #detail: Detail | null = null;
  #wanted: string | null = null;
  #editing: { field: Field; editor: Editor } | null = null;
  #split: SplitEditor | null = null;

  constructor(readonly register: Register) {
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    this.element.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
    this.element.addEventListener("click", (event) => {
      // On a phone the rest of the screen is behind the sheet: a tap there closes it.
      if (event.target === this.element && this.register.isNarrow) this.close();
    });
  }

  get isOpen(): boolean {
    return this.element.open;
  }

  async open(id: string, { field, split = false }: OpenOptions = {}): Promise<void> {
    this.#wanted = id;
    this.#leaveEditors();
    try {
      const detail = await this.register.api.get<Detail>(`transactions/${id}`);
      if (this.#wanted !== id) return;
      this.#detail = detail;
    } catch (error) {
      if (this.#wanted === id) this.#fail(asProblem(error).message);
      return;
    }
    this.#render();
    this.#present();
    if (split) this.#openSplit();
    else if (field) this.#edit(field);
    else this.element.querySelector<HTMLElement>("h2")?.focus();
  }

  /** Somebody walks through the rows beside it. */
  followFocus(id: string): void {
    if (!this.isOpen || this.register.isNarrow || this.#wanted === id || this.#isBusy) return;
    this.#wanted = id;
    void this.register.api.get<Detail>(`transactions/${id}`).then(
      (detail) => {
        if (this.#wanted !== id || this.#isBusy) return;
        this.#detail = detail;
        this.#render();
      },
      () => undefined,
    );
  }

  /** The row was saved. */
  follow(detail: Detail): void {
    if (!this.isOpen || this.#detail?.id !== detail.id) return;
    this.#detail = detail;
    if (!this.#isBusy) this.#render();
  }

  /** Something has changed; it may have been this. */
  async renew(): Promise<void> {
    const id = this.#detail?.id;
    if (!this.isOpen || !id || this.#isBusy) return;
    try {
      this.follow(await this.register.api.get<Detail>(`transactions/${id}`));
    } catch (error) {
      // What is gone cannot be shown; what only did not come stays as it was.
      if (asProblem(error).status === 404 && this.#detail?.id === id) this.close();
    }
  }

  close(): void {
    if (!this.isOpen) return;
    this.#wanted = null;
    this.#leaveEditors();
    this.element.close();
    this.makeWay(false);
    this.register.grid.activate(this.register.grid.active.position);
  }

  /** Whether the page leaves the panel its place. */
  makeWay(isWanted: boolean): void {
    document.documentElement.classList.toggle("has-panel", isWanted);
  }

  get #isBusy(): boolean {
    return this.#editing !== null || this.#split !== null;
  }

  #present(): void {
    if (this.isOpen) return;
    // Beside the grid it leaves the grid usable; over it, it does not.
    if (this.register.isNarrow) this.element.showModal();
    else this.element.show();
    this.makeWay(!this.register.isNarrow);
  }

  #fail(says: string): void {
    this.element.replaceChildren(
      h(
        "div",
        { class: "dialog-head" },
        h("h2", { id: "panel-title", tabindex: -1 }, "Not available"),
        h("span", { class: "push" }),
        this.#closeButton(),
      ),
      h("div", { class: "dialog-body" }, h("p", {}, says)),
    );
    this.#present();
  }

  #render(): void {
    const detail = this.#detail;
    if (!detail) return;
    const { formats, home } = this.register;
    const row = this.register.unsaved.over(rowOf(detail));
    const hadFocus = this.element.contains(document.activeElement);
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.keep : undefined;
    const state = stateOf(row);
    const figure = `${row.currency === home ? "" : `${row.currency} `}${formats.signed(row.amount_minor, row.scale)}`;
    const head = h(
      "div",
      { class: "dialog-head" },
      h(
        "div",
        { class: "grow" },
        h("h2", { id: "panel-title", tabindex: -1 }, row.payee ?? "No payee"),
        h(
          "p",
          { class: "panel-sum" },
          h("b", { class: `num${row.amount_minor > 0 ? " in" : ""}` }, figure),
          h("span", { class: "status is-off" }, icon(state.icon), state.word),
          row.is_new ? h("span", { class: "tag is-new" }, "new") : null,
        ),
      ),
      this.#closeButton(),
    );
    const body = h("div", { class: "dialog-body", tabindex: 0, role: "region", "aria-label": "Details" });
    body.append(
      this.#fields(row, detail),
      this.#lines(detail),
      ...this.register.transfers.section(row, detail),
      ...bankRows(detail, formats),
      ...happenings(detail, this.register),
    );
    this.element.replaceChildren(head, body, ...(this.register.mayEdit ? [this.#foot(row)] : []));
    // What had the focus is gone; its successor gets it, or the title, so that the keys still reach the panel.
    if (hadFocus) this.element.querySelector<HTMLElement>(focused ? `[data-keep="${focused}"]` : "h2")?.focus();
  }

  #closeButton(): HTMLElement {
    return h(
      "button",
      { type: "button", class: "btn btn-quiet btn-icon", "aria-label": "Close", onclick: () => this.close() },
      icon("close"),
    );
  }

  #fields(row: Row, detail: Detail): HTMLElement {
    const list = h("dl", { class: "panel-fields" });
    const isSplit = detail.lines.length > 1;
    for (const [field, title] of FIELDS) {
      if (isSplit && ["category", "note", "tags"].includes(field)) continue;
      list.append(this.#field(field, title, row, detail));
    }
    const days = [
      ["Booked", detail.booked_on],
      ["Value date", detail.value_on],
    ] as const;
    for (const [title, day] of days) {
      if (day && day !== detail.date)
        list.append(h("div", {}, h("dt", {}, title), h("dd", {}, this.register.formats.fullDay(day))));
    }
    return list;
  }

  #field(field: Field, title: string, row: Row, detail: Detail): HTMLElement {
    const { formats, mayEdit } = this.register;
    const text =
      field === "date"
        ? formats.fullDay(row.date)
        : field === "amount"
          ? formats.signed(row.amount_minor, row.scale)
          : readable(field, row);
    const origin = detail.origins.find((known) => known.field === field);
    const why = field === "amount" ? whyAmountStands(row) : null;
    const edit =
      mayEdit && !why
        ? h(
            "button",
            {
              type: "button",
              class: "btn btn-quiet btn-icon btn-small",
              "data-keep": `edit-${field}`,
              onclick: () => this.#edit(field),
            },
            icon("pen"),
            hidden(`Edit ${title.toLowerCase()}`),
          )
        : null;
    return h(
      "div",
      { "data-field": field },
      h("dt", {}, title),
      h(
        "dd",
        {},
        h("span", { class: valueClass(field, text) }, text || "Blank"),
        edit,
        ...this.#origin(field, origin, row),
        why ? h("small", {}, why) : null,
      ),
    );
  }

  #origin(field: Field, origin: Origin | undefined, row: Row): Node[] {
    if (!origin || origin.layer === "none") return [];
    const { formats, mayEdit } = this.register;
    const bank = origin.bank === null ? null : field === "date" ? formats.fullDay(origin.bank) : origin.bank;
    const whose = { bank: "From the bank.", rule: origin.rule ? `The rule “${origin.rule}” set this.` : "A rule set this.", person: "You or a colleague wrote this." }[origin.layer];
    const isOther = bank !== null && !origin.bank_shown && origin.layer !== "bank";
    const said = h("small", {}, isOther ? `${whose} The bank says: “${bank}”` : whose);
    const back = bankValue(field, origin.bank);
    if (!isOther || !back || !mayEdit) return [said];
    const use = button("Use the bank’s", "quiet small", () => void this.register.unsaved.save(row, field, back));
    return [said, use];
  }

  #edit(field: Field): void {
    const detail = this.#detail;
    const place = this.element.querySelector(`[data-field="${field}"] dd`);
    if (!detail || !place) return;
    this.#leaveEditors();
    const row = this.register.unsaved.over(rowOf(detail));
    const { formats, lookups } = this.register;
    const waiting = this.register.unsaved.of(row.id, field);
    const typed = waiting?.standing.kind === "refused" ? { typed: waiting.given.text } : {};
    const editor = createEditor(field, { label: field, formats, lookups, row, scale: row.scale, ...typed });
    this.#editing = { field, editor };
    const error = h("p", { class: "error", role: "alert", hidden: true });
    const save = (): void => void this.#saveField(row, error);
    const cancel = (): void => {
      this.#editing = null;
      this.#render();
      this.element.querySelector<HTMLElement>(`[data-keep="edit-${field}"]`)?.focus();
    };
    place.replaceChildren(
      editor.element,
      h("div", { class: "cluster" }, button("Save", "primary small", save), button("Cancel", "quiet small", cancel)),
      error,
    );
    place.addEventListener("keydown", (event) => {
      if (!(event instanceof KeyboardEvent) || event.target !== editor.input) return;
      if (event.key === "Enter") save();
      else if (event.key === "Escape") cancel();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    editor.input.focus();
    editor.input.select();
    editor.open?.();
  }

  async #saveField(row: Row, error: HTMLElement): Promise<void> {
    const open = this.#editing;
    if (!open) return;
    try {
      const given = await open.editor.read();
      this.#editing = null;
      if (given) void this.register.unsaved.save(row, open.field, given);
      this.#render();
      this.element.querySelector<HTMLElement>(`[data-keep="edit-${open.field}"]`)?.focus();
    } catch (refusal) {
      error.textContent = asProblem(refusal).message;
      error.hidden = false;
      open.editor.input.setAttribute("aria-invalid", "true");
      open.editor.input.focus();
    }
  }

  #lines(detail: Detail): HTMLElement {
    const { formats, mayEdit } = this.register;
    const isSplit = detail.lines.length > 1;
    const section = h("section", { class: "panel-lines" });
    if (isSplit) {
      section.append(h("h3", {}, `Split in ${detail.lines.length}`));
      const list = h("ul", { class: "lines" });
      for (const line of detail.lines) {
        const tags = line.tags.map((tag) => h("span", { class: "tag" }, `#${tag}`));
        const says = h("span", { class: "grow" }, line.category ?? "No category", h("small", {}, line.note ?? "", ...tags));
        list.append(h("li", {}, says, h("span", { class: "num" }, formats.amount(line.amount_minor, detail.scale))));
      }
      section.append(list);
    }
    if (mayEdit) section.append(button(isSplit ? "Change the split" : "Split", "small", () => this.#openSplit(), icon("split")));
    return section;
  }

  #openSplit(): void {
    const detail = this.#detail;
    const place = this.element.querySelector(".panel-lines");
    if (!detail || !place || !this.register.mayEdit) return;
    this.#leaveEditors();
    const split = new SplitEditor(detail, this.register, (given) => {
      this.#split = null;
      if (given) void this.register.unsaved.save(rowOf(detail), "lines", given);
      this.#render();
    });
    this.#split = split;
    place.replaceWith(split.element);
    split.focus();
  }

  #foot(row: Row): HTMLElement {
    const { register } = this;
    const reviewed: Given = { set: { is_reviewed: true }, shown: { is_new: false }, text: "reviewed" };
    const remove = async (): Promise<void> => {
      this.close();
      await register.bulk.delete(row);
    };
    return h(
      "div",
      { class: "dialog-foot" },
      row.is_new ? button("Reviewed", "small", () => void register.unsaved.save(row, "cleared", reviewed), icon("check")) : null,
      row.is_from_bank
        ? null
        : button(row.is_cleared ? "Not cleared" : "Cleared", "small", () => register.acts.setCleared(row), icon("check")),
      button("Duplicate", "small", () => void register.bulk.duplicate([row.id])),
      row.transfer?.state === "linked" || !["booked", "pending"].includes(row.status)
        ? null
        : button("Make a transfer…", "small", () => register.transfers.choose(row), icon("swap")),
      this.#always(row),
      h("span", { class: "push" }),
      button("Delete", "danger small", () => void remove()),
    );
  }

  /** Leads to a rule that says of all rows like this one what was said of it. */
  #always(row: Row): HTMLElement | null {
    const rules = this.register.dataset.rules;
    if (!rules) return null;
    const what = row.payee ? `Always for ${row.payee.length > 24 ? `${row.payee.slice(0, 23)}…` : row.payee} …` : "Always for rows like this …";
    return h("a", { class: "btn btn-small", href: `${rules}?like=${encodeURIComponent(row.id)}` }, what);
  }

  #leaveEditors(): void {
    this.#editing = null;
    this.#split = null;
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === "Escape" && !event.defaultPrevented) {
      event.preventDefault();
      event.stopPropagation();
      if (this.#isBusy) {
        this.#leaveEditors();
        this.#render();
        this.element.querySelector<HTMLElement>("h2")?.focus();
      } else this.close();
    }
  }
}

function valueClass(field: Field, text: string): string {
  return `value${field === "amount" ? " num" : ""}${text ? "" : " is-blank"}`;
}

/** What sends a field back to the bank's words. */
function bankValue(field: Field, bank: string | null): Given | null {
  if (bank === null) return null;
  if (field === "payee") return { set: { payee: bank }, shown: { payee: bank }, text: bank };
  if (field === "note") return { set: { note: bank }, shown: { note: bank }, text: bank };
  if (field === "date") return { set: { date: bank }, shown: { date: bank }, text: bank };
  return null;
}
