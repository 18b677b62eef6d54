// The bar above the grid: search, filter, two quick filters with their counts, how many were found, and what the grid shows.
import type { Sum, Unfinished } from "./model";
import type { Formats } from "../formats";
import { OPTIONAL, columnTitle } from "./columns";
import { button, debounce, h, hidden, icon, plural } from "../dom";
import { labels } from "./editors";
import { FilterForm } from "./filter-form";
import { chipText } from "./filter-words";
import { FILTERS, type Filter, type Order, SORTS, type Sort } from "./query";
import type { Register } from "./register";
import { MOST_PRINTED } from "./print";
import { totalOf } from "./selection";

interface Quick {
  what: "new" | "without_category";
  filter: Filter;
  value: string;
  title: string;
  button: HTMLButtonElement;
  count: HTMLElement;
}

export class Toolbar {
  readonly element = h("div", { class: "top" });
  readonly #search = h("input", { class: "input", type: "search", placeholder: "Search" });
  readonly #filter: FilterForm;
  readonly #menu = h("details", { class: "menu filter-menu" });
  readonly #more = h("details", { class: "menu" });
  readonly #found = h("span", { class: "push sub found", role: "status" });
  readonly #chips = h("ul", { class: "chips", "aria-label": "Filters" });
  readonly #quick: Quick[];

  constructor(readonly register: Register) {
    this.#filter = new FilterForm(register);
    this.#quick = [
      this.#makeQuick("new", "new", "true", "New"),
      this.#makeQuick("without_category", "category", "none", "No category"),
    ];
    this.#build();
    this.#search.value = register.query.filters.search ?? "";
    const find = debounce(150, () => register.filter("search", this.#search.value.trim() || undefined));
    this.#search.addEventListener("input", find);
    this.#search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "ArrowDown") return;
      event.preventDefault();
      register.grid.activate(0);
    });
  }

  /** What the query and its answer say. */
  show(): void {
    const { cache, query } = this.register;
    if (document.activeElement !== this.#search) this.#search.value = query.filters.search ?? "";
    const sums = query.isFiltered ? cache.sums : [];
    const { formats } = this.register;
    const worth = sums.map((sum) => ` · ${worthOf(sum, formats)}`).join("");
    const shown = `${formats.count(cache.total)}${cache.isCounted ? "" : "+"}`;
    const count = cache.isReady ? plural(cache.total, shown, "transaction") : "";
    if (this.#found.textContent !== count + worth) this.#found.replaceChildren(count, h("span", { class: "num" }, worth));
    for (const quick of this.#quick)
      quick.button.setAttribute("aria-pressed", String(query.filters[quick.filter] === quick.value));
    this.#showChips();
    this.#filter.show();
  }

  focusSearch(): void {
    this.#search.focus();
    this.#search.select();
  }

  /** What somebody began to type into the server's field goes on here. */
  goOn(text: string): void {
    this.#search.value = text;
    this.#search.focus();
    this.#search.setSelectionRange(text.length, text.length);
    const wanted = text.trim() || undefined;
    if (wanted !== this.register.query.filters.search) this.register.filter("search", wanted);
  }

  openFilter(): void {
    this.#menu.open = true;
    this.#filter.focus();
  }

  /** How many there are behind each quick filter, however the list is filtered now. */
  async count(): Promise<void> {
    const { api, query } = this.register;
    const account = query.account ?? undefined;
    const unfinished = await api.get<Unfinished>("transactions/unfinished", { account }).catch(() => null);
    if (!unfinished) return;
    for (const { what, count } of this.#quick) {
      const { formats } = this.register;
      const isMore = unfinished[what] > unfinished.counted_to;
      count.textContent = isMore ? `${formats.count(unfinished.counted_to)}+` : formats.count(unfinished[what]);
    }
  }

  /** An address knows what it filters by only by its id. */
  async learnNames(): Promise<void> {
    const { query, lookups, names } = this.register;
    if (query.filters.category || query.filters.main_category) for (const { id, path } of await lookups.categories()) names.learn(id, path);
    if (query.filters.account) for (const { account, label } of labels(await lookups.accounts())) names.learn(account.id, label);
    if (query.filters.tag) for (const { id, name } of await lookups.tags()) names.learn(id, name);
    this.show();
  }

  #build(): void {
    const filterButton = h("summary", { class: "btn btn-quiet" }, icon("filter"), "Filter");
    this.#menu.append(filterButton, this.#filter.element);
    this.#more.append(h("summary", { class: "btn btn-quiet btn-icon" }, icon("more"), hidden("More")));
    this.#more.addEventListener("toggle", () => this.#fillMore());
    const bar = h(
      "div",
      { class: "toolbar", role: "search", "aria-label": "Transactions" },
      h("label", { class: "search" }, icon("search"), hidden("Search transactions"), this.#search),
      this.#menu,
      ...this.#quick.map((quick) => quick.button),
      this.register.mayEdit && this.register.query.account
        ? h(
            "button",
            { type: "button", class: "btn btn-quiet hide-narrow", onclick: () => this.register.reconcile.begin() },
            icon("lock"),
            "Reconcile",
          )
        : null,
      this.#found,
      this.#more,
    );
    this.element.append(bar, this.#chips);
  }

  #makeQuick(what: Quick["what"], filter: Filter, value: string, title: string): Quick {
    const count = h("b");
    const act = (): void => {
      const { filters } = this.register.query;
      this.register.filter(filter, filters[filter] === value ? undefined : value);
    };
    const pressed = h(
      "button",
      { type: "button", class: "btn btn-quiet quick", "aria-pressed": "false", onclick: act },
      `${title} `,
      count,
    );
    return { what, filter, value, title, button: pressed, count };
  }

  #showChips(): void {
    const { query } = this.register;
    const shown = FILTERS.filter((name) => name !== "search" && query.filters[name]);
    this.#chips.hidden = shown.length === 0;
    const drop = (name: Filter): void => {
      this.register.filter(name, undefined);
      this.#menu.querySelector("summary")?.focus();
    };
    const chips = shown.map((name) => {
      const text = chipText(name, query.filters[name] ?? "", this.register);
      return h(
        "li",
        {},
        h("button", { type: "button", class: "filter-chip", onclick: () => drop(name) }, text, icon("close"), hidden(", remove")),
      );
    });
    const clear = h(
      "li",
      {},
      button("Clear all", "quiet small", () => this.register.clearFilters()),
    );
    this.#chips.replaceChildren(...chips, ...(shown.length > 1 ? [clear] : []));
  }

  #fillMore(): void {
    if (!this.#more.open) return;
    const { columns, mayEdit, query, isNarrow } = this.register;
    const boxes = OPTIONAL.filter((key) => columns.isOffered(key, this.register.layout.room)).map((key) => {
      const box = h("input", { type: "checkbox" });
      box.checked = columns.isChosen(key);
      box.addEventListener("change", () => {
        columns.choose(key, box.checked);
        this.register.layout.renew();
      });
      return h("label", { class: "choice" }, box, columnTitle(key));
    });
    const two = h("input", { type: "checkbox", class: "switch", role: "switch" });
    two.checked = columns.amounts === "two";
    two.addEventListener("change", () => {
      columns.amounts = two.checked ? "two" : "one";
      this.register.layout.renew();
      this.#fillMore();
    });
    const list = h(
      "div",
      { class: "menu-list columns-menu" },
      // Rows of two lines have no head that sorts, and no columns to choose from.
      ...(isNarrow
        ? [this.#sorting()]
        : [
            h("fieldset", { class: "stack-1" }, h("legend", {}, "Columns"), ...boxes),
            h("label", { class: "choice below" }, two, "Payment and deposit apart"),
          ]),
    );
    if (mayEdit && isNarrow) list.append(this.#item("check", "Select all", "What the filter finds", () => this.register.picking.all()));
    if (mayEdit && query.account) {
      list.append(this.#item("lock", "Reconcile", "Against the balance of a statement", () => this.register.reconcile.begin()));
    }
    if (mayEdit) {
      const { history } = this.register;
      list.append(
        this.#item("undo", "Undo", "What I did last", () => void history.undo()),
        this.#item("loop", "Redo", "What I undid last", () => void history.redo()),
      );
    }
    list.append(this.#item("file", "Print", this.#printSays(), () => window.print()));
    this.#more.querySelector(".menu-list")?.remove();
    this.#more.append(list);
  }

  #sorting(): HTMLElement {
    const { query } = this.register;
    const select = h(
      "select",
      {},
      ...SORTS.filter(({ sort }) => sort !== "account" || query.account === null).flatMap(({ sort, ways }) =>
        (["desc", "asc"] as const).map((order) => h("option", { value: `${sort} ${order}` }, ways[order])),
      ),
    );
    select.value = `${query.sort} ${query.order}`;
    select.addEventListener("change", () => {
      const [sort, order] = select.value.split(" ") as [Sort, Order];
      this.#more.open = false;
      this.register.sortBy(sort, order);
      // The head that the focus goes to otherwise is not in sight here.
      this.#more.querySelector("summary")?.focus();
    });
    return h("label", { class: "sorting" }, h("span", {}, "Sorted by"), select);
  }

  #printSays(): string {
    const { cache, formats } = this.register;
    const most = formats.count(MOST_PRINTED);
    return cache.total > MOST_PRINTED ? `The first ${most} of these rows` : "All of these rows";
  }

  #item(drawing: string, title: string, says: string, act: () => void): HTMLElement {
    const onclick = (): void => {
      this.#more.open = false;
      act();
    };
    return h(
      "button",
      { type: "button", class: "menu-item", onclick },
      icon(drawing),
      h("span", {}, title, h("small", {}, says)),
    );
  }
}

/** What rows come to; before it what their lines do that are asked for, where other lines stand beside them. */
function worthOf(sum: Sum, formats: Formats): string {
  const { minor, scale, currency } = totalOf(sum);
  const whole = `${formats.amount(minor, scale)} ${currency}`;
  const lines = sum.lines_amount_minor;
  if (lines === null || lines === sum.amount_minor) return whole;
  return `${formats.amount(lines, scale)} of ${whole}`;
}
