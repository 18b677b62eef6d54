// The keys of the grid. Single letters act only while the focus is in the grid, and can be switched off (WCAG 2.1.4).
import type { ColumnKey } from "./columns";
import type { Field } from "./model";
import type { Register } from "./register";
import { lettersAreOn } from "./shortcuts";
import { dismissToast, toast } from "../toast";

export class Keyboard {
  constructor(readonly register: Register) {}

  /** Keys pressed somewhere in the grid; whether one was meant for it. */
  onGridKey(event: KeyboardEvent): boolean {
    if (event.isComposing || event.altKey) return false;
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand) return this.#command(event);
    if (this.#move(event.key, event.shiftKey)) return true;
    if (this.#act(event)) return true;
    return lettersAreOn() && !event.shiftKey && this.#letter(event.key.toLowerCase());
  }

  /** Keys that act wherever the focus is, unless somebody types. */
  onPageKey(event: KeyboardEvent): boolean {
    if (event.defaultPrevented || event.isComposing || event.altKey || isTyping(event.target)) return false;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) return this.#history(key, event);
    return false;
  }

  #command(event: KeyboardEvent): boolean {
    const { grid } = this.register;
    const key = event.key.toLowerCase();
    if (key === "a") this.register.picking.all();
    else if (key === "home") grid.activate(0);
    else if (key === "end") grid.activate(this.register.size() - 1);
    else return this.#history(key, event);
    return true;
  }

  #history(key: string, event: KeyboardEvent): boolean {
    const { history } = this.register;
    if (key === "z") void (event.shiftKey ? history.redo() : history.undo());
    else if (key === "y" && event.ctrlKey) void history.redo();
    else return false;
    return true;
  }

  #move(key: string, isRange: boolean): boolean {
    const { grid } = this.register;
    const { position, column } = grid.active;
    const page = Math.max(1, grid.inSight.last - grid.inSight.first - 2);
    switch (key) {
      case "ArrowDown":
        grid.activate(position + 1);
        break;
      case "ArrowUp":
        if (position === 0) this.register.head.focus(column);
        else grid.activate(position - 1);
        break;
      case "ArrowLeft":
        grid.activate(position, this.#beside(column, -1));
        break;
      case "ArrowRight":
        grid.activate(position, this.#beside(column, 1));
        break;
      case "Home":
        grid.activate(position, grid.columns[0]?.key);
        break;
      case "End":
        grid.activate(position, grid.columns.at(-1)?.key);
        break;
      case "PageDown":
        grid.activate(position + page);
        break;
      case "PageUp":
        grid.activate(position - page);
        break;
      default:
        return false;
    }
    if (isRange && (key === "ArrowDown" || key === "ArrowUp")) this.register.picking.upTo(grid.active.position);
    return true;
  }

  #act(event: KeyboardEvent): boolean {
    const { grid, selection, editing } = this.register;
    const { position, column } = grid.active;
    switch (event.key) {
      case "Enter":
      case "F2":
        this.register.acts.enter(position, column);
        return true;
      case " ":
        if (event.shiftKey) this.register.picking.upTo(position);
        else this.register.picking.toggle(position);
        return true;
      case "Escape":
        if (this.register.panel.isOpen) this.register.panel.close();
        else if (!editing.isOpen && selection.count > 0) selection.clear();
        else return dismissToast();
        return true;
      case "Delete":
        this.#delete();
        return true;
      case "/":
        this.register.toolbar.focusSearch();
        return true;
      default:
        return false;
    }
  }

  #letter(key: string): boolean {
    const { register } = this;
    const { position } = register.grid.active;
    const acts: Record<string, () => void> = {
      j: () => register.grid.activate(position + 1),
      k: () => register.grid.activate(position - 1),
      t: () => register.draft.open(),
      f: () => register.toolbar.openFilter(),
      c: () => this.#edit("category", "category"),
      p: () => this.#edit("payee", "payee"),
      n: () => this.#edit("note", "note"),
      e: () => this.#edit("date", "date"),
      m: () => this.#edit("amount", this.#amountColumn()),
      a: () => this.#edit("account", "account"),
      l: () => this.#cleared(),
      d: () => this.#delete(),
      u: () => this.#duplicate(),
      g: () => void register.merging.merge(),
      r: () => register.transfers.make(),
      i: () => register.acts.openPanel(position),
      w: () => register.acts.openPanel(position),
    };
    const act = acts[key];
    act?.();
    return act !== undefined;
  }

  /** On a selection for all of it, otherwise in the row with the focus; where its column is hidden, in the panel. */
  #edit(field: Field, column: ColumnKey): void {
    const { register } = this;
    if (!register.mayEdit) return;
    if (register.selection.count > 0) {
      if (field === "amount") toast("Amounts are changed one at a time.");
      else register.bulk.edit(field);
      return;
    }
    const { position } = register.grid.active;
    if (register.editing.open(position, column)) return;
    const row = register.rowAt(position);
    if (row) void register.panel.open(row.id, { field });
  }

  #amountColumn(): ColumnKey {
    const row = this.register.rowAt(this.register.grid.active.position);
    if (this.register.columns.amounts === "one") return "amount";
    return row && row.amount_minor > 0 ? "deposit" : "payment";
  }

  #cleared(): void {
    const { register } = this;
    if (!register.mayEdit) return;
    if (register.selection.count > 0) void register.bulk.toggleCleared();
    else register.acts.toggleCleared(register.grid.active.position);
  }

  #delete(): void {
    const { register } = this;
    if (!register.mayEdit) return;
    if (register.selection.count > 0) void register.bulk.delete();
    else {
      const row = register.rowAt(register.grid.active.position);
      if (row) void register.bulk.delete(row);
    }
  }

  #duplicate(): void {
    const { register } = this;
    if (!register.mayEdit) return;
    const row = register.rowAt(register.grid.active.position);
    if (register.selection.count > 0) void register.bulk.duplicate();
    else if (row) void register.bulk.duplicate([row.id]);
  }

  #beside(column: ColumnKey, step: number): ColumnKey {
    const { columns } = this.register.grid;
    const at = columns.findIndex(({ key }) => key === column);
    return columns[at + step]?.key ?? column;
  }
}

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit"].includes(target.type);
  return target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
