// The columns of the register: which there are, which are shown, and how wide they stand.
import type { Field } from "./model";
import type { Sort } from "./query";

export type ColumnKey =
  "select" | "date" | "account" | "payee" | "note" | "category" | "tags" | "amount" | "payment" | "deposit" | "balance" | "state";

export interface Column {
  key: ColumnKey;
  title: string;
  /** Its share of the row, as a track of a CSS grid. */
  track: string;
  /** The least it needs, in rem: what does not fit gives way. */
  least: number;
  cell: string;
  sort?: Sort;
  field?: Field;
  isNum?: boolean;
  /** What a row is called by. */
  isName?: boolean;
}

const COLUMNS: Column[] = [
  { key: "select", title: "Select", track: "2.5rem", least: 2.5, cell: "c-sel" },
  { key: "date", title: "Date", track: "6.5rem", least: 6.5, cell: "c-date", sort: "date", field: "date" },
  { key: "account", title: "Account", track: "minmax(6rem, 8fr)", least: 6, cell: "c-acct", sort: "account", field: "account" },
  {
    key: "payee",
    title: "Payee",
    track: "minmax(9rem, 15fr)",
    least: 9,
    cell: "c-payee",
    sort: "payee",
    field: "payee",
    isName: true,
  },
  { key: "note", title: "Note", track: "minmax(6rem, 12fr)", least: 6, cell: "c-note", sort: "note", field: "note" },
  {
    key: "category",
    title: "Category",
    track: "minmax(7rem, 9.5fr)",
    least: 7,
    cell: "c-cat",
    sort: "category",
    field: "category",
  },
  { key: "tags", title: "Tags", track: "minmax(5rem, 7fr)", least: 5, cell: "c-tags", field: "tags" },
  { key: "amount", title: "Amount", track: "7.5rem", least: 7.5, cell: "c-amt", sort: "amount", field: "amount", isNum: true },
  {
    key: "payment",
    title: "Payment",
    track: "7rem",
    least: 7,
    cell: "c-amt c-out",
    sort: "amount",
    field: "amount",
    isNum: true,
  },
  { key: "deposit", title: "Deposit", track: "7rem", least: 7, cell: "c-amt c-in", field: "amount", isNum: true },
  { key: "balance", title: "Balance", track: "7.5rem", least: 7.5, cell: "c-bal", isNum: true },
  { key: "state", title: "State", track: "7.25rem", least: 7.25, cell: "c-state", sort: "state" },
];

/** What a person may hide. The rest says which row it is, and what it is worth. */
export const OPTIONAL: ColumnKey[] = ["account", "note", "category", "tags", "balance", "state"];
/** What gives way where there is no room, first to last. */
const GIVES_WAY: ColumnKey[] = ["tags", "balance", "note", "account", "state"];

export type Amounts = "one" | "two";

interface Choice {
  hidden: ColumnKey[];
  amounts: Amounts;
}

const KEPT = "bankside.register.columns";
const AT_FIRST: Choice = { hidden: ["tags"], amounts: "one" };

export interface Room {
  /** The width there is, in rem. */
  rems: number;
  isOneAccount: boolean;
  /** Whether a running balance would be right. */
  isStatement: boolean;
}

export class ColumnChoice {
  #choice: Choice = read();

  get amounts(): Amounts {
    return this.#choice.amounts;
  }

  set amounts(amounts: Amounts) {
    this.#keep({ ...this.#choice, amounts });
  }

  isChosen(key: ColumnKey): boolean {
    return !this.#choice.hidden.includes(key);
  }

  choose(key: ColumnKey, isShown: boolean): void {
    const others = this.#choice.hidden.filter((hidden) => hidden !== key);
    this.#keep({ ...this.#choice, hidden: isShown ? others : [...others, key] });
  }

  /** Whether a column makes sense here at all. */
  isOffered(key: ColumnKey, room: Room): boolean {
    if (key === "account") return !room.isOneAccount;
    if (key === "balance") return room.isStatement;
    if (key === "amount") return this.amounts === "one";
    if (key === "payment" || key === "deposit") return this.amounts === "two";
    return true;
  }

  shown(room: Room, isNarrow: boolean): Column[] {
    const chosen = COLUMNS.filter(({ key }) => this.isChosen(key) && this.isOffered(key, room));
    // Two-line rows have a place for each of these, and one figure.
    if (isNarrow) {
      const keys = ["select", "date", "payee", "category", "amount", "state"];
      return COLUMNS.filter(({ key }) => keys.includes(key));
    }
    let columns = chosen;
    for (const key of GIVES_WAY) {
      if (columns.reduce((sum, column) => sum + column.least, 0) <= room.rems) break;
      columns = columns.filter((column) => column.key !== key);
    }
    return columns;
  }

  #keep(choice: Choice): void {
    this.#choice = choice;
    localStorage.setItem(KEPT, JSON.stringify(choice));
  }
}

function read(): Choice {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null") as Partial<Choice> | null;
    if (!kept) return AT_FIRST;
    const hidden = (kept.hidden ?? AT_FIRST.hidden).filter((key) => OPTIONAL.includes(key));
    return { hidden, amounts: kept.amounts === "two" ? "two" : "one" };
  } catch {
    return AT_FIRST;
  }
}

export function columnTitle(key: ColumnKey): string {
  return COLUMNS.find((column) => column.key === key)?.title ?? key;
}
