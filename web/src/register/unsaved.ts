// What a person has typed and the server has not confirmed. It is shown in the rows at once, survives a reload of the page, and
// goes only when the server has it or the person lets it go.
import { type Api, asProblem, type Problem } from "../api";
import type { Mark } from "./cells";
import { type Changes, type Detail, type Field, type Given, type Row, rowOf } from "./model";

export type Standing =
  | { kind: "saving" }
  | { kind: "failed"; says: string }
  /** Somebody changed it meanwhile; `theirs` is what it says now. */
  | { kind: "conflict"; theirs: string; seen: Record<string, unknown> }
  | { kind: "reconciled" };

export interface Change {
  id: string;
  field: Field | "cleared" | "lines";
  given: Given;
  /** What the person saw when they typed, by the names of the API. */
  seen: Record<string, unknown>;
  /** The row in words, for when it is out of sight. */
  about: string;
  standing: Standing;
  unlock?: boolean;
}

export interface UnsavedEvents {
  changed(): void;
  /** The server has said what a row is now. */
  learned(detail: Detail): void;
}

const SEEN: Record<keyof Changes, (row: Row) => unknown> = {
  date: (row) => row.date,
  payee: (row) => row.payee,
  note: (row) => row.note,
  category_id: (row) => row.category_id,
  tags: (row) => row.tags,
  add_tags: () => undefined,
  remove_tags: () => undefined,
  amount: (row) => row.amount,
  account: (row) => row.account,
  is_cleared: (row) => row.is_cleared,
  is_reviewed: () => undefined,
  lines: () => undefined,
};

export function seenOf(set: Changes, row: Row): Record<string, unknown> {
  const seen: Record<string, unknown> = {};
  for (const name of Object.keys(set) as (keyof Changes)[]) {
    const value = SEEN[name](row);
    if (value !== undefined) seen[name] = value;
  }
  return seen;
}

/** The lines of a transaction, to be compared with what they are when another split arrives. */
export function linesSeen(detail: Detail): Record<string, unknown> {
  return { lines: detail.lines.map(({ id, amount_minor, category_id, note }) => ({ id, amount_minor, category_id, note })) };
}

export class Unsaved {
  #changes: Change[];
  /** Changes of one row go one after the other, so that each is compared with what the one before left. */
  #queues = new Map<string, Promise<void>>();
  readonly #kept: string;

  constructor(
    readonly api: Api,
    readonly events: UnsavedEvents,
  ) {
    this.#kept = `bankside.unsaved ${api.address("")}`;
    this.#changes = this.#restore();
  }

  get all(): readonly Change[] {
    return this.#changes;
  }

  /** What needs the person: all that is not simply on its way. */
  get asking(): Change[] {
    return this.#changes.filter(({ standing }) => standing.kind !== "saving");
  }

  of(id: string, field: Change["field"]): Change | undefined {
    return this.#changes.find((change) => change.id === id && change.field === field);
  }

  markOf(id: string, field: Field): Mark | undefined {
    const change = this.of(id, field);
    return change && (change.standing.kind === "saving" ? "saving" : "failed");
  }

  /** A row as it will be. */
  over(row: Row): Row {
    let shown = row;
    for (const change of this.#changes) {
      if (change.id === row.id) shown = { ...shown, ...change.given.shown };
    }
    return shown;
  }

  save(row: Row, field: Change["field"], given: Given): Promise<void> {
    const before = this.of(row.id, field);
    const change: Change = {
      id: row.id,
      field,
      given,
      about: row.payee ?? "a row without payee",
      standing: { kind: "saving" },
      // What was typed over a value that never arrived was still typed over the one before.
      seen: before?.seen ?? { ...seenOf(given.set, row), ...given.seen },
    };
    this.#put(change);
    return this.#send(change);
  }

  retry(change: Change, { unlock = false } = {}): Promise<void> {
    const again: Change = { ...change, standing: { kind: "saving" }, ...(unlock ? { unlock } : {}) };
    // Keeping mine means: over what it says now.
    if (change.standing.kind === "conflict") again.seen = change.standing.seen;
    this.#put(again);
    return this.#send(again);
  }

  discard(change: Change): void {
    this.#changes = this.#changes.filter((other) => other !== change);
    this.#keep();
    this.events.changed();
  }

  #send(change: Change): Promise<void> {
    const before = this.#queues.get(change.id) ?? Promise.resolve();
    const sent = before.then(() => this.#patch(change));
    this.#queues.set(change.id, sent);
    void sent.then(() => {
      if (this.#queues.get(change.id) === sent) this.#queues.delete(change.id);
    });
    return sent;
  }

  async #patch(change: Change): Promise<void> {
    const body = { ...change.given.set, seen: change.seen, ...(change.unlock ? { unlock: true } : {}) };
    try {
      const { transaction } = await this.api.patch<{ transaction: Detail }>(`transactions/${change.id}`, body);
      this.#changes = this.#changes.filter((other) => other !== change);
      this.#keep();
      this.events.learned(transaction);
    } catch (error) {
      // Something newer may have been typed into the same field while this was on its way.
      if (!this.#changes.includes(change)) return;
      change.standing = await this.#standingAfter(change, asProblem(error));
      this.#keep();
      this.events.changed();
    }
  }

  async #standingAfter(change: Change, problem: Problem): Promise<Standing> {
    if (problem.code === "reconciled") return { kind: "reconciled" };
    if (problem.code !== "changed_meanwhile") return { kind: "failed", says: problem.message };
    try {
      const detail = await this.api.get<Detail>(`transactions/${change.id}`);
      const row = rowOf(detail);
      const { field, given } = change;
      // Somebody wrote the same, or it arrived although no answer came back.
      if (field !== "lines" && readable(field, row) === readable(field, { ...row, ...given.shown })) {
        this.#changes = this.#changes.filter((other) => other !== change);
        this.events.learned(detail);
        return { kind: "saving" };
      }
      this.events.learned(detail);
      const seen = { ...seenOf(given.set, row), ...(field === "lines" ? linesSeen(detail) : {}) };
      return { kind: "conflict", theirs: readable(change.field, row), seen };
    } catch (error) {
      return { kind: "failed", says: asProblem(error).message };
    }
  }

  #put(change: Change): void {
    this.#changes = [...this.#changes.filter((other) => other.id !== change.id || other.field !== change.field), change];
    this.#keep();
    this.events.changed();
  }

  #keep(): void {
    if (this.#changes.length === 0) sessionStorage.removeItem(this.#kept);
    else sessionStorage.setItem(this.#kept, JSON.stringify(this.#changes));
  }

  #restore(): Change[] {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.#kept) ?? "[]") as Change[];
      return kept.map((change) => ({
        ...change,
        standing: { kind: "failed", says: "The page was left before this was saved." },
      }));
    } catch {
      return [];
    }
  }
}

/** A field as it reads in a sentence. */
export function readable(field: Change["field"], row: Row): string {
  switch (field) {
    case "date":
      return row.date;
    case "account":
      return row.account_name;
    case "payee":
      return row.payee ?? "";
    case "note":
      return row.note ?? "";
    case "category":
      return row.category ?? "";
    case "tags":
      return row.tags.map((tag) => `#${tag}`).join(" ");
    case "amount":
      return row.amount;
    case "cleared":
      return row.is_cleared ? "cleared" : "not cleared";
    case "lines":
      return row.lines > 1 ? `split in ${row.lines}` : "not split";
  }
}
