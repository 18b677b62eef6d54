// Editing in place: one field laid over its cell, and where Enter and Tab lead from there.
import type { ColumnKey } from "./columns";
import { h } from "../dom";
import { createEditor, type Editor } from "./editors";
import { type Field, type Given, type Payee, type Row, whyAmountStands } from "./model";
import type { Register } from "./register";
import type { Change } from "./unsaved";
import { toast } from "../toast";

interface Open {
  row: Row;
  column: ColumnKey;
  field: Field;
  title: string;
  editor: Editor;
  isCommitting: boolean;
}

type Then = { rows: number } | { cells: number } | "stay" | "elsewhere";

export class Editing {
  readonly element = h("div", { class: "edit", hidden: true });
  readonly #error = h("p", { class: "edit-error", role: "alert", hidden: true });
  #open: Open | null = null;

  constructor(readonly register: Register) {
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    this.element.addEventListener("focusout", ({ target }) => {
      // Another window in front takes the focus as well, but nobody has left the field.
      if (target === this.#open?.editor.input && document.activeElement !== target) void this.#commit("elsewhere");
    });
  }

  get isOpen(): boolean {
    return this.#open !== null;
  }

  get rowId(): string | undefined {
    return this.#open?.row.id;
  }

  /** Opens the editor of a cell; whether there is one. */
  open(position: number, key: ColumnKey): boolean {
    const { register } = this;
    const column = register.grid.columns.find((shown) => shown.key === key);
    const row = register.rowAt(position);
    if (!column?.field || !row || !register.mayEdit) return false;
    if (column.field === "amount") {
      const why = whyAmountStands(row);
      if (why) {
        toast(why, { action: "Split", onAction: () => void register.panel.open(row.id, { split: true }) });
        return true;
      }
    }
    if (row.lines > 1 && ["note", "category", "tags"].includes(column.field)) {
      void register.panel.open(row.id, { split: true });
      return true;
    }
    register.grid.activate(position, key, { focus: false });
    this.#start(row, key, column.field, column.title);
    return true;
  }

  /** Opens a field again with what could not be saved: in its cell where that is in the list, otherwise in the panel. */
  reopen({ id, field }: Change): void {
    if (field === "cleared" || field === "lines") return;
    const { register } = this;
    const position = register.positionOf(id);
    const column = register.grid.columns.find((shown) => shown.field === field)?.key;
    const isHere = position !== undefined && column !== undefined && !register.isNarrow;
    if (!isHere || !this.open(position, column)) void register.panel.open(id, { field });
  }

  /** Once the grid has drawn, stands over its cell again: rows may have come above it, columns may be wider. */
  follow(): void {
    if (this.isOpen) requestAnimationFrame(() => this.#place());
  }

  #place(): void {
    const open = this.#open;
    if (!open) return;
    const { grid } = this.register;
    const position = this.register.positionOf(open.row.id) ?? grid.active.position;
    const cell = grid.cell(position, open.column) ?? grid.cell(grid.active.position, open.column);
    if (!cell) return;
    this.element.style.transform = `translateY(${grid.body.offsetTop + grid.offsetOf(position)}px)`;
    this.element.style.left = `${cell.offsetLeft}px`;
    this.element.style.width = `${Math.max(cell.offsetWidth, 104)}px`;
    this.element.classList.toggle("is-end", cell.classList.contains("num"));
  }

  cancel(): void {
    this.#close();
    this.register.grid.activate(this.register.grid.active.position);
  }

  #start(row: Row, column: ColumnKey, field: Field, title: string): void {
    const { register } = this;
    if (this.#open) void this.#commit("elsewhere");
    const failed = register.unsaved.of(row.id, field);
    const isWaiting = failed?.standing.kind === "failed" || failed?.standing.kind === "refused";
    const kept = isWaiting ? failed.given.text : undefined;
    const sign = column === "payment" ? -1 : column === "deposit" ? 1 : undefined;
    const editor = createEditor(field, {
      label: `${title} of ${row.payee ?? "the row"}`,
      formats: register.formats,
      lookups: register.lookups,
      row,
      scale: row.scale,
      ...(sign ? { sign } : {}),
      ...(kept === undefined ? {} : { typed: kept }),
      payeePicked: (payee) => this.#offerCategory(row, payee),
    });
    this.#open = { row, column, field, title, editor, isCommitting: false };
    this.#error.hidden = true;
    this.element.replaceChildren(editor.element, this.#error);
    this.element.hidden = false;
    this.#place();
    editor.input.focus({ preventScroll: true });
    editor.input.select();
    editor.open?.();
  }

  /** A payee that is known brings the category it had last, where the row has none. */
  #offerCategory(row: Row, payee: Payee): void {
    if (row.category_id || row.lines > 1 || !payee.last_category_id || !payee.last_category) return;
    const { last_category_id: category_id, last_category: category } = payee;
    const given: Given = { set: { category_id }, shown: { category_id, category }, text: category };
    toast(`${payee.name} was in ${category} last time.`, {
      action: "Use it",
      onAction: () => void this.register.unsaved.save(row, "category", given),
    });
  }

  #onKey(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const isSaving = event.key === "Enter" || event.key === "Tab";
    if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      this.cancel();
    } else if (isSaving) {
      event.preventDefault();
      event.stopPropagation();
      void this.#commit(whither(event));
    } else {
      // Letters are text here, whatever they mean in the grid.
      event.stopPropagation();
    }
  }

  async #commit(then: Then): Promise<void> {
    const open = this.#open;
    if (!open || open.isCommitting) return;
    open.isCommitting = true;
    const { row, field, editor } = open;
    try {
      const given = await editor.read();
      const shown = this.register.unsaved.of(row.id, field);
      if (given) void this.register.unsaved.save(this.register.cache.byId(row.id) ?? row, field, given);
      else if (shown?.standing.kind === "failed" || shown?.standing.kind === "refused") this.register.unsaved.discard(shown);
      if (this.#open !== open) return;
      this.#close();
      this.#goOn(then);
    } catch (error) {
      this.#refuse(error instanceof Error ? error.message : String(error), open);
    } finally {
      open.isCommitting = false;
    }
  }

  #refuse(says: string, open: Open): void {
    const { editor, row, field } = open;
    if (this.#open !== open) {
      // Somebody has gone on to another field: what they typed here waits for them, however long.
      this.register.unsaved.refuse(row, field, editor.input.value, says);
      return;
    }
    this.#error.textContent = says;
    this.#error.hidden = false;
    editor.input.setAttribute("aria-invalid", "true");
    editor.input.focus({ preventScroll: true });
  }

  #close(): void {
    this.#open = null;
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  #goOn(then: Then): void {
    const { grid } = this.register;
    const { position, column } = grid.active;
    if (then === "elsewhere") return;
    if (then === "stay") grid.activate(position);
    else if ("rows" in then) this.#nextRow(position, column, then.rows);
    else this.#nextCell(position, column, then.cells);
  }

  #nextRow(position: number, column: ColumnKey, step: number): void {
    const { grid } = this.register;
    const next = this.register.nextRow(position, step);
    grid.activate(next);
    if (next !== position) this.open(next, column);
  }

  /** The next cell that can be edited, in this row or the one after. */
  #nextCell(position: number, column: ColumnKey, step: number): void {
    const { grid } = this.register;
    const row = this.register.rowAt(position);
    const editable = grid.columns.filter(({ field }) => field && !(field === "amount" && row && whyAmountStands(row)));
    const at = editable.findIndex(({ key }) => key === column) + step;
    const next = editable[at];
    if (next) {
      grid.activate(position, next.key);
      if (!this.open(position, next.key)) grid.activate(position, next.key);
      return;
    }
    const line = this.register.nextRow(position, step);
    const edge = step > 0 ? editable[0] : editable.at(-1);
    grid.activate(line, edge?.key ?? column);
    if (line !== position && edge) this.open(line, edge.key);
  }
}

function whither(event: KeyboardEvent): Then {
  const step = event.shiftKey ? -1 : 1;
  if (event.key === "Tab") return { cells: step };
  return event.ctrlKey || event.metaKey ? "stay" : { rows: step };
}
