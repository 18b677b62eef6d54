// <bankside-register data-api data-account …>: the register. It takes the place of the server's table once the first rows are
// here; until then, and without script, that table stands. This file only puts the parts together and answers what they share.
import { Api, type Problem } from "../api";
import { Formats } from "../formats";
import { toast } from "../toast";
import { Acts } from "./acts";
import { Bulk } from "./bulk";
import { RowCache } from "./cache";
import { clearCell, fillCell, fillLineCell, type Surroundings } from "./cells";
import { ColumnChoice } from "./columns";
import { button, debounce, h } from "../dom";
import { Draft } from "./draft";
import { Editing } from "./editing";
import { Names } from "./filter-words";
import { Folds } from "./folds";
import { Grid, type RowView } from "./grid";
import { Head } from "./head";
import { History } from "./history";
import { Keyboard } from "./keyboard";
import { Layout } from "./layout";
import { Live } from "./live";
import { Lookups } from "./lookups";
import { type Detail, type Row, rowOf } from "./model";
import { Merging } from "./merging";
import { Outline } from "./outline";
import { Panel } from "./panel";
import { Picking } from "./picking";
import { PrintTable } from "./print";
import { type Filter, type Order, Query, type Sort } from "./query";
import { Reconcile } from "./reconcile";
import { Selection } from "./selection";
import { Toolbar } from "./toolbar";
import { Transfers } from "./transfers";
import { Unsaved } from "./unsaved";
import { unsavedNotice } from "./unsaved-notice";

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
  layout!: Layout;
  acts!: Acts;
  folds!: Folds;
  picking!: Picking;
  transfers!: Transfers;
  merging!: Merging;
  #keyboard!: Keyboard;
  #live!: Live;
  #print!: PrintTable;
  #notice!: ReturnType<typeof unsavedNotice>;
  /** The paths of the assets that accounts belong to. */
  #paths = new Map<string, string>();
  #desk!: HTMLElement;
  #gridElement!: HTMLElement;
  #empty!: HTMLElement;
  #resize!: ResizeObserver;

  connectedCallback(): void {
    this.#make();
    this.#lay();
    this.#listen();
    void this.cache.ask();
    void this.#learnPaths();
  }

  disconnectedCallback(): void {
    this.#live.stop();
    this.unsaved.stop();
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

  /** How often the account, or all of them together, had moved when the server wrote the page. */
  get revision(): number {
    return Number(this.dataset.revision);
  }

  get mayEdit(): boolean {
    return this.dataset.mayEdit !== undefined;
  }

  get isNarrow(): boolean {
    return this.layout.isNarrow;
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

  sortBy(sort: Sort, order?: Order): void {
    this.query.sortBy(sort, order);
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
    this.changed();
    await Promise.all([this.folds.renew(), this.toolbar.count(), this.reconcile.follow(), this.panel.renew()]);
  }

  #make(): void {
    this.api = new Api(this.dataset.api ?? "");
    this.formats = Formats.ofPage(this.dataset.today ?? new Date().toISOString().slice(0, 10));
    this.query = Query.ofAddress(this.dataset.account ?? null, this.dataset.search);
    this.cache = new RowCache(this.api, this.query, {
      changed: () => this.#rowsCame(),
      failed: (problem) => this.#failed(problem),
    });
    this.lookups = new Lookups(this.api, this.dataset.mayAddCategories !== undefined);
    this.columns = new ColumnChoice();
    this.outline = new Outline();
    this.names = new Names();
    this.selection = new Selection(() => this.#selectionChanged());
    this.unsaved = new Unsaved(this.api, { changed: () => this.changed(), learned: (detail) => this.#learned(detail) });
    this.#notice = unsavedNotice(this.unsaved, (change) => this.editing.reopen(change));
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
    this.acts = new Acts(this);
    this.folds = new Folds(this);
    this.picking = new Picking(this);
    this.transfers = new Transfers(this);
    this.merging = new Merging(this);
    this.#keyboard = new Keyboard(this);
    this.#live = new Live(this);
    this.#print = new PrintTable(this);
  }

  #lay(): void {
    this.#empty = h("div", { class: "empty", hidden: true });
    this.#gridElement = h("div", {
      class: "grid",
      role: "grid",
      "aria-label": this.dataset.accountName ?? "Transactions",
      "aria-multiselectable": "true",
    });
    this.#gridElement.append(this.head.element, this.draft.element, this.grid.body);
    const overlay = h("div", { class: "overlay" }, this.editing.element);
    const top = h("div", { class: "sticky-top" }, this.toolbar.element, this.reconcile.element);
    const foot = h("div", { class: "foot-bars" }, this.#notice.element, this.bulk.element);
    const frame = h("div", { class: "frame" }, this.#gridElement, overlay);
    this.#desk = h("div", { class: "desk" }, top, frame, this.#empty, foot, this.panel.element);
    this.layout = new Layout(this, { desk: this.#desk, grid: this.#gridElement, top, foot });
  }

  #listen(): void {
    const body = this.grid.body;
    body.addEventListener("keydown", (event) => {
      if (!this.#keyboard.onGridKey(event)) return;
      event.preventDefault();
      event.stopPropagation();
    });
    body.addEventListener("click", (event) => this.acts.onClick(event));
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
    this.#resize = new ResizeObserver(debounce(50, () => this.#isShown && this.layout.renew()));
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

  get #isShown(): boolean {
    return this.#desk.isConnected;
  }

  #fill(view: RowView, position: number): void {
    const { index, line } = this.outline.placeAt(position);
    const there = this.cache.row(index);
    const { element, cells } = view;
    element.setAttribute("aria-busy", String(!there));
    if (!there) {
      element.className = "row is-loading";
      element.removeAttribute("aria-selected");
      for (const cell of cells.values()) clearCell(cell);
      return;
    }
    const row = this.unsaved.over(there);
    const around = this.#surroundings;
    const isSelected = !line && this.selection.has(row.id);
    element.className = line
      ? "row is-line"
      : `row${row.is_new ? " is-new" : ""}${row.status === "pending" ? " is-pending" : ""}`;
    element.setAttribute("aria-selected", String(isSelected));
    for (const column of this.grid.columns) {
      const cell = cells.get(column.key);
      if (!cell) continue;
      if (line) fillLineCell(cell, column, row, line, around);
      else fillCell(cell, column, row, around);
    }
  }

  /** Where accounts belong is asked once: many may have one name, and no row says it. */
  async #learnPaths(): Promise<void> {
    if (this.dataset.hasAssets === undefined) return;
    for (const { id, asset_path: path } of await this.lookups.accounts()) if (path) this.#paths.set(id, path);
    if (this.#paths.size > 0) this.changed();
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
      pathOf: (account) => this.#paths.get(account),
    };
  }

  #askAnew(): void {
    this.selection.clear();
    this.outline.clear();
    this.grid.active.position = 0;
    this.toolbar.show();
    const isFarDown = this.grid.scroller.top > 0;
    void this.cache.ask().then(() => {
      if (isFarDown && this.#isShown) this.grid.scroller.scrollTo(-this.grid.coveredTop);
      this.layout.renew();
    });
  }

  #rowsCame(): void {
    if (!this.#isShown && this.cache.isReady) this.#takeOver();
    this.#gridElement.setAttribute("aria-rowcount", String(this.size() + 1));
    this.#showEmpty();
    this.changed();
  }

  /** The first rows are here: the server's table goes. */
  #takeOver(): void {
    const began = this.querySelector<HTMLInputElement>('input[name="q"]');
    const isTyping = began !== null && began === document.activeElement;
    this.replaceChildren(this.#desk);
    this.classList.add("is-live");
    this.layout.renew();
    if (isTyping) this.toolbar.goOn(began.value);
    this.draft.restore();
    this.#live.start();
    this.unsaved.start();
    this.#print.start();
    void this.toolbar.count();
    void this.toolbar.learnNames();
    this.#openOnly();
    this.dispatchEvent(new CustomEvent("bankside:register", { bubbles: true }));
  }

  /** Whoever is led to one transaction alone comes to look at it, or to split it. */
  #openOnly(): void {
    const row = this.query.filters.only ? this.cache.row(0) : undefined;
    if (row) void this.panel.open(row.id, { split: this.mayEdit && location.hash === "#split" });
  }

  /** What rows say, or how they are marked, has changed. */
  changed(): void {
    if (!this.#isShown) return;
    // What an account began with stands below all of its rows, not below some of them.
    this.classList.toggle("is-part", this.query.isFiltered);
    this.#notice.show();
    this.toolbar.show();
    this.head.showSelection();
    this.grid.changed();
    this.#gridElement.setAttribute("aria-rowcount", String(this.size() + 1));
    this.editing.follow();
  }

  #learned(detail: Detail): void {
    this.cache.replace(rowOf(detail));
    this.selection.follow(this.cache.rows());
    this.panel.follow(detail);
    if (this.outline.isOpen(detail.id)) this.folds.show(detail);
    this.bulk.show();
    void this.reconcile.follow();
    this.changed();
  }

  #selectionChanged(): void {
    this.bulk.show();
    this.layout.renew();
    this.changed();
  }

  #moved(): void {
    const row = this.cache.row(this.outline.placeAt(this.grid.active.position).index);
    if (row) this.panel.followFocus(row.id);
  }

  #showEmpty(): void {
    const { query, cache } = this;
    this.#empty.hidden = cache.total > 0;
    if (cache.total > 0) return;
    const says = query.filters.search
      ? `Nothing fits “${query.filters.search}”`
      : query.isFiltered
        ? "Nothing fits this filter"
        : "No transactions yet";
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
