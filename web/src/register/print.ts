// On paper there is no scrolling: for printing, the rows that are here stand in a plain table.
import { h } from "../dom";
import { stateOf } from "./model";
import type { Register } from "./register";

export class PrintTable {
  #table: HTMLElement | null = null;

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
    const { cache, formats, query } = this.register;
    const rows = [...cache.rows()];
    const isAll = query.account === null;
    const heads = ["Date", ...(isAll ? ["Account"] : []), "Payee", "Note", "Category", "Amount", "State"];
    const body = h("tbody");
    for (const row of rows) {
      const figure = `${row.currency === this.register.home ? "" : `${row.currency} `}${formats.signed(row.amount_minor, row.scale)}`;
      const texts = [
        formats.fullDay(row.date),
        ...(isAll ? [row.account_name] : []),
        row.payee,
        row.note,
        row.lines > 1 ? `Split in ${row.lines}` : row.category,
      ];
      body.append(
        h(
          "tr",
          {},
          ...texts.map((text) => h("td", {}, text ?? "")),
          h("td", { class: "num" }, figure),
          h("td", {}, stateOf(row).word),
        ),
      );
    }
    const count =
      rows.length < cache.total ? `${formats.count(rows.length)} of ${formats.count(cache.total)}` : formats.count(cache.total);
    this.#table = h(
      "table",
      { class: "book on-paper" },
      h("caption", {}, `${count} transactions`),
      h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { class: head === "Amount" ? "num" : "" }, head)))),
      body,
    );
    this.register.append(this.#table);
  };

  readonly #clear = (): void => {
    this.#table?.remove();
    this.#table = null;
  };
}
