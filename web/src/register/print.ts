// On paper there is no scrolling: for printing, all rows that the filter finds stand in a plain table, in the order of the list.
import { h } from "../dom";
import { type Page, type Row, stateOf } from "./model";
import type { Register } from "./register";

/** More rows are not printed at once; what is left out is said. */
export const MOST_PRINTED = 5000;
/** As many as the server gives at once. */
const AT_ONCE = 500;

export class PrintTable {
  #parts: HTMLElement[] = [];

  constructor(readonly register: Register) {}

  start(): void {
    window.addEventListener("beforeprint", this.#lay);
    window.addEventListener("afterprint", this.#clear);
  }

  stop(): void {
    window.removeEventListener("beforeprint", this.#lay);
    window.removeEventListener("afterprint", this.#clear);
    this.#clear();
  }

  readonly #lay = (): void => {
    this.#clear();
    const { formats, query } = this.register;
    const { rows, total, isWhole } = this.#all();
    const isAll = query.account === null;
    const heads = ["Date", ...(isAll ? ["Account"] : []), "Payee", "Note", "Category", "Amount", "State"];
    const table = h(
      "table",
      { class: "book on-paper" },
      h("caption", {}, `${rows.length < total ? `${formats.count(rows.length)} of ${formats.count(total)}` : formats.count(total)} transactions`),
      h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { class: head === "Amount" ? "num" : "" }, head)))),
      h("tbody", {}, ...rows.map((row) => this.#row(this.register.unsaved.over(row), isAll))),
    );
    this.#parts = [table];
    const left = total - rows.length;
    if (left > 0 || !isWhole) {
      const why = isWhole
        ? `At most ${formats.count(MOST_PRINTED)} rows are printed at once. ${formats.count(left)} more are left out: filter by days to print them.`
        : "The server did not answer: these are the rows that were here.";
      this.#parts.push(h("p", { class: "on-paper-says" }, why));
    }
    this.register.append(...this.#parts);
  };

  #row(row: Row, isAll: boolean): HTMLElement {
    const { formats, home } = this.register;
    const figure = `${row.currency === home ? "" : `${row.currency} `}${formats.signed(row.amount_minor, row.scale)}`;
    const texts = [
      formats.fullDay(row.date),
      ...(isAll ? [row.account_name] : []),
      row.payee,
      row.note,
      row.lines > 1 ? `Split in ${row.lines}` : row.category,
    ];
    return h(
      "tr",
      {},
      ...texts.map((text) => h("td", {}, text ?? "")),
      h("td", { class: "num" }, figure),
      h("td", {}, stateOf(row).word),
    );
  }

  /** The rows of the list from its beginning, and whether none is missing that would be printed. */
  #all(): { rows: Row[]; total: number; isWhole: boolean } {
    const { cache } = this.register;
    const here: Row[] = [];
    for (let index = 0; index < Math.min(cache.total, MOST_PRINTED); index += 1) {
      const row = cache.row(index);
      if (!row) break;
      here.push(row);
    }
    if (cache.isComplete && here.length === cache.total) return { rows: here, total: cache.total, isWhole: true };
    const fetched: Row[] = [];
    let total = cache.total;
    do {
      const page = this.#page(fetched.length);
      if (!page) return { rows: [...cache.rows()], total, isWhole: false };
      if (page.is_counted) total = page.total;
      fetched.push(...page.transactions);
      if (page.transactions.length < AT_ONCE) break;
    } while (fetched.length < MOST_PRINTED);
    return { rows: fetched, total: Math.max(total, fetched.length), isWhole: true };
  }

  /** A browser that prints does not wait for an answer that comes later, so that this one has to come at once. */
  #page(offset: number): Page | null {
    const { api, query } = this.register;
    const request = new XMLHttpRequest();
    // What all come to is asked for once, since it is the same for every part.
    request.open("GET", api.address("transactions", { ...query.params(), offset, limit: AT_ONCE, totals: offset === 0 }), false);
    request.setRequestHeader("accept", "application/json");
    try {
      request.send();
      return request.status === 200 ? (JSON.parse(request.responseText) as Page) : null;
    } catch {
      return null;
    }
  }

  readonly #clear = (): void => {
    for (const part of this.#parts) part.remove();
    this.#parts = [];
  };
}
