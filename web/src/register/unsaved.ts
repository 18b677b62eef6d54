// What a person has typed and the server has not confirmed. It is shown in the rows at once, outlives the page, the tab and the browser,
// and goes only when the server has it, when the person lets it go, or when they sign out.
import { type Api, asProblem, type Problem } from "../api";
import type { Mark } from "./cells";
import { keep, keptAt, organizationOfPage, placeOf } from "../kept";
import { type Changes, type Detail, type Field, type Given, type Row, rowOf } from "./model";

export type Standing =
  | { kind: "saving" }
  | { kind: "failed"; says: string }
  /** It cannot be meant as it was typed: nothing was sent, and the row shows what it said before. */
  | { kind: "refused"; says: string }
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
  /** When it was sent last, by the browser's clock. */
  sentAt?: number;
}

/** What was on its way so recently when a page opens may still arrive, sent by another tab: nobody is asked about it yet. */
const ON_ITS_WAY_MS = 5000;
const LEFT: Standing = { kind: "failed", says: "The page was left before this was saved." };

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
    this.#kept = placeOf("bankside.unsaved", organizationOfPage());
    this.#changes = [...keptAt(this.#kept)].flatMap(([place, text]) => this.#restored(place, text));
  }

  start(): void {
    window.addEventListener("storage", this.#onStorage);
  }

  stop(): void {
    window.removeEventListener("storage", this.#onStorage);
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
    if (!change) return undefined;
    return change.standing.kind === "saving" ? "saving" : "failed";
  }

  /** A row as it will be. */
  over(row: Row): Row {
    let shown = row;
    for (const change of this.#changes) {
      if (change.id === row.id && change.standing.kind !== "refused") shown = { ...shown, ...change.given.shown };
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
      sentAt: Date.now(),
      // What was typed over a value that never arrived was still typed over the one before.
      seen: (before?.standing.kind === "refused" ? undefined : before?.seen) ?? { ...seenOf(given.set, row), ...given.seen },
    };
    this.#put(change);
    return this.#send(change);
  }

  /** What was typed into a field that somebody has left, and cannot be meant, waits for them. */
  refuse(row: Row, field: Field, text: string, says: string): void {
    const about = row.payee ?? "a row without payee";
    this.#put({ id: row.id, field, given: { set: {}, shown: {}, text }, seen: {}, about, standing: { kind: "refused", says } });
  }

  retry(change: Change, { unlock = false } = {}): Promise<void> {
    const again: Change = { ...change, standing: { kind: "saving" }, sentAt: Date.now(), ...(unlock ? { unlock } : {}) };
    // Keeping mine means: over what it says now.
    if (change.standing.kind === "conflict") again.seen = change.standing.seen;
    this.#put(again);
    return this.#send(again);
  }

  discard(change: Change): void {
    this.#drop(change);
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
      this.#drop(change);
      this.events.learned(transaction);
    } catch (error) {
      // Something newer may have been typed into the same field while this was on its way.
      if (!this.#changes.includes(change)) return;
      change.standing = await this.#standingAfter(change, asProblem(error));
      if (this.#changes.includes(change)) this.#keep(change);
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
        this.#drop(change);
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
    this.#changes = [...this.#changes.filter((other) => !isOf(other, change)), change];
    this.#keep(change);
    this.events.changed();
  }

  /** Lets go of a change, unless something newer of the same field has taken its place. */
  #drop(change: Change): void {
    const isLast = this.#changes.includes(change);
    this.#changes = this.#changes.filter((other) => other !== change);
    if (isLast) keep(this.#placeOf(change), null);
    window.dispatchEvent(new CustomEvent("bankside:unsaved"));
  }

  /** Each has a place of its own, so that two tabs never write over what the other keeps. */
  #placeOf({ id, field }: Change): string {
    return `${this.#kept}${id} ${field}`;
  }

  #keep(change: Change): void {
    keep(this.#placeOf(change), JSON.stringify(change));
    window.dispatchEvent(new CustomEvent("bankside:unsaved"));
  }

  #restored(place: string, text: string): Change[] {
    let change: Change;
    try {
      change = JSON.parse(text) as Change;
    } catch {
      keep(place, null);
      return [];
    }
    if (change.standing.kind === "refused") return [change];
    const wait = change.standing.kind === "saving" ? (change.sentAt ?? 0) + ON_ITS_WAY_MS - Date.now() : 0;
    if (wait <= 0 || wait > ON_ITS_WAY_MS) return [{ ...change, standing: LEFT }];
    window.setTimeout(() => {
      // Whoever had sent it has had the answer by now, and then it is gone from here too.
      if (!this.#changes.includes(change)) return;
      change.standing = LEFT;
      this.#keep(change);
      this.events.changed();
    }, wait);
    return [change];
  }

  /** Another tab keeps something, or has let it go. */
  readonly #onStorage = ({ key, newValue }: StorageEvent): void => {
    if (!key?.startsWith(this.#kept)) return;
    const others = this.#changes.filter((change) => this.#placeOf(change) !== key);
    // What this tab has sent itself is its own to tell.
    const isOwn = this.#changes.some((change) => this.#placeOf(change) === key && this.#queues.has(change.id));
    if (isOwn) return;
    this.#changes = newValue === null ? others : [...others, ...this.#restored(key, newValue)];
    this.events.changed();
  };
}

function isOf(one: Change, other: Change): boolean {
  return one.id === other.id && one.field === other.field;
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
