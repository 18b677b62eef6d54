// The head of the grid: a title per column that sorts, and the box that selects all.
import type { Column, ColumnKey } from "./columns";
import { h, hidden } from "../dom";
import type { Register } from "./register";

export class Head {
  readonly element = h("div", { class: "head", role: "rowgroup" });
  readonly #row = h("div", { role: "row", class: "row", "aria-rowindex": 1 });
  readonly #all = h("input", { type: "checkbox", "aria-label": "Select all", tabindex: -1 });

  constructor(readonly register: Register) {
    this.element.append(this.#row);
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    this.#all.addEventListener("change", () => {
      if (this.#all.checked) register.picking.all();
      else register.selection.clear();
    });
  }

  show(): void {
    const { grid } = this.register;
    const focused = document.activeElement?.closest<HTMLElement>("[data-column]");
    const column = focused && this.element.contains(focused) ? focused.dataset.column : undefined;
    this.#row.replaceChildren(...grid.columns.map((column, at) => this.#cell(column, at)));
    this.showSelection();
    if (column) this.focus(column as ColumnKey);
  }

  showSelection(): void {
    const { selection, cache } = this.register;
    const isAll = selection.count > 0 && selection.count >= cache.total;
    this.#all.checked = isAll;
    this.#all.indeterminate = selection.count > 0 && !isAll;
  }

  /** The head is reached from the first row. */
  focus(column: ColumnKey): void {
    const cell = this.#row.querySelector(`[data-column="${column}"]`);
    cell?.querySelector<HTMLElement>("button, input")?.focus();
  }

  #cell(column: Column, at: number): HTMLElement {
    const { query } = this.register;
    const cell = h("div", {
      role: "columnheader",
      class: `cell ${column.cell}${column.isNum ? " num" : ""}`,
      "aria-colindex": at + 1,
      "data-column": column.key,
    });
    if (column.key === "select") {
      cell.append(h("label", { class: "tick" }, this.#all));
      return cell;
    }
    const { sort } = column;
    if (!sort) {
      cell.append(column.title);
      return cell;
    }
    const isSorted = query.sort === sort;
    if (isSorted) cell.setAttribute("aria-sort", query.order === "asc" ? "ascending" : "descending");
    const sorts = h(
      "button",
      { type: "button", class: "sorts", tabindex: -1, onclick: () => this.register.sortBy(sort) },
      column.title,
    );
    if (isSorted) sorts.append(h("span", { "aria-hidden": "true" }, query.order === "asc" ? " ↑" : " ↓"));
    else sorts.append(hidden(", sort"));
    cell.append(sorts);
    return cell;
  }

  #onKey(event: KeyboardEvent): void {
    const { grid } = this.register;
    const at = grid.columns.findIndex(
      ({ key }) => key === (event.target as HTMLElement).closest<HTMLElement>("[data-column]")?.dataset.column,
    );
    const key = grid.columns[at]?.key;
    if (event.key === "ArrowDown") grid.activate(0, key);
    else if (event.key === "ArrowRight" || event.key === "ArrowLeft") this.#beside(at, event.key === "ArrowRight" ? 1 : -1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #beside(at: number, step: number): void {
    const { columns } = this.register.grid;
    for (let next = at + step; next >= 0 && next < columns.length; next += step) {
      const key = columns[next]?.key;
      if (!key) return;
      this.focus(key);
      if (document.activeElement?.closest("[data-column]")?.getAttribute("data-column") === key) return;
    }
  }
}
