// What is asked for: filters, search and order. Filters live in the page's address, the order with the person's browser.
import type { Params } from "../api";

export const FILTERS = [
  "only",
  "account",
  "search",
  "from",
  "to",
  "min",
  "max",
  "direction",
  "category",
  "main_category",
  "cashflow",
  "reach",
  "currency",
  "payee",
  "tag",
  "bill",
  "state",
  "new",
  "edited",
] as const;
export type Filter = (typeof FILTERS)[number];
export type Filters = Partial<Record<Filter, string>>;

export type Sort = "date" | "account" | "payee" | "note" | "category" | "amount" | "state";
export type Order = "asc" | "desc";

/** What a list can be sorted by where no head of a table says it, and how either way reads. */
export const SORTS: { sort: Sort; ways: Record<Order, string> }[] = [
  { sort: "date", ways: { desc: "Date, newest first", asc: "Date, oldest first" } },
  { sort: "account", ways: { desc: "Account, Z to A", asc: "Account, A to Z" } },
  { sort: "payee", ways: { desc: "Payee, Z to A", asc: "Payee, A to Z" } },
  { sort: "note", ways: { desc: "Note, Z to A", asc: "Note, A to Z" } },
  { sort: "category", ways: { desc: "Category, Z to A", asc: "Category, A to Z" } },
  { sort: "amount", ways: { desc: "Amount, largest first", asc: "Amount, smallest first" } },
  { sort: "state", ways: { desc: "State, from the bottom", asc: "State, from the top" } },
];

/** In the page's address, search goes by the name that the page without script uses. */
const ADDRESS_NAMES: Partial<Record<Filter, string>> = { search: "q" };
const SORT_KEPT = "bankside.register.sort";

export class Query {
  filters: Filters = {};
  sort: Sort = "date";
  order: Order = "desc";

  constructor(readonly account: string | null) {}

  static ofAddress(account: string | null, search: string | undefined): Query {
    const query = new Query(account);
    const address = new URLSearchParams(location.search);
    for (const name of FILTERS) {
      const value = address.get(ADDRESS_NAMES[name] ?? name) ?? address.get(name);
      // The page of one account asks nothing more of accounts.
      if (value && (name !== "account" || account === null)) query.filters[name] = value;
    }
    if (search && !query.filters.search) query.filters.search = search;
    const [sort, order] = (localStorage.getItem(SORT_KEPT) ?? "").split(" ");
    if (sort && order) {
      query.sort = sort as Sort;
      query.order = order as Order;
    }
    return query;
  }

  get isFiltered(): boolean {
    return Object.keys(this.filters).length > 0;
  }

  /** Whether rows stand as a bank statement lists them, so that a running balance makes sense. */
  get isStatement(): boolean {
    return this.account !== null && !this.isFiltered && this.sort === "date" && this.order === "desc";
  }

  set(name: Filter, value: string | undefined): void {
    if (value) this.filters[name] = value;
    else delete this.filters[name];
    this.#keepInAddress();
  }

  clear(): void {
    this.filters = {};
    this.#keepInAddress();
  }

  /** The same column again turns the order round; days and amounts begin with the newest and the largest. */
  sortBy(sort: Sort, order?: Order): void {
    const first: Order = sort === "date" || sort === "amount" ? "desc" : "asc";
    this.order = order ?? (this.sort !== sort ? first : this.order === "asc" ? "desc" : "asc");
    this.sort = sort;
    localStorage.setItem(SORT_KEPT, `${this.sort} ${this.order}`);
  }

  /** As the list takes it. */
  params(): Params {
    return { ...this.filter(), sort: this.sort, order: this.order };
  }

  /** As bulk changes take it: which rows, in whatever order. */
  filter(): Record<string, string | boolean> {
    const marks: Record<string, boolean> = {};
    if (this.filters.new) marks.new = this.filters.new === "true";
    if (this.filters.edited) marks.edited = this.filters.edited === "true";
    return { ...(this.account ? { account: this.account } : {}), ...this.filters, ...marks };
  }

  #keepInAddress(): void {
    const address = new URL(location.href);
    for (const name of FILTERS) {
      address.searchParams.delete(ADDRESS_NAMES[name] ?? name);
      address.searchParams.delete(name);
      const value = this.filters[name];
      if (value) address.searchParams.set(ADDRESS_NAMES[name] ?? name, value);
    }
    address.searchParams.delete("page");
    history.replaceState(history.state, "", address);
  }
}
