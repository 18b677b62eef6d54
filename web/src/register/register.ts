// <bankside-register data-api data-account …>: the register. It takes the place of the server's table once the first rows are
// here; until then, and without script, that table stands. This file only puts the parts together and answers what they share.
import { Api, asProblem, type Problem } from "../api";
import { Formats } from "../formats";
import { toast } from "../toast";
import { Bulk } from "./bulk";
import { RowCache } from "./cache";
import { fillCell, fillLineCell, type Surroundings } from "./cells";
import { ColumnChoice, type ColumnKey, type Room } from "./columns";
import { button, debounce, h } from "./dom";
import { Draft } from "./draft";
import { Editing } from "./editing";
import { Names } from "./filter-words";
import { Grid, type RowView } from "./grid";
import { Head } from "./head";
import { History } from "./history";
import { Keyboard } from "./keyboard";
import { Live } from "./live";
import { Lookups } from "./lookups";
import type { Detail, Row } from "./model";
import { rowOf } from "./model";
import { Outline } from "./outline";
import { Panel } from "./panel";
import { PrintTable } from "./print";
import { type Filter, Query, type Sort } from "./query";
import { Reconcile } from "./reconcile";
import { Selection } from "./selection";
import { Toolbar } from "./toolbar";
import { Unsaved } from "./unsaved";
import { unsavedNotice } from "./unsaved-notice";

/** Below this many rem, rows have two lines. */
const NARROW = 38;
const MOST_NAMED = 2000;

export class Register extends HTMLElement {
  api!: Api;
  formats!: Formats;
  query!: Query;
  cache!: RowCache;
  lookups!: Lookups;
  columns!: ColumnChoice;
  grid!: Grid;
  head!: Head;
  outline!: Outline;
  selection!: Selection;
  unsaved!: Unsaved;
  editing!: Editing;
  draft!: Draft;
  bulk!: Bulk;
  toolbar!: Toolbar;
  panel!: Panel;
  reconcile!: Reconcile;
  history!: History;
  names!: Names;
  isNarrow = false;
  #keyboard!: Keyboard;
  #live!: Live;
  #print!: PrintTable;
  #notice!: ReturnType<typeof unsavedNotice>;
  #desk!: HTMLElement;
  #gridElement!: HTMLElement;
  #empty!: HTMLElement;
  #resize!: ResizeObserver;
  #rems = 0;
  #columnKeys = "";

  connectedCallback(): void {
    this.#make();
    this.#lay();
    this.#listen();
    void this.cache.ask();
  }

  disconnectedCallback(): void {
    this.#live.stop();
    this.#print.stop();
    this.panel.makeWay(false);
    this.#resize.disconnect();
    this.grid.stop();
    this.cache.stop();
    window.removeEventListener("scroll", this.#onScroll);
    window.removeEventListener("resize", this.#onScroll);
    document.removeEventListener("keydown", this.#onPageKey);
    document.removeEventListener("click", this.#onPageClick);
  }

  get home(): string {
    return this.dataset.currency ?? "";
  }

  get scale(): number {
    return Number(this.dataset.scale ?? 2);
  }

  get mayEdit(): boolean {
    return this.dataset.mayEdit !== undefined;
  }

  get room(): Room {
    return { rems: this.#rems, isOneAccount: this.query.account !== null, isStatement: this.query.isStatement };
  }

  size(): number {
    return this.outline.size(this.cache.total);
  }

  /** The row at a position as it will be; nothing where a line stands, or where the row is not here yet. */
  rowAt(position: number): Row | undefined {
    const place = this.outline.placeAt(position);
    const row = place.line ? undefined : this.cache.row(place.index);
    return row && this.unsaved.over(row);
  }

  positionOf(id: string): number | undefined {
    const index = this.cache.indexOf(id);
    return index === undefined ? undefined : this.outline.positionOf(index);
  }

  /** The nearest row above or below; lines of a split are passed over. */
  nextRow(position: number, step: number): number {
    for (let next = position + step; next >= 0 && next < this.size(); next += step) {
      if (!this.outline.placeAt(next).line) return next;
    }
    return position;
  }

  filter(name: Filter, value: string | undefined): void {
    this.query.set(name, value);
    this.#askAnew();
  }

  clearFilters(): void {
    this.query.clear();
    this.#askAnew();
  }

  sortBy(sort: Sort): void {
    this.query.sortBy(sort);
    this.#askAnew();
    this.head.focus(sort);
  }

  /** Fetches anew what is in sight, and keeps everybody's place. */
  async refresh(): Promise<void> {
    const { first, last } = this.grid.inSight;
    const anchorAt = this.grid.hasFocus ? this.grid.active.position : first;
    const anchor = this.cache.row(this.outline.placeAt(anchorAt).index)?.id;
    const isAtTop = this.grid.scroller.top <= 0 && !this.grid.hasFocus;
    const near = [first, last].map((position) => this.outline.placeAt(position).index);
    await this.cache.refresh(near[0] ?? 0, near[1] ?? 0);
    this.outline.follow((id) => this.cache.indexOf(id));
    await this.#renewFolds();
    const now = anchor === undefined ? undefined : this.positionOf(anchor);
    if (now !== undefined && now !== anchorAt && !isAtTop) {
      this.grid.shift(now - anchorAt);
      if (this.grid.hasFocus) this.grid.activate(now);
      else this.grid.active.position = now;
    }
    if (this.grid.active.position >= this.size() && this.size() > 0) {
      this.grid.activate(this.size() - 1, this.grid.active.column, { focus: this.grid.hasFocus });
    }
    if (this.selection.isAll) this.selection.setAll(this.cache.total, this.cache.sums);
    else this.selection.follow(this.cache.rows());
    this.lookups.forget();
    void this.toolbar.count();
    void this.reconcile.follow();
    void this.panel.renew();
    this.#changed();
  }

  /** Columns, heights and what covers the window's edges: after anything that moves them. */
  layOut(): void {
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    this.#rems = this.clientWidth / rem;
    this.isNarrow = this.#rems < NARROW;
    this.classList.toggle("is-narrow", this.isNarrow);
    this.grid.rowHeight = (this.isNarrow ? 4 : 2) * rem;
    const columns = this.columns.shown(this.room, this.isNarrow);
    const keys = columns.map(({ key }) => key).join(" ") + String(this.isNarrow);
    if (keys !== this.#columnKeys) {
      this.#columnKeys = keys;
      this.grid.columns = columns;
      this.#gridElement.setAttribute("aria-colcount", String(columns.length));
      this.#gridElement.style.setProperty("--columns", columns.map(({ track }) => track).join(" "));
      this.draft.rebuild();
    }
    this.head.show();
    const top = this.toolbar.element.parentElement;
    this.#desk.style.setProperty("--top", `${top?.offsetHeight ?? 0}px`);
    const isSticky = getComputedStyle(this.head.element).position === "sticky";
    this.grid.coveredTop = isSticky ? (top?.offsetHeight ?? 0) + this.head.element.offsetHeight + this.draft.element.offsetHeight : 0;
    this.grid.coveredBottom = (this.#desk.querySelector<HTMLElement>(".foot-bars")?.offsetHeight ?? 0) + (this.isNarrow ? 4.25 * rem : 0);
    this.grid.changed();
  }

  selectAll(): void {
    const { cache, selection } = this;
    if (cache.isComplete) selection.set(cache.rows(), true);
    else selection.setAll(cache.total, cache.sums);
  }

  toggleSelected(position: number): void {
    const row = this.rowAt(position);
    if (!row) return;
    this.selection.anchor = row.id;
    if (this.selection.isAll) void this.#nameAllBut(row);
    else this.selection.set([row], !this.selection.has(row.id));
  }

  /** From where the selection began up to here. */
  selectTo(position: number): void {
    const from = this.selection.anchor === null ? undefined : this.positionOf(this.selection.anchor);
    if (from === undefined || this.selection.isAll) return this.toggleSelected(position);
    const rows: Row[] = [];
    for (let at = Math.min(from, position); at <= Math.max(from, position); at += 1) {
      const row = this.rowAt(at);
      if (row) rows.push(row);
    }
    this.selection.set(rows, true);
  }

  toggleCleared(position: number): void {
    const row = this.rowAt(position);
    if (row) this.setCleared(row);
  }

  setCleared(row: Row): void {
    if (!this.mayEdit) return;
    if (row.is_from_bank) {
      toast(row.status === "pending" ? "The bank has not booked this row yet." : "The bank has booked this row, so it is cleared.");
      return;
    }
    const is_cleared = !row.is_cleared;
    const given = { set: { is_cleared }, shown: { is_cleared }, text: is_cleared ? "cleared" : "not cleared" };
    void this.unsaved.save(row, "cleared", given);
  }

  openPanel(position: number): void {
    const { index } = this.outline.placeAt(position);
    const row = this.cache.row(index);
    if (row) void this.panel.open(row.id);
  }

  /** What Enter or a click means in a cell. */
  enter(position: number, column: ColumnKey): void {
    const { line } = this.outline.placeAt(position);
    const row = this.rowAt(position);
    if (line || column === "balance" || this.isNarrow) return this.openPanel(position);
    if (column === "select") return this.toggleSelected(position);
    if (column === "state") return this.reconcile.isOn ? this.toggleCleared(position) : this.openPanel(position);
    if (column === "category" && row && row.lines > 1) return void this.toggleFold(position);
    if (!this.editing.open(position, column)) this.openPanel(position);
  }

  async toggleFold(position: number): Promise<void> {
    const row = this.rowAt(position);
    if (!row) return;
    if (this.outline.isOpen(row.id)) this.outline.close(row.id);
    else {
      try {
        const { lines } = await this.api.get<Detail>(`transactions/${row.id}`);
        const index = this.cache.indexOf(row.id);
        if (index !== undefined) this.outline.open(row.id, index, lines);
      } catch (error) {
        toast(asProblem(error).message);
      }
    }
    this.#changed();
  }

  #make(): void {
    this.api = new Api(this.dataset.api ?? "");
    this.formats = Formats.ofPage(this.dataset.today ?? new Date().toISOString().slice(0, 10));
    this.query = Query.ofAddress(this.dataset.account ?? null, this.dataset.search);
    this.cache = new RowCache(this.api, this.query, { changed: () => this.#rowsCame(), failed: (problem) => this.#failed(problem) });
    this.lookups = new Lookups(this.api);
    this.columns = new ColumnChoice();
    this.outline = new Outline();
    this.names = new Names();
    this.selection = new Selection(() => this.#selectionChanged());
    this.unsaved = new Unsaved(this.api, { changed: () => this.#changed(), learned: (detail) => this.#learned(detail) });
    this.#notice = unsavedNotice(this.unsaved);
    this.grid = new Grid({
      size: () => this.size(),
      fill: (view, position) => this.#fill(view, position),
      near: (first, last) => this.cache.ensure(this.outline.placeAt(first).index, this.outline.placeAt(last).index),
      moved: () => this.#moved(),
    });
    this.head = new Head(this);
    this.editing = new Editing(this);
    this.draft = new Draft(this);
    this.bulk = new Bulk(this);
    this.toolbar = new Toolbar(this);
    this.panel = new Panel(this);
    this.reconcile = new Reconcile(this);
    this.history = new History(this);
    this.#keyboard = new Keyboard(this);
    this.#live = new Live(this);
    this.#print = new PrintTable(this);
  }

  #lay(): void {
    this.#empty = h("div", { class: "empty", hidden: true });
    this.#gridElement = h("div", { class: "grid", role: "grid", "aria-label": this.dataset.accountName ?? "Transactions", "aria-multiselectable": "true" });
    this.#gridElement.append(this.head.element, this.draft.element, this.grid.body);
    const overlay = h("div", { class: "overlay" }, this.editing.element);
    this.#desk = h(
      "div",
      { class: "desk" },
      h("div", { class: "sticky-top" }, this.toolbar.element, this.reconcile.element),
      h("div", { class: "frame" }, this.#gridElement, overlay),
      this.#empty,
      h("div", { class: "foot-bars" }, this.#notice.element, this.bulk.element),
      this.panel.element,
    );
  }

  #listen(): void {
    const body = this.grid.body;
    body.addEventListener("keydown", (event) => {
      if (!this.#keyboard.onGridKey(event)) return;
      event.preventDefault();
      event.stopPropagation();
    });
    body.addEventListener("click", (event) => this.#onClick(event));
    body.addEventListener("focusin", (event) => {
      const place = this.grid.placeOf(event.target);
      if (place && (place.position !== this.grid.active.position || place.column !== this.grid.active.column)) {
        this.grid.activate(place.position, place.column, { focus: false });
      }
    });
    window.addEventListener("scroll", this.#onScroll, { passive: true });
    window.addEventListener("resize", this.#onScroll);
    document.addEventListener("keydown", this.#onPageKey);
    document.addEventListener("click", this.#onPageClick);
    this.#resize = new ResizeObserver(debounce(50, () => this.#isShown && this.layOut()));
    this.#resize.observe(this);
  }

  readonly #onScroll = (): void => this.grid.schedule();

  readonly #onPageKey = (event: KeyboardEvent): void => {
    if (this.#keyboard.onPageKey(event)) event.preventDefault();
  };

  /** The page's own button for a new transaction opens the new row instead of another page. */
  readonly #onPageClick = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest("[data-add-transaction]") : null;
    if (!link || !this.#isShown) return;
    event.preventDefault();
    this.draft.open();
    this.draft.element.scrollIntoView({ block: "nearest" });
  };

  #onClick(event: MouseEvent): void {
    const place = this.grid.placeOf(event.target);
    if (!place || !(event.target instanceof Element)) return;
    if (event.target.closest(".fold")) return void this.toggleFold(place.position);
    if (place.column === "select") {
      // The box itself turns by its row being drawn anew.
      event.preventDefault();
      if (event.shiftKey) this.selectTo(place.position);
      else this.toggleSelected(place.position);
      this.grid.activate(place.position, "select");
      return;
    }
    const selected = getSelection();
    // Somebody who marks text wants to copy it.
    if (selected && !selected.isCollapsed && event.detail === 1 && selected.toString().length > 1) return;
    this.enter(place.position, place.column);
  }

  get #isShown(): boolean {
    return this.#desk.isConnected;
  }

  #fill(view: RowView, position: number): void {
    const { index, line } = this.outline.placeAt(position);
    const there = this.cache.row(index);
    const { element, cells } = view;
    element.classList.toggle("is-loading", !there);
    element.setAttribute("aria-busy", String(!there));
    if (!there) {
      element.className = "row is-loading";
      element.removeAttribute("aria-selected");
      for (const cell of cells.values()) cell.replaceChildren();
      return;
    }
    const row = this.unsaved.over(there);
    const around = this.#surroundings;
    const isSelected = !line && this.selection.has(row.id);
    element.className = line ? "row is-line" : `row${row.is_new ? " is-new" : ""}${row.status === "pending" ? " is-pending" : ""}`;
    element.setAttribute("aria-selected", String(isSelected));
    for (const column of this.grid.columns) {
      const cell = cells.get(column.key);
      if (!cell) continue;
      if (line) fillLineCell(cell, column, row, line, around);
      else fillCell(cell, column, row, around);
    }
  }

  get #surroundings(): Surroundings {
    return {
      formats: this.formats,
      home: this.home,
      isOneAccount: this.query.account !== null,
      isNarrow: this.isNarrow,
      hasTagColumn: this.grid.columns.some(({ key }) => key === "tags"),
      mayEdit: this.mayEdit,
      isSelected: (id) => this.selection.has(id),
      isOpen: (id) => this.outline.isOpen(id),
      markOf: (id, field) => this.unsaved.markOf(id, field),
    };
  }

  #askAnew(): void {
    this.selection.clear();
    this.outline.clear();
    this.grid.active.position = 0;
    this.toolbar.show();
    const isFarDown = this.grid.scroller.top > 0;
    void this.cache.ask().then(() => {
      if (isFarDown && this.#isShown) this.grid.scroller.scrollTo(0);
      this.layOut();
    });
  }

  #rowsCame(): void {
    if (!this.#isShown && this.cache.isReady) this.#takeOver();
    this.#gridElement.setAttribute("aria-rowcount", String(this.size() + 1));
    this.#showEmpty();
    this.#changed();
  }

  /** The first rows are here: the server's table goes. */
  #takeOver(): void {
    this.replaceChildren(this.#desk);
    this.classList.add("is-live");
    this.layOut();
    this.grid.render();
    this.draft.restore();
    this.#live.start();
    this.#print.start();
    void this.toolbar.count();
    void this.toolbar.learnNames();
    this.dispatchEvent(new CustomEvent("bankside:register", { bubbles: true }));
  }

  #changed(): void {
    if (!this.#isShown) return;
    this.#notice.show();
    this.toolbar.show();
    this.head.showSelection();
    this.grid.changed();
    this.#gridElement.setAttribute("aria-rowcount", String(this.size() + 1));
    if (this.editing.isOpen) requestAnimationFrame(() => this.editing.place());
  }

  #learned(detail: Detail): void {
    this.cache.replace(rowOf(detail));
    this.selection.follow(this.cache.rows());
    this.panel.follow(detail);
    if (this.outline.isOpen(detail.id)) {
      const index = this.cache.indexOf(detail.id);
      if (detail.lines.length > 1 && index !== undefined) this.outline.open(detail.id, index, detail.lines);
      else this.outline.close(detail.id);
    }
    this.bulk.show();
    void this.reconcile.follow();
    this.#changed();
  }

  async #renewFolds(): Promise<void> {
    await Promise.all(
      this.outline.openIds.map(async (id) => {
        const index = this.cache.indexOf(id);
        const detail = await this.api.get<Detail>(`transactions/${id}`).catch(() => null);
        if (!detail || index === undefined || detail.lines.length < 2) this.outline.close(id);
        else this.outline.open(id, index, detail.lines);
      }),
    );
  }

  #selectionChanged(): void {
    this.bulk.show();
    this.layOut();
    this.#changed();
  }

  #moved(): void {
    const row = this.cache.row(this.outline.placeAt(this.grid.active.position).index);
    if (row) this.panel.followFocus(row.id);
  }

  /** To take one row out of all, the others are named. */
  async #nameAllBut(row: Row): Promise<void> {
    if (this.cache.total > MOST_NAMED) {
      toast(`Single rows can be taken out of up to ${this.formats.count(MOST_NAMED)}. Filter further, or clear the selection.`);
      return;
    }
    try {
      this.selection.nameAll(await this.cache.everything());
      this.selection.set([row], false);
    } catch (error) {
      toast(asProblem(error).message);
    }
  }

  #showEmpty(): void {
    const { query, cache } = this;
    this.#empty.hidden = cache.total > 0;
    if (cache.total > 0) return;
    const says = query.filters.search ? `Nothing fits “${query.filters.search}”` : query.isFiltered ? "Nothing fits this filter" : "No transactions yet";
    const parts = query.isFiltered ? [button("Clear all filters", "small", () => this.clearFilters())] : [];
    this.#empty.replaceChildren(h("h2", {}, says), ...parts);
  }

  #failed(problem: Problem): void {
    toast(`The rows did not come: ${problem.message}`, {
      action: "Try again",
      onAction: () => void (this.cache.isReady ? this.refresh() : this.cache.ask()),
    });
  }
}

customElements.define("bankside-register", Register);
