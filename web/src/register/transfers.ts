// Transfers between own accounts: what a row says of its own, taking it apart, and choosing the other side by hand.
import { asProblem } from "../api";
import { button, debounce, freshId, h, hidden, icon, openDialog } from "../dom";
import { toast } from "../toast";
import type { Detail, Row, TransferMark } from "./model";
import type { Register } from "./register";

/** A row that may be the other side. */
interface Candidate {
  transaction: Row;
  why: string[];
}

export interface TransferWord {
  word: string;
  icon: string;
  /** Whether somebody should look. */
  asks: boolean;
}

/** What a row says of its transfer: “Transfer to Savings”, “In transit to Savings”. */
export function transferWord(row: Row): TransferWord | null {
  const mark = row.transfer;
  if (!mark) return null;
  const name = mark.account_name;
  const where = name ? ` ${row.amount_minor < 0 ? "to" : "from"} ${name}` : "";
  if (mark.state === "in_transit") return { word: `In transit${where}`, icon: "clock", asks: false };
  if (mark.state === "missing") return { word: `Not arrived${where}`, icon: "help", asks: true };
  return { word: `Transfer${where}`, icon: "swap", asks: false };
}

/** What it means, in a sentence. */
const MEANS: Record<Exclude<TransferMark["state"], "linked">, (name: string) => string> = {
  in_transit: (name) => `The bank names ${name} as the other side. That row has not come yet.`,
  missing: (name) => `The bank names ${name} as the other side, and no row there fits. Choose it by hand, if it is there.`,
  before_the_books: (name) => `The bank names ${name} as the other side. Its books begin later, so there is no row of it.`,
};

export class Transfers {
  constructor(readonly register: Register) {}

  /** The part of the panel; nothing where a row has nothing to do with a transfer. */
  section(row: Row, detail: Detail): HTMLElement[] {
    const word = transferWord(row);
    if (!word || !row.transfer) return [];
    const title = h("h3", {}, "Transfer");
    const status = h("p", { class: `status ${word.asks ? "is-act" : "is-off"}` }, icon(word.icon), word.word);
    const section = h("section", { class: "panel-transfer" }, title, status);
    if (row.transfer.state !== "linked") {
      section.append(h("p", { class: "sub" }, MEANS[row.transfer.state](row.transfer.account_name ?? "an account of yours")));
    } else if (detail.linked) {
      section.append(...this.#linked(row, detail.linked));
    } else {
      section.append(h("p", { class: "sub" }, "Its other side is in an account that you do not see."));
    }
    return [section];
  }

  #linked(row: Row, linked: NonNullable<Detail["linked"]>): Node[] {
    const { register } = this;
    const { formats } = register;
    const { other } = linked;
    const figure = `${other.currency === register.home ? "" : `${other.currency} `}${formats.signed(other.amount_minor, other.scale)}`;
    const act = (): void => void register.panel.open(other.id);
    const open = h("button", { type: "button", class: "link-button", onclick: act }, hidden("The other side: "));
    open.append(`${other.account_name}, ${formats.fullDay(other.date)}, `, h("span", { class: "num" }, figure));
    const parts: Node[] = [h("p", {}, open)];
    if (linked.fee_minor !== 0) {
      const fee = `${linked.fee_currency === register.home ? "" : `${linked.fee_currency} `}${formats.signed(linked.fee_minor, linked.fee_scale)}`;
      parts.push(h("p", {}, "Fee ", h("b", { class: "num" }, fee), h("span", { class: "sub" }, ", which counts as spending.")));
    }
    const who = linked.linked_by === "person" ? (linked.who ?? "Somebody") : "Bankside";
    parts.push(
      h("p", { class: "sub" }, `Why: linked by ${who}, ${formats.moment(linked.at)}.`),
      h("ul", { class: "grounds" }, ...linked.why.map((ground) => h("li", {}, ground))),
    );
    if (register.mayEdit) parts.push(button("Break the pair", "small", () => void this.break(row), icon("link")));
    return parts;
  }

  /** Takes a transfer apart. */
  async break(row: Row): Promise<void> {
    await this.#written("Taken apart. Nobody asks about these two again.", () =>
      this.register.api.delete<{ batch: string }>(`transactions/${row.id}/transfer`),
    );
  }

  async link(id: string, other: string): Promise<boolean> {
    return this.#written("Linked as a transfer.", () =>
      this.register.api.post<{ batch: string }>(`transactions/${id}/transfer`, { other }),
    );
  }

  /** Links two selected rows, or asks for the other side of the one with the focus. */
  make(): void {
    const { register } = this;
    const { selection } = register;
    if (!register.mayEdit) return;
    const [first, second] = selection.ids;
    if (selection.count === 2 && first && second) void this.link(first, second);
    else if (selection.count > 0) toast("A transfer has two rows: select these two, or none.");
    else {
      const row = register.rowAt(register.grid.active.position);
      if (row) this.choose(row);
    }
  }

  /** Asks which row is the other side. */
  choose(row: Row): void {
    if (row.transfer?.state === "linked") {
      toast("This is one side of a transfer already. Take that apart first.");
      return;
    }
    const { formats } = this.register;
    const titleId = freshId("transfer");
    const search = h("input", { class: "input", type: "search", placeholder: "Payee, note or account", "aria-label": "Search the other side" });
    const told = h("p", { class: "sub", role: "status" });
    const list = h("ul", { class: "candidates" });
    const close = h("button", { type: "button", class: "btn btn-quiet btn-icon", "aria-label": "Close" }, icon("close"));
    const figure = formats.signed(row.amount_minor, row.scale);
    const dialog = h(
      "dialog",
      { class: "narrow transfer-choice", "aria-labelledby": titleId },
      h("div", { class: "dialog-head" }, h("h2", { id: titleId, class: "grow" }, "Make a transfer"), close),
      h(
        "div",
        { class: "dialog-body stack" },
        h("p", {}, `Which row is the other side of ${row.payee ?? "this row"}, ${formats.fullDay(row.date)}, `, h("b", { class: "num" }, figure), "?"),
        h("label", { class: "search" }, icon("search"), search),
        told,
        list,
      ),
    );
    const take = async (other: Row): Promise<void> => {
      if (await this.link(row.id, other.id)) dialog.close();
    };
    let wanted = "";
    const ask = async (): Promise<void> => {
      wanted = search.value;
      const text = wanted;
      try {
        const { candidates } = await this.register.api.get<{ candidates: Candidate[] }>(
          `transactions/${row.id}/transfer/candidates?q=${encodeURIComponent(text)}`,
        );
        // What was typed since asks anew.
        if (text !== wanted) return;
        list.replaceChildren(...candidates.map((candidate) => this.#candidate(candidate, take)));
        told.textContent = candidates.length === 0 ? "No row of another account fits. It has to go the other way, and be part of no transfer." : "";
      } catch (error) {
        told.textContent = asProblem(error).message;
      }
    };
    search.addEventListener("input", debounce(200, () => void ask()));
    close.addEventListener("click", () => dialog.close());
    openDialog(dialog);
    search.focus();
    void ask();
  }

  #candidate({ transaction, why }: Candidate, take: (other: Row) => Promise<void>): HTMLElement {
    const { formats, home } = this.register;
    const { account_name, date, payee, amount_minor, scale, currency } = transaction;
    const figure = `${currency === home ? "" : `${currency} `}${formats.signed(amount_minor, scale)}`;
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: "candidate", onclick: () => void take(transaction) },
        h("span", { class: "grow" }, payee ?? "No payee", h("small", {}, `${account_name}, ${formats.fullDay(date)}`)),
        h("b", { class: `num${amount_minor > 0 ? " in" : ""}` }, figure),
        why[0] ? h("small", { class: "why" }, why.join(" ")) : null,
      ),
    );
  }

  async #written(says: string, write: () => Promise<{ batch: string }>): Promise<boolean> {
    const { register } = this;
    try {
      const { batch } = await write();
      toast(says, { action: "Undo", onAction: () => void register.history.undoBatch(batch) });
      await register.refresh();
      return true;
    } catch (error) {
      toast(asProblem(error).message);
      return false;
    }
  }
}
