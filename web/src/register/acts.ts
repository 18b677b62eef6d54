// What a click or Enter means, by the cell it meets.
import { toast } from "../toast";
import type { ColumnKey } from "./columns";
import type { Row } from "./model";
import type { Register } from "./register";

export class Acts {
  constructor(readonly register: Register) {}

  toggleCleared(position: number): void {
    const row = this.register.rowAt(position);
    if (row) this.setCleared(row);
  }

  setCleared(row: Row): void {
    if (!this.register.mayEdit) return;
    if (row.is_from_bank) {
      toast(
        row.status === "pending" ? "The bank has not booked this row yet." : "The bank has booked this row, so it is cleared.",
      );
      return;
    }
    const is_cleared = !row.is_cleared;
    const given = { set: { is_cleared }, shown: { is_cleared }, text: is_cleared ? "cleared" : "not cleared" };
    void this.register.unsaved.save(row, "cleared", given);
  }

  openPanel(position: number): void {
    const { index } = this.register.outline.placeAt(position);
    const row = this.register.cache.row(index);
    if (row) void this.register.panel.open(row.id);
  }

  /** What Enter or a click means in a cell. */
  enter(position: number, column: ColumnKey): void {
    const { line } = this.register.outline.placeAt(position);
    const row = this.register.rowAt(position);
    if (line || column === "balance" || this.register.isNarrow) return this.openPanel(position);
    if (column === "select") return this.register.picking.toggle(position);
    if (column === "state") return this.register.reconcile.isOn ? this.toggleCleared(position) : this.openPanel(position);
    if (column === "category" && row && row.lines > 1) return void this.register.folds.toggle(position);
    if (!this.register.editing.open(position, column)) this.openPanel(position);
  }

  onClick(event: MouseEvent): void {
    const place = this.register.grid.placeOf(event.target);
    if (!place || !(event.target instanceof Element)) return;
    if (event.target.closest(".fold")) return void this.register.folds.toggle(place.position);
    if (place.column === "select") {
      // The box itself turns by its row being drawn anew.
      event.preventDefault();
      if (event.shiftKey) this.register.picking.upTo(place.position);
      else this.register.picking.toggle(place.position);
      this.register.grid.activate(place.position, "select");
      return;
    }
    const selected = getSelection();
    // Somebody who marks text wants to copy it.
    if (selected && !selected.isCollapsed && event.detail === 1 && selected.toString().length > 1) return;
    this.enter(place.position, place.column);
  }
}
