// How much room there is, and what follows from it: which columns, one line or two, and what covers the window's edges.
import type { Room } from "./columns";
import type { Register } from "./register";

/** Below this many rem, rows have two lines. */
const NARROW = 38;
/** Where the window is no wider, the pages stand in a bar at its foot that covers so many rem. */
const PAGES_AT_FOOT = window.matchMedia("(max-width: 56rem)");
const PAGES_BAR = 4.25;

export interface Places {
  desk: HTMLElement;
  grid: HTMLElement;
  top: HTMLElement;
  foot: HTMLElement;
}

export class Layout {
  isNarrow = false;
  #rems = 0;
  #laid = "";

  constructor(
    readonly register: Register,
    readonly places: Places,
  ) {}

  get room(): Room {
    const { query } = this.register;
    return { rems: this.#rems, isOneAccount: query.account !== null, isStatement: query.isStatement };
  }

  /** After anything that changes the room or what stands in it. */
  renew(): void {
    const { register } = this;
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    this.#rems = register.clientWidth / rem;
    this.isNarrow = this.#rems < NARROW;
    register.classList.toggle("is-narrow", this.isNarrow);
    register.grid.rowHeight = (this.isNarrow ? 4 : 2) * rem;
    this.#layColumns();
    register.head.show();
    this.#measure(rem);
    register.grid.changed();
    register.editing.follow();
  }

  #layColumns(): void {
    const { grid, columns, draft } = this.register;
    const shown = columns.shown(this.room, this.isNarrow);
    const laid = `${shown.map(({ key }) => key).join(" ")} ${this.isNarrow}`;
    if (laid === this.#laid) return;
    this.#laid = laid;
    this.places.grid.style.setProperty("--columns", shown.map(({ track }) => track).join(" "));
    this.places.grid.setAttribute("aria-colcount", String(shown.length));
    grid.columns = shown;
    draft.rebuild();
  }

  #measure(rem: number): void {
    const { grid, head, draft } = this.register;
    const { desk, top, foot } = this.places;
    desk.style.setProperty("--top", `${top.offsetHeight}px`);
    const isSticky = getComputedStyle(head.element).position === "sticky";
    grid.coveredTop = isSticky ? top.offsetHeight + head.element.offsetHeight + draft.element.offsetHeight : 0;
    grid.coveredBottom = foot.offsetHeight + (PAGES_AT_FOOT.matches ? PAGES_BAR * rem : 0);
  }
}
