// The grid: as many rows in the document as fit the window, filled anew while the list scrolls under them. One cell at a time
// can be reached with Tab; arrows go on from there. Knows positions and columns, not what rows mean.
import type { Column, ColumnKey } from "./columns";
import { debounce, h } from "../dom";
import { Scroller } from "./scroll";

export interface RowView {
  element: HTMLElement;
  cells: Map<ColumnKey, HTMLElement>;
  position: number;
}

export interface GridHost {
  /** How many positions there are. */
  size(): number;
  fill(view: RowView, position: number): void;
  /** Told when the window has come to rest near these positions, or moves slowly over them. */
  near(first: number, last: number): void;
  /** The cell that has the focus is another one. */
  moved(): void;
}

/** Rows beyond the window's edges, so that slow scrolling never shows a gap. */
const SPARE = 6;
const FLING_WAIT_MS = 90;
const AT_REST_MS = 250;
/** Rows are placed from an origin that moves in steps, since browsers lose precision far from zero. */
const STEP = 500;

export class Grid {
  readonly body: HTMLElement = h("div", { class: "rows", role: "rowgroup" });
  readonly #layer = h("div", { class: "layer", role: "presentation" });
  readonly scroller = new Scroller(this.body);
  rowHeight = 32;
  /** What covers the window's top: the toolbar and the head stay in sight. */
  coveredTop = 0;
  coveredBottom = 0;
  active: { position: number; column: ColumnKey } = { position: 0, column: "payee" };
  #columns: Column[] = [];
  #views = new Map<number, RowView>();
  #spare: RowView[] = [];
  #frame = 0;
  #nearTimer = 0;
  #origin = 0;
  #moved = "";
  #lastTop = 0;
  #isStale = true;

  constructor(readonly host: GridHost) {
    this.body.append(this.#layer);
  }

  set columns(columns: Column[]) {
    const hadFocus = this.hasFocus;
    this.#columns = columns;
    for (const view of [...this.#views.values(), ...this.#spare]) view.element.remove();
    this.#views.clear();
    this.#spare = [];
    if (!columns.some(({ key }) => key === this.active.column)) this.active.column = "payee";
    this.changed();
    if (!hadFocus) return;
    this.render();
    this.#show(this.active.position);
    this.cell()?.focus({ preventScroll: true });
  }

  get columns(): Column[] {
    return this.#columns;
  }

  /** What the rows say has changed: every one on screen is filled again. */
  changed(): void {
    this.#isStale = true;
    this.schedule();
  }

  schedule(): void {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.render();
    });
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#nearTimer);
    this.scroller.stop();
    this.#frame = 0;
  }

  /** First and last position in the window. */
  get inSight(): { first: number; last: number } {
    const { top, viewHeight } = this.scroller;
    const size = this.host.size();
    const first = Math.max(0, Math.floor((top + this.coveredTop) / this.rowHeight));
    return {
      first: Math.min(first, Math.max(0, size - 1)),
      last: Math.min(size - 1, Math.ceil((top + viewHeight) / this.rowHeight)),
    };
  }

  render(): void {
    const size = this.host.size();
    this.scroller.setHeight(size * this.rowHeight);
    this.scroller.read();
    const from = Math.max(0, this.inSight.first - SPARE);
    // Always as many, so that a row that leaves at one edge is the one that comes at the other.
    const to = Math.min(size - 1, from + Math.ceil(this.scroller.viewHeight / this.rowHeight) + 2 * SPARE + 1);
    this.#place(from);
    this.#recycle(from, to, size);
    for (let position = from; position <= to; position += 1) this.#show(position);
    // The row with the focus stays in the document wherever the window goes, or the keyboard would lose its place.
    if (this.hasFocus && this.active.position < size) this.#show(this.active.position);
    this.#hideSpare();
    this.#isStale = false;
    this.#askFor(from, to);
  }

  get hasFocus(): boolean {
    return this.body.contains(document.activeElement);
  }

  view(position: number): RowView | undefined {
    return this.#views.get(position);
  }

  *views(): Iterable<RowView> {
    yield* this.#views.values();
  }

  cell(position = this.active.position, column = this.active.column): HTMLElement | undefined {
    return this.#views.get(position)?.cells.get(column);
  }

  /** Where an event happened. */
  placeOf(target: EventTarget | null): { position: number; column: ColumnKey } | undefined {
    if (!(target instanceof Element)) return undefined;
    const cell = target.closest<HTMLElement>("[data-column]");
    const row = cell?.closest<HTMLElement>("[data-position]");
    if (!cell || !row || !this.body.contains(row)) return undefined;
    return { position: Number(row.dataset.position), column: cell.dataset.column as ColumnKey };
  }

  /** Where a position stands in the body, for what is laid over it. */
  offsetOf(position: number): number {
    return position * this.rowHeight + this.scroller.base;
  }

  /** Moves the one cell that Tab reaches; with the focus, unless told otherwise. */
  activate(position: number, column: ColumnKey = this.active.column, { focus = true } = {}): void {
    const size = this.host.size();
    if (size === 0) return;
    const key = this.#columns.some((shown) => shown.key === column) ? column : "payee";
    const before = this.cell();
    this.active = { position: Math.min(Math.max(position, 0), size - 1), column: key };
    before?.setAttribute("tabindex", "-1");
    this.reveal(this.active.position);
    this.#show(this.active.position);
    const cell = this.cell();
    cell?.setAttribute("tabindex", "0");
    if (focus) cell?.focus({ preventScroll: true });
    this.host.moved();
  }

  /** Scrolls no further than needed to show a position whole. */
  reveal(position: number): void {
    this.scroller.read();
    const { top, viewHeight } = this.scroller;
    const rowTop = position * this.rowHeight;
    const shownFrom = top + this.coveredTop;
    const shownTo = top + viewHeight - this.coveredBottom;
    if (rowTop < shownFrom) this.scroller.scrollTo(rowTop - this.coveredTop);
    else if (rowTop + this.rowHeight > shownTo) this.scroller.scrollTo(rowTop + this.rowHeight + this.coveredBottom - viewHeight);
    else return;
    this.render();
  }

  /** Keeps what is on screen where it is when rows have come or gone above it. */
  shift(positions: number): void {
    if (positions === 0) return;
    this.scroller.setHeight(this.host.size() * this.rowHeight);
    this.scroller.scrollTo(this.scroller.top + positions * this.rowHeight);
    this.render();
  }

  #place(from: number): void {
    const origin = Math.floor(from / STEP) * STEP;
    if (origin !== this.#origin) {
      this.#origin = origin;
      for (const view of this.#views.values()) this.#moveTo(view, view.position);
    }
    const moved = `translateY(${origin * this.rowHeight + this.scroller.base}px)`;
    if (moved === this.#moved) return;
    this.#moved = moved;
    this.#layer.style.transform = moved;
  }

  #moveTo(view: RowView, position: number): void {
    view.position = position;
    view.element.style.top = `${(position - this.#origin) * this.rowHeight}px`;
  }

  #recycle(from: number, to: number, size: number): void {
    for (const [position, view] of this.#views) {
      const isKept = (position >= from && position <= to) || (this.hasFocus && position === this.active.position);
      if (isKept && position < size) continue;
      this.#views.delete(position);
      this.#spare.push(view);
    }
  }

  /** What was not needed again in this frame must not stand where another row is now. */
  #hideSpare(): void {
    while (this.#spare.length > 60) this.#spare.pop()?.element.remove();
    for (const { element } of this.#spare) if (!element.hidden) element.hidden = true;
  }

  #show(position: number): void {
    const there = this.#views.get(position);
    if (there) {
      if (this.#isStale) this.#fill(there, position);
      return;
    }
    const view = this.#spare.pop() ?? this.#build();
    if (view.element.hidden) view.element.hidden = false;
    this.#moveTo(view, position);
    this.#views.set(position, view);
    // Rows are not moved in the document while it scrolls: that costs more than all the rest.
    if (!view.element.isConnected) this.#layer.append(view.element);
    this.#fill(view, position);
    this.#sortAtRest();
  }

  /** In the document, rows follow one another as on screen, for those who read it in that order. */
  readonly #sortAtRest = debounce(AT_REST_MS, () => {
    const sorted = [...this.#views.values()].sort((one, other) => one.position - other.position);
    // What has the focus would lose it if it were moved; the others are moved around it.
    const still = sorted.find(({ element }) => element.contains(document.activeElement))?.element ?? sorted.at(-1)?.element;
    let isPast = false;
    for (const { element } of sorted) {
      if (element === still) isPast = true;
      else if (isPast) this.#layer.append(element);
      else this.#layer.insertBefore(element, still ?? null);
    }
  });

  #fill(view: RowView, position: number): void {
    view.element.dataset.position = String(position);
    view.element.setAttribute("aria-rowindex", String(position + 2));
    for (const [column, cell] of view.cells) {
      const isActive = position === this.active.position && column === this.active.column;
      const tabIndex = isActive ? "0" : "-1";
      // Writing what is there already would cost as much as a change.
      if (cell.getAttribute("tabindex") !== tabIndex) cell.setAttribute("tabindex", tabIndex);
    }
    this.host.fill(view, position);
  }

  #build(): RowView {
    const element = h("div", { role: "row", class: "row" });
    const cells = new Map<ColumnKey, HTMLElement>();
    this.#columns.forEach((column, at) => {
      const cell = h("div", {
        role: column.isName ? "rowheader" : "gridcell",
        class: `cell ${column.cell}${column.isNum ? " num" : ""}`,
        "aria-colindex": at + 1,
        tabindex: -1,
        "data-column": column.key,
      });
      cells.set(column.key, cell);
      element.append(cell);
    });
    return { element, cells, position: -1 };
  }

  /** While the list flies past, nothing is fetched that will be out of sight before it comes. */
  #askFor(from: number, to: number): void {
    const { top, viewHeight } = this.scroller;
    const isFlying = Math.abs(top - this.#lastTop) > viewHeight * 0.6;
    this.#lastTop = top;
    clearTimeout(this.#nearTimer);
    if (isFlying) this.#nearTimer = window.setTimeout(() => this.host.near(from, to), FLING_WAIT_MS);
    else this.host.near(from, to);
  }
}
