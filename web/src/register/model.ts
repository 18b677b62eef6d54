// What the API of the books sends and takes.

export interface Row {
  id: string;
  account: string;
  account_name: string;
  date: string;
  payee: string | null;
  note: string | null;
  category: string | null;
  category_id: string | null;
  tags: string[];
  amount: string;
  amount_minor: number;
  currency: string;
  scale: number;
  status: "booked" | "pending" | "scheduled" | "declined";
  is_from_bank: boolean;
  is_new: boolean;
  is_edited: boolean;
  is_cleared: boolean;
  is_reconciled: boolean;
  /** How many lines; more than one is a split. */
  lines: number;
  /** The account's balance after this row, where the server knows it. */
  balance_minor?: number | null;
  /** What it is of a transfer between own accounts. */
  transfer: TransferMark | null;
}

export interface TransferMark {
  /** Linked; or what became of an other side that the bank names. */
  state: "linked" | "in_transit" | "missing" | "before_the_books";
  /** Neither is told of an account that is out of sight. */
  account: string | null;
  account_name: string | null;
  transaction: string | null;
}

export interface Line {
  id?: string;
  amount: string;
  amount_minor: number;
  note: string | null;
  category: string | null;
  category_id: string | null;
  tags: string[];
}

export interface Origin {
  field: string;
  layer: "bank" | "rule" | "person" | "none";
  /** What the rule is called, where one has written and its name is known. */
  rule: string | null;
  bank: string | null;
  bank_shown: boolean;
}

export interface BankRow {
  id: string;
  bank_account: string;
  /** Neither is known once the connection is gone. */
  bank: string | null;
  provider: string | null;
  received_at: string;
  status: string;
  counterparty: string | null;
  text: string | null;
  /** Which part of a purchase in parts: "3/12". */
  instalment: string | null;
  bill: { id: string; due: string } | null;
  /** What was paid in another currency: "-45.90 USD". */
  original_amount: string | null;
  /** Why it cannot be read, where it cannot. */
  unreadable: string | null;
  raw: string;
  why: string | null;
}

export interface Happening {
  batch: string;
  at: string;
  actor: "sync" | "import" | "you" | "person" | "rule" | "system";
  who: string | null;
  summary: string;
  /** Taken back by a later batch. */
  is_undone: boolean;
  is_undoing: boolean;
  changes: { field: string; before: string | null; after: string | null }[];
}

export interface Detail extends Omit<Row, "lines"> {
  lines: Line[];
  booked_on: string | null;
  value_on: string | null;
  origins: Origin[];
  bank_rows: BankRow[];
  history: Happening[];
  /** The transfer that it is part of. */
  linked: {
    other: Row;
    linked_by: "rows" | "person";
    who: string | null;
    at: string;
    why: string[];
    fee_minor: number;
    fee_currency: string;
    fee_scale: number;
  } | null;
}

export interface Sum {
  currency: string;
  amount: string;
  amount_minor: number;
  count: number;
  /** What of that is of lines that are asked for, where rows were split. */
  lines_amount: string | null;
  lines_amount_minor: number | null;
}

export interface Page {
  /** At least, where they are not counted. */
  total: number;
  is_counted: boolean;
  sums: Sum[];
  transactions: Row[];
}

/** How much is left to do; a count above `counted_to` says that there is more. */
export interface Unfinished {
  new: number;
  without_category: number;
  counted_to: number;
}

/** What of a row a person may set; null is blank. */
export interface Changes {
  date?: string;
  payee?: string | null;
  note?: string | null;
  category_id?: string | null;
  tags?: string[];
  add_tags?: string[];
  remove_tags?: string[];
  amount?: string;
  account?: string;
  is_cleared?: boolean;
  is_reviewed?: boolean;
  lines?: { id?: string; amount: string; note: string | null; category_id: string | null; tags: string[] }[];
}

export type Field = "date" | "account" | "payee" | "note" | "category" | "tags" | "amount";

/** A value that a person gave a field: what is sent, and how it reads. */
export interface Given {
  set: Changes;
  /** As it is shown in a row until the server answers. */
  shown: Partial<Row>;
  /** As it reads in a sentence. */
  text: string;
  /** What was seen of it, where a row does not show it. */
  seen?: Record<string, unknown>;
}

export interface Category {
  id: string;
  name: string;
  path: string;
  parent: string | null;
  used: number;
}

export interface Payee {
  id: string;
  name: string;
  last_category_id: string | null;
  last_category: string | null;
}

export interface Tag {
  id: string;
  name: string;
}

export interface Account {
  id: string;
  name: string;
  currency: string;
  balance?: unknown;
  scale?: number;
  asset_path?: string | null;
}

export const FIELD_NAMES: Record<string, string> = {
  date: "date",
  account: "account",
  payee: "payee",
  note: "note",
  category: "category",
  category_id: "category",
  tags: "tags",
  amount: "amount",
  amount_minor: "amount",
  status: "state at the bank",
  lines: "split",
  is_cleared: "cleared mark",
  is_reviewed: "reviewed mark",
};

export function rowOf(detail: Detail): Row {
  const { lines, booked_on: _booked, value_on: _value, origins: _origins, bank_rows: _rows, history: _history, linked: _linked, ...rest } = detail;
  return { ...rest, lines: lines.length };
}

export interface State {
  word: string;
  icon: string;
}

/** The state as it is shown: the first that holds. */
export function stateOf(row: Row): State {
  if (row.status === "pending") return { word: "Pending", icon: "clock" };
  if (row.status === "scheduled") return { word: "Scheduled", icon: "clock" };
  if (row.status === "declined") return { word: "Declined", icon: "close" };
  if (row.is_reconciled) return { word: "Reconciled", icon: "lock" };
  if (row.is_cleared) return { word: "Cleared", icon: "check" };
  return { word: "Typed", icon: "pen" };
}

/** Why the amount of a row is not the person's to change, or null where it is. */
export function whyAmountStands(row: Row): string | null {
  if (row.is_from_bank) return "The bank's amount stands. Split the row if parts of it belong elsewhere.";
  if (row.lines > 1) return "This row is split: change its lines.";
  return null;
}
