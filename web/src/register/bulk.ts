// What is done with the selected rows at once: the bar at the foot of the table, and the calls behind it.
import { asProblem, type Problem } from "../api";
import { ask } from "./confirm";
import { append, button, h, icon, plural } from "../dom";
import { createEditor, type Editor } from "./editors";
import { type Changes, type Field, FIELD_NAMES, type Row } from "./model";
import type { Register } from "./register";
import { toast } from "../toast";

interface Outcome {
  batch: string | null;
  changed: number;
  left?: number;
  /** Why the first of those was left. */
  why?: string | null;
}

/** Which rows, as the API takes it. */
type Which = { ids: string[] } | { filter: Record<string, string | boolean> };

/** More than so many the server does not change at once, and says so. */
const MOST_AT_ONCE = 20_000;

const RECONCILED = {
  one: "It is reconciled: it agrees with a statement. ",
  some: "Some of them are reconciled: they agree with a statement. ",
};

export const BULK_FIELDS: { field: Field; title: string; key: string }[] = [
  { field: "category", title: "Category", key: "C" },
  { field: "payee", title: "Payee", key: "P" },
  { field: "note", title: "Note", key: "N" },
  { field: "date", title: "Date", key: "E" },
  { field: "tags", title: "Add tags", key: "" },
];

export class Bulk {
  readonly element = h("div", { class: "bulk", role: "toolbar", "aria-label": "With the selected rows", hidden: true });
  #editing: { field: Field; editor: Editor } | null = null;

  constructor(readonly register: Register) {
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
  }

  show(): void {
    const { selection } = this.register;
    const { count } = selection;
    this.element.hidden = count === 0 || !this.register.mayEdit;
    if (count === 0) this.#editing = null;
    if (this.element.hidden || this.#editing) return;
    this.element.replaceChildren();
    append(this.element, [...this.#summary(), h("span", { class: "push" }), ...this.#verbs(), this.#clearButton()]);
  }

  /** Opens the field for all selected rows. */
  edit(field: Field): void {
    const { register } = this;
    const title = FIELD_NAMES[field] ?? field;
    const editor = createEditor(field, {
      label: `${title} of ${this.#rows()}`,
      formats: register.formats,
      lookups: register.lookups,
      scale: register.scale,
    });
    this.#editing = { field, editor };
    const label = h("label", { class: "bulk-field" }, `${title.charAt(0).toUpperCase()}${title.slice(1)}`, editor.element);
    this.element.hidden = false;
    this.element.replaceChildren(
      ...this.#summary(),
      label,
      button(`Set for ${this.register.formats.count(register.selection.count)}`, "small", () => void this.#apply()),
      button("Cancel", "small", () => this.#leave()),
    );
    editor.input.focus();
    editor.open?.();
  }

  /** Ticks what a person typed; ticked rows only lose their tick when all of them have one. */
  async toggleCleared(): Promise<void> {
    const { selection, cache } = this.register;
    const ids = new Set(selection.ids);
    const known = [...cache.rows()].filter((row) => selection.isAll || ids.has(row.id));
    const is_cleared = known.some((row) => !row.is_cleared) || known.length === 0;
    await this.#set({ is_cleared }, is_cleared ? "Cleared" : "No longer cleared");
  }

  /** Copies the selection, or these alone. */
  async duplicate(ids?: string[]): Promise<void> {
    const which: Which = ids ? { ids } : this.#which();
    const count = ids?.length ?? this.register.selection.count;
    if (!ids && this.register.selection.isAll) {
      const isSure = await ask({
        title: `Duplicate ${this.#many(count)}?`,
        text: "Each comes once more, as a row that you typed, of the same day and account. You can undo it.",
        yes: `Duplicate ${this.register.formats.count(count)}`,
      });
      if (!isSure) return;
    }
    await this.#run(async () => {
      const outcome = await this.register.api.post<Outcome>("transactions/duplicate", which);
      this.#told(`${this.#many(outcome.changed)} duplicated.`, outcome);
    });
  }

  /** Deletes the selection, or one row. */
  async delete(row?: Row): Promise<void> {
    const { selection } = this.register;
    const count = row ? 1 : selection.count;
    const isLocked = row ? row.is_reconciled : selection.hasReconciled;
    if (count > 1 || isLocked) {
      const isSure = await ask({
        title: count === 1 ? "Delete this transaction?" : `Delete ${this.#many(count)}?`,
        text: `${isLocked ? RECONCILED[count === 1 ? "one" : "some"] : ""}A sync will not bring ${count === 1 ? "it" : "them"} back. You can undo it.`,
        yes: count === 1 ? "Delete" : `Delete ${this.register.formats.count(count)}`,
        isDestroying: true,
      });
      if (!isSure) return;
    }
    const which: Which = row ? { ids: [row.id] } : this.#which();
    await this.#run(async () => {
      const outcome = await this.#post("transactions/delete", which, isLocked);
      if (!row) selection.clear();
      this.#told(`${this.#many(outcome.changed)} deleted.`, outcome);
    });
  }

  async #apply(): Promise<void> {
    const open = this.#editing;
    if (!open) return;
    try {
      const given = await open.editor.read();
      if (!given) return;
      const text = given.text === "" ? "blank" : `“${given.text}”`;
      const set = given.set.tags ? { add_tags: given.set.tags } : given.set;
      this.#editing = null;
      await this.#set(set, `${FIELD_NAMES[open.field] ?? open.field} ${text}`, open);
    } catch (error) {
      toast(asProblem(error).message);
      open.editor.input.focus();
    }
  }

  async #set(set: Changes, says: string, open?: { field: Field; editor: Editor }): Promise<void> {
    const isDone = await this.#run(async () => {
      const outcome = await this.#post("transactions/edit", this.#which(), false, set);
      this.#told(`${says}: ${this.#many(outcome.changed)}.`, outcome);
    });
    if (!isDone && open) {
      // What was typed stays in its field.
      this.#editing = open;
      open.editor.input.focus();
      return;
    }
    this.#leave();
  }

  /** A selection with reconciled rows is asked about once more, with what the server says. */
  async #post(path: string, which: Which, unlock: boolean, set?: Changes): Promise<Outcome> {
    const body = { ...which, ...(set ? { set } : {}) };
    try {
      return await this.register.api.post<Outcome>(path, unlock ? { ...body, unlock } : body);
    } catch (error) {
      const problem = asProblem(error);
      if (problem.code !== "reconciled" || unlock || !(await this.#mayUnlock(problem))) throw problem;
      return this.register.api.post<Outcome>(path, { ...body, unlock: true });
    }
  }

  #mayUnlock(problem: Problem): Promise<boolean> {
    return ask({ title: "Some rows are reconciled", text: problem.message, yes: "Change them all the same" });
  }

  async #run(act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      await this.register.refresh();
      return true;
    } catch (error) {
      const { code, message } = asProblem(error);
      const { count } = this.register.selection;
      const isTooMany = code === "conflict" && count > MOST_AT_ONCE;
      toast(isTooMany ? `${this.#many(count)} are selected. ${message}` : message);
      return false;
    }
  }

  #told(says: string, { batch, left, why }: Outcome): void {
    const stayed = left ? ` ${this.#many(left)} stayed as ${left === 1 ? "it was" : "they were"}.${why ? ` ${why}` : ""}` : "";
    const undo = batch ? { action: "Undo", onAction: () => void this.register.history.undoBatch(batch) } : {};
    toast(says.charAt(0).toUpperCase() + says.slice(1) + stayed, undo);
  }

  #which(): Which {
    const { selection, query } = this.register;
    return selection.isAll ? { filter: query.filter() } : { ids: selection.ids };
  }

  #summary(): Node[] {
    const { selection, formats } = this.register;
    const sums = selection.totals().map(({ minor, scale, currency }) => `${formats.amount(minor, scale)} ${currency}`);
    const count = `${selection.isAll ? "All " : ""}${formats.count(selection.count)} selected`;
    return [h("b", {}, count), ...(sums.length ? [h("span", { class: "num" }, sums.join(" · "))] : [])];
  }

  #verbs(): Node[] {
    const verb = (title: string, key: string, act: () => void): Node =>
      h("button", { type: "button", class: "btn btn-small", onclick: act }, title, ...(key ? [" ", h("kbd", { "aria-hidden": "true" }, key)] : []));
    return [
      ...BULK_FIELDS.map(({ field, title, key }) => verb(title, key, () => this.edit(field))),
      verb("Cleared", "L", () => void this.toggleCleared()),
      verb("Duplicate", "U", () => void this.duplicate()),
      ...(this.register.selection.count === 2
        ? [
            verb("Make a transfer", "R", () => this.register.transfers.make()),
            verb("Merge", "G", () => void this.register.merging.merge()),
          ]
        : []),
      verb("Delete", "D", () => void this.delete()),
    ];
  }

  #clearButton(): HTMLElement {
    const act = (): void => {
      this.register.selection.clear();
      this.register.grid.activate(this.register.grid.active.position);
    };
    return h(
      "button",
      { type: "button", class: "btn btn-small btn-icon", "aria-label": "Clear selection", onclick: act },
      icon("close"),
    );
  }

  #leave(): void {
    this.#editing = null;
    this.show();
    this.register.grid.activate(this.register.grid.active.position);
  }

  #rows(): string {
    return this.#many(this.register.selection.count);
  }

  #many(count: number): string {
    return plural(count, this.register.formats.count(count), "transaction");
  }

  #onKey(event: KeyboardEvent): void {
    if (!this.#editing) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      this.#leave();
    } else if (event.key === "Enter" && event.target === this.#editing.editor.input) {
      event.preventDefault();
      void this.#apply();
    }
  }
}
