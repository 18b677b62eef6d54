// Which part of a very tall list is in the window. The window itself scrolls; where the list would be taller than browsers can
// make an element, the middle of the scrollbar covers more than it shows, and both ends move pixel by pixel.

/** Firefox stops at about 17.8 million pixels. */
const TALLEST = 15_000_000;
const EXACT_ENDS = 1_000_000;
const AT_REST_MS = 160;

export class Scroller {
  /** Where the window's top edge stands in the list, in pixels of the whole list; negative while the list begins below it. */
  top = 0;
  /** What turns a place in the list into a place in the element. */
  base = 0;
  #full = 0;
  #shown = 0;
  #lastReal = 0;
  #restTimer = 0;

  constructor(readonly body: HTMLElement) {}

  get viewHeight(): number {
    return window.innerHeight;
  }

  setHeight(full: number): void {
    if (full === this.#full) return;
    this.#full = full;
    this.#shown = Math.min(full, TALLEST);
    this.body.style.height = `${this.#shown}px`;
    this.#lastReal = this.#real();
    this.top = this.#toFull(this.#lastReal);
    this.base = this.#lastReal - this.top;
  }

  /** Reads the window's place. Called once per frame, before anything is written. */
  read(): void {
    const real = this.#real();
    const moved = real - this.#lastReal;
    this.#lastReal = real;
    const isNear = Math.abs(moved) < 2 * this.viewHeight;
    const isBetweenEnds = real > 0 && real < this.#shown - this.viewHeight;
    this.top = this.#isScaled && isNear && isBetweenEnds ? this.top + moved : this.#toFull(real);
    this.base = real - this.top;
    if (this.#isScaled) this.#settleSoon();
  }

  /** Scrolls so that a place of the list stands at the window's top edge. */
  scrollTo(top: number): void {
    const real = this.#toReal(top);
    window.scrollBy(0, real - this.#real());
    this.#lastReal = this.#real();
    // The window may not scroll as far as it was asked to.
    this.top = Math.abs(this.#lastReal - real) < 2 ? top : this.#toFull(this.#lastReal);
    this.base = this.#lastReal - this.top;
  }

  get #isScaled(): boolean {
    return this.#full > this.#shown;
  }

  #real(): number {
    return -this.body.getBoundingClientRect().top;
  }

  /** At rest, the scrollbar is put where it belongs; the rows move along, so nothing is seen to move. */
  #settleSoon(): void {
    clearTimeout(this.#restTimer);
    this.#restTimer = window.setTimeout(() => this.scrollTo(this.top), AT_REST_MS);
  }

  #toFull(real: number): number {
    const spare = this.#shown - this.viewHeight;
    if (!this.#isScaled || real <= EXACT_ENDS) return real;
    if (real >= spare - EXACT_ENDS) return this.#full - this.#shown + real;
    return EXACT_ENDS + (real - EXACT_ENDS) * this.#stretch;
  }

  #toReal(top: number): number {
    if (!this.#isScaled || top <= EXACT_ENDS) return top;
    const fromEnd = this.#full - this.viewHeight - top;
    if (fromEnd <= EXACT_ENDS) return this.#shown - this.viewHeight - fromEnd;
    return EXACT_ENDS + (top - EXACT_ENDS) / this.#stretch;
  }

  get #stretch(): number {
    const ends = this.viewHeight + 2 * EXACT_ENDS;
    return (this.#full - ends) / (this.#shown - ends);
  }

  stop(): void {
    clearTimeout(this.#restTimer);
  }
}
