// Which rows are selected: some by their ids, or all that the filter finds.
import type { Row, Sum } from "./model";

type Worth = Pick<Row, "amount_minor" | "currency" | "scale" | "is_reconciled">;

export interface Total {
  currency: string;
  minor: number;
  scale: number;
}

export function totalOf({ currency, amount, amount_minor }: Sum): Total {
  return { currency, minor: amount_minor, scale: amount.split(".")[1]?.length ?? 0 };
}

export class Selection {
  #rows = new Map<string, Worth>();
  #all: { count: number; sums: Sum[] } | null = null;
  /** Where a range begins. */
  anchor: string | null = null;

  constructor(readonly changed: () => void) {}

  get count(): number {
    return this.#all?.count ?? this.#rows.size;
  }

  get isAll(): boolean {
    return this.#all !== null;
  }

  get ids(): string[] {
    return [...this.#rows.keys()];
  }

  get hasReconciled(): boolean {
    return [...this.#rows.values()].some((row) => row.is_reconciled);
  }

  has(id: string): boolean {
    return this.#all !== null || this.#rows.has(id);
  }

  set(rows: Iterable<Row>, isSelected: boolean): void {
    for (const row of rows) {
      if (isSelected) this.#rows.set(row.id, row);
      else this.#rows.delete(row.id);
    }
    this.changed();
  }

  /** Everything the filter finds, however much of it is here. */
  setAll(count: number, sums: Sum[]): void {
    this.#rows.clear();
    this.#all = { count, sums };
    this.changed();
  }

  /** What “all” was, by name: so that single rows can be taken out again. */
  nameAll(rows: Row[]): void {
    this.#all = null;
    this.set(rows, true);
  }

  clear(): void {
    if (this.count === 0) return;
    this.#rows.clear();
    this.#all = null;
    this.anchor = null;
    this.changed();
  }

  /** A row has changed; its worth counts as it is now. */
  follow(rows: Iterable<Row>): void {
    for (const row of rows) {
      if (this.#rows.has(row.id)) this.#rows.set(row.id, row);
    }
  }

  /** One sum per currency. */
  totals(): Total[] {
    if (this.#all) return this.#all.sums.map(totalOf);
    const totals = new Map<string, Total>();
    for (const { currency, scale, amount_minor } of this.#rows.values()) {
      const total = totals.get(currency) ?? { currency, scale, minor: 0 };
      total.minor += amount_minor;
      totals.set(currency, total);
    }
    return [...totals.values()];
  }
}
