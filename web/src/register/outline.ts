// Where rows stand when some splits are folded open: positions on screen count rows and the lines shown below them.
import type { Line } from "./model";

/** What stands at a position: a row of the list, or a line of the open split above it. */
export interface Place {
  index: number;
  line?: Line;
}

interface Fold {
  id: string;
  index: number;
  lines: Line[];
}

export class Outline {
  /** Few at a time, in the order of the list. */
  #folds: Fold[] = [];

  isOpen(id: string): boolean {
    return this.#folds.some((fold) => fold.id === id);
  }

  get openIds(): string[] {
    return this.#folds.map((fold) => fold.id);
  }

  open(id: string, index: number, lines: Line[]): void {
    this.close(id);
    this.#folds.push({ id, index, lines });
    this.#sort();
  }

  close(id: string): void {
    this.#folds = this.#folds.filter((fold) => fold.id !== id);
  }

  clear(): void {
    this.#folds = [];
  }

  size(total: number): number {
    return this.#folds.reduce((sum, fold) => sum + fold.lines.length, total);
  }

  placeAt(position: number): Place {
    let above = 0;
    for (const fold of this.#folds) {
      const at = fold.index + above;
      if (position <= at) break;
      const line = fold.lines[position - at - 1];
      if (line) return { index: fold.index, line };
      above += fold.lines.length;
    }
    return { index: position - above };
  }

  positionOf(index: number): number {
    return this.#folds.reduce((sum, fold) => (fold.index < index ? sum + fold.lines.length : sum), index);
  }

  /** After the list has changed: rows may stand elsewhere, and what is out of sight folds shut. */
  follow(indexOf: (id: string) => number | undefined): void {
    this.#folds = this.#folds.flatMap((fold) => {
      const index = indexOf(fold.id);
      return index === undefined ? [] : [{ ...fold, index }];
    });
    this.#sort();
  }

  #sort(): void {
    this.#folds.sort((one, other) => one.index - other.index);
  }
}
