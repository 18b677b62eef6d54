// Splitting a transaction into lines that sum to it. What is left to assign is always in sight.
import { decimalText } from "../formats";
import { button, h, hidden, icon } from "../dom";
import { createEditor, type Editor } from "./editors";
import type { Changes, Detail, Given, Line } from "./model";
import type { Register } from "./register";
import { linesSeen } from "./unsaved";

interface Entry {
  id?: string;
  element: HTMLElement;
  note: Editor;
  category: Editor;
  tags: Editor;
  amount: Editor;
}

export class SplitEditor {
  readonly element = h("section", { class: "split-editor", "aria-label": "Split" });
  #entries: Entry[] = [];
  readonly #list = h("ol", { class: "split-lines" });
  readonly #left = h("p", { class: "split-left", role: "status" });
  readonly #error = h("p", { class: "error", role: "alert", hidden: true });
  readonly #save: HTMLButtonElement;

  constructor(
    readonly detail: Detail,
    readonly register: Register,
    /** The lines to save, or null where it was given up. */
    readonly done: (given: Given | null) => void,
  ) {
    this.#save = button("Save split", "primary small", () => void this.#finish());
    for (const line of detail.lines) this.#add(line);
    if (detail.lines.length < 2) this.#add();
    this.element.append(
      h("h3", {}, "Split"),
      this.#list,
      h(
        "div",
        { class: "cluster" },
        button("Add line", "small", () => this.#addEmpty(), icon("plus")),
        this.#left,
      ),
      this.#error,
      h(
        "div",
        { class: "cluster" },
        this.#save,
        button("Cancel", "quiet small", () => this.done(null)),
      ),
    );
    this.element.addEventListener("input", () => this.#showLeft());
    this.#showLeft();
  }

  focus(): void {
    const last = this.#entries.at(-1);
    (last?.category ?? this.#entries[0]?.category)?.input.focus();
  }

  #addEmpty(): void {
    const left = this.#leftMinor();
    this.#add(left ? { amount_minor: left } : undefined);
    this.#showLeft();
    this.#entries.at(-1)?.category.input.focus();
  }

  #add(line?: Partial<Line>): void {
    const { formats, lookups } = this.register;
    const { scale } = this.detail;
    const nth = this.#entries.length + 1;
    const editor = (field: "note" | "category" | "tags" | "amount", name: string): Editor => {
      const given = line?.amount_minor === undefined ? {} : { amount_minor: line.amount_minor };
      const row = line
        ? {
            note: line.note ?? null,
            category: line.category ?? null,
            category_id: line.category_id ?? null,
            tags: line.tags ?? [],
            ...given,
          }
        : undefined;
      const made = createEditor(field, { label: `${name} of line ${nth}`, formats, lookups, scale, ...(row ? { row } : {}) });
      made.input.placeholder = name;
      made.element.classList.add(`at-${field}`);
      return made;
    };
    const entry: Entry = {
      ...(line?.id ? { id: line.id } : {}),
      element: h("li"),
      note: editor("note", "Note"),
      category: editor("category", "Category"),
      tags: editor("tags", "#tags"),
      amount: editor("amount", "Amount"),
    };
    const remove = h(
      "button",
      { type: "button", class: "btn btn-quiet btn-icon btn-small at-remove", onclick: () => this.#remove(entry) },
      icon("close"),
      hidden(`Remove line ${nth}`),
    );
    entry.element.append(entry.category.element, entry.amount.element, entry.note.element, entry.tags.element, remove);
    this.#entries.push(entry);
    this.#list.append(entry.element);
  }

  #remove(entry: Entry): void {
    if (this.#entries.length === 1) return;
    this.#entries = this.#entries.filter((other) => other !== entry);
    entry.element.remove();
    this.#showLeft();
    this.focus();
  }

  #minorOf({ amount }: Entry): number {
    return this.register.formats.parseAmount(amount.input.value, this.detail.scale) ?? 0;
  }

  #leftMinor(): number {
    return this.#entries.reduce((left, entry) => left - this.#minorOf(entry), this.detail.amount_minor);
  }

  #showLeft(): void {
    const left = this.#leftMinor();
    const { formats } = this.register;
    this.#left.textContent = left === 0 ? "All of it is assigned." : `Left to assign: ${formats.amount(left, this.detail.scale)}`;
    this.#left.classList.toggle("is-act", left !== 0);
    this.#save.disabled = left !== 0;
  }

  async #finish(): Promise<void> {
    try {
      const lines: NonNullable<Changes["lines"]> = [];
      for (const entry of this.#entries) lines.push(await this.#read(entry));
      const first = lines[0];
      this.done({
        set: { lines },
        shown: { lines: lines.length, ...(first && lines.length === 1 ? { note: first.note, tags: first.tags } : {}) },
        text: lines.length > 1 ? `split in ${lines.length}` : "not split",
        seen: linesSeen(this.detail),
      });
    } catch (error) {
      this.#error.textContent = error instanceof Error ? error.message : String(error);
      this.#error.hidden = false;
    }
  }

  async #read(entry: Entry): Promise<NonNullable<Changes["lines"]>[number]> {
    const before = this.detail.lines.find(({ id }) => id !== undefined && id === entry.id);
    const note = (await entry.note.read())?.set.note;
    const category = (await entry.category.read())?.set.category_id;
    const tags = (await entry.tags.read())?.set.tags;
    return {
      ...(entry.id ? { id: entry.id } : {}),
      amount: decimalText(this.#minorOf(entry), this.detail.scale),
      note: note === undefined ? (before?.note ?? null) : note,
      category_id: category === undefined ? (before?.category_id ?? null) : category,
      tags: tags ?? before?.tags ?? [],
    };
  }
}
