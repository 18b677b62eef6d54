// The rows that are here: blocks of the list, fetched when they come near, and given up when they have long been out of sight.
import { type Api, asProblem, isAborted, type Problem } from "../api";
import type { Page, Row, Sum } from "./model";
import type { Query } from "./query";

const BLOCK = 200;
const BLOCKS_KEPT = 40;

export interface CacheEvents {
  /** Rows have come, gone or changed. */
  changed(): void;
  /** What was asked for did not come. */
  failed(problem: Problem): void;
}

export class RowCache {
  /** At least, until all are counted. */
  total = 0;
  sums: Sum[] = [];
  isCounted = true;
  /** What counts the rows, where the first of them did not wait for it. */
  counting: Promise<void> = Promise.resolve();
  /** Whether anything has been answered since the query was asked. */
  isReady = false;
  /** Kept in the order of use: the first is the one used longest ago. */
  #blocks = new Map<number, Row[]>();
  /** What stood there before rows came or went: shown until what stands there now is here. */
  #stale = new Map<number, Row[]>();
  #places = new Map<string, number>();
  #calls = new Map<number, AbortController>();
  #renewal: AbortController | null = null;
  /** After a failure nothing is fetched until a person or a later refresh asks. */
  #isHeldBack = false;
  #asked = 0;

  constructor(
    readonly api: Api,
    readonly query: Query,
    readonly events: CacheEvents,
  ) {}

  row(index: number): Row | undefined {
    return this.#block(Math.floor(index / BLOCK))?.[index % BLOCK];
  }

  indexOf(id: string): number | undefined {
    return this.#places.get(id);
  }

  byId(id: string): Row | undefined {
    const index = this.#places.get(id);
    return index === undefined ? undefined : this.row(index);
  }

  /** Every row that is here, each once: one that has moved stands in an old block and in a new one. */
  *rows(): Iterable<Row> {
    for (const [at, block] of this.#stale) yield* block.filter((row, nth) => this.#places.get(row.id) === at * BLOCK + nth);
    for (const block of this.#blocks.values()) yield* block;
  }

  get isComplete(): boolean {
    return this.isCounted && this.#stale.size === 0 && this.#places.size >= this.total;
  }

  /** Fetches what is missing between two rows, and stops fetching what is no longer wanted. */
  ensure(first: number, last: number): void {
    if (this.#isHeldBack) return;
    const wanted = blocksBetween(first, this.isReady ? Math.min(last, this.total - 1) : last);
    for (const [block, call] of this.#calls) {
      if (wanted.includes(block)) continue;
      call.abort();
      this.#calls.delete(block);
    }
    for (const block of wanted) {
      if (this.#blocks.has(block)) this.#touch(block);
      else if (!this.#calls.has(block)) void this.#fetch(block);
    }
  }

  /** A new question: nothing that is here answers it, but it stays on screen until the answer comes. */
  async ask(): Promise<void> {
    this.#stop();
    await this.#renew([0], false);
    if (!this.isCounted) this.counting = this.#count();
  }

  /** Fetches again what is in sight, and forgets the rest. Nothing changes on screen before the answer is here. */
  async refresh(first: number, last: number): Promise<void> {
    this.#stop();
    await this.#renew(blocksBetween(first, last), true);
  }

  /** Puts a row in the place of what it was. */
  replace(row: Row): void {
    const index = this.#places.get(row.id);
    if (index === undefined) return;
    const block = this.#block(Math.floor(index / BLOCK));
    const before = block?.[index % BLOCK];
    // Only the list knows the balance after a row.
    if (block) block[index % BLOCK] = { ...row, balance_minor: row.balance_minor ?? before?.balance_minor ?? null };
    this.events.changed();
  }

  /** All rows that the query finds; for few enough. */
  async everything(): Promise<Row[]> {
    await this.counting;
    const rows: Row[] = [];
    for (let offset = 0; offset < this.total; offset += 500) {
      const page = await this.api.get<Page>("transactions", { ...this.query.params(), offset, limit: 500 });
      rows.push(...page.transactions);
    }
    return rows;
  }

  stop(): void {
    this.#stop();
    this.#isHeldBack = true;
  }

  #page(block: number, totals: boolean, signal: AbortSignal): Promise<Page> {
    return this.api.get<Page>("transactions", { ...this.query.params(), offset: block * BLOCK, limit: BLOCK, totals }, signal);
  }

  /** Counts what the query finds: many rows take longer to count than to show the first of. */
  async #count(): Promise<void> {
    const asked = this.#asked;
    try {
      const page = await this.api.get<Page>("transactions", { ...this.query.params(), limit: 1 }, this.#renewal?.signal);
      if (asked !== this.#asked) return;
      this.total = page.total;
      this.sums = page.sums;
      this.isCounted = true;
      this.events.changed();
    } catch (error) {
      if (!isAborted(error) && asked === this.#asked) this.events.failed(asProblem(error));
    }
  }

  async #fetch(block: number): Promise<void> {
    const call = new AbortController();
    this.#calls.set(block, call);
    try {
      const page = await this.#page(block, false, call.signal);
      if (call.signal.aborted) return;
      // Rows have come or gone meanwhile: what was fetched before stands elsewhere now.
      if (this.isReady && this.isCounted && page.is_counted && page.total !== this.total) this.#distrust();
      this.#keep(block, page);
      this.events.changed();
    } catch (error) {
      if (isAborted(error)) return;
      this.#isHeldBack = true;
      this.events.failed(asProblem(error));
    } finally {
      if (this.#calls.get(block) === call) this.#calls.delete(block);
    }
  }

  async #renew(blocks: number[], totals: boolean): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const call = new AbortController();
    this.#renewal = call;
    try {
      const pages = await Promise.all(blocks.map((block) => this.#page(block, totals, call.signal)));
      if (asked !== this.#asked) return;
      this.#isHeldBack = false;
      this.#blocks.clear();
      this.#stale.clear();
      this.total = 0;
      this.isCounted = false;
      pages.forEach((page, at) => this.#keep(blocks[at] ?? 0, page));
      this.isReady = true;
      this.events.changed();
    } catch (error) {
      if (isAborted(error) || asked !== this.#asked) return;
      this.#isHeldBack = true;
      this.events.failed(asProblem(error));
    }
  }

  #keep(block: number, page: Page): void {
    if (page.is_counted) {
      this.total = page.total;
      this.sums = page.sums;
      this.isCounted = true;
    } else if (!this.isCounted) {
      this.total = Math.max(this.total, page.total);
      this.sums = [];
    }
    this.#blocks.set(block, page.transactions);
    this.#stale.delete(block);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= BLOCKS_KEPT) break;
      this.#blocks.delete(oldest);
    }
    this.#places.clear();
    for (const [at, rows] of [...this.#stale, ...this.#blocks]) {
      rows.forEach((row, nth) => this.#places.set(row.id, at * BLOCK + nth));
    }
  }

  #block(number: number): Row[] | undefined {
    return this.#blocks.get(number) ?? this.#stale.get(number);
  }

  /** All that is here is fetched again as it comes near, and stays on screen till then: whoever clicks meets a row. */
  #distrust(): void {
    this.#stale = new Map([...this.#stale, ...this.#blocks].slice(-BLOCKS_KEPT));
    this.#blocks.clear();
  }

  #touch(block: number): void {
    const rows = this.#blocks.get(block);
    if (!rows) return;
    this.#blocks.delete(block);
    this.#blocks.set(block, rows);
  }

  #stop(): void {
    for (const call of this.#calls.values()) call.abort();
    this.#calls.clear();
    this.#renewal?.abort();
  }
}

function blocksBetween(first: number, last: number): number[] {
  const blocks: number[] = [];
  for (let block = Math.max(0, Math.floor(first / BLOCK)); block <= Math.floor(Math.max(0, last) / BLOCK); block += 1)
    blocks.push(block);
  return blocks;
}
