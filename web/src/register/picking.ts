// How rows come into the selection: one, a range, all.
import { asProblem } from "../api";
import { toast } from "../toast";
import type { Row } from "./model";
import type { Register } from "./register";

/** Up to so many rows are fetched so that one of them can be left out of all. */
const MOST_NAMED = 2000;

export class Picking {
  constructor(readonly register: Register) {}

  all(): void {
    const { cache, selection } = this.register;
    if (cache.isComplete) selection.set(cache.rows(), true);
    else if (cache.isCounted) selection.setAll(cache.total, cache.sums);
    else void this.#allWhenCounted();
  }

  /** All are selected with their sums; those are on their way. */
  async #allWhenCounted(): Promise<void> {
    const { cache } = this.register;
    const { counting } = cache;
    await counting;
    // Something else was asked meanwhile, or the count did not come: that has been told.
    if (cache.isCounted && cache.counting === counting) this.all();
  }

  toggle(position: number): void {
    const { selection } = this.register;
    const row = this.register.rowAt(position);
    if (!row) return;
    selection.anchor = row.id;
    if (selection.isAll) void this.#allBut(row);
    else selection.set([row], !selection.has(row.id));
  }

  /** From where the selection began up to here. */
  upTo(position: number): void {
    const { selection } = this.register;
    const from = selection.anchor === null ? undefined : this.register.positionOf(selection.anchor);
    if (from === undefined || selection.isAll) return this.toggle(position);
    const rows: Row[] = [];
    for (let at = Math.min(from, position); at <= Math.max(from, position); at += 1) {
      const row = this.register.rowAt(at);
      if (row) rows.push(row);
    }
    selection.set(rows, true);
  }

  /** To take one row out of all, the others are named. */
  async #allBut(row: Row): Promise<void> {
    const { cache, selection, formats } = this.register;
    if (cache.total > MOST_NAMED) {
      toast(`Single rows can be taken out of up to ${formats.count(MOST_NAMED)}. Filter further, or clear the selection.`);
      return;
    }
    try {
      selection.nameAll(await cache.everything());
      selection.set([row], false);
    } catch (error) {
      toast(asProblem(error).message);
    }
  }
}
