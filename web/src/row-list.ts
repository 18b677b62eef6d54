// A list of rows that are decided about one after the other: which one has the focus, and where it goes when a row has gone. What keys
// do here, the buttons of the page do, too.
import { lettersAreOn } from "./shortcuts";
import { toast } from "./toast";

/** What a key does; nothing where it does nothing. */
export type Act = (() => void) | undefined;

export interface RowListOptions {
  /** The part of the page that has the rows. */
  place: string;
  /** A row within it. */
  row: string;
  /** What a key does while the focus is in the list or on nothing, and nothing is typed; beside those that every list has. */
  ofRow: (key: string, event: KeyboardEvent) => Act;
  /** What a key does in a choice of a row, or of those that are ticked. */
  ofChoice: (key: string, select: HTMLSelectElement) => Act;
}

export class RowList {
  /** Where the row was that something was done with: the next one is there afterwards. */
  #left = 0;

  constructor(readonly options: RowListOptions) {
    document.addEventListener("keydown", (event) => this.#onKey(event));
    document.addEventListener("click", (event) => {
      const row = event.target instanceof Element ? event.target.closest<HTMLElement>(`${options.place} ${options.row}`) : null;
      if (row) this.#left = this.rows().indexOf(row);
    });
    document.addEventListener("htmx:afterSettle", (event) => {
      if (!(event.target instanceof HTMLElement) || !event.target.matches(options.place)) return;
      this.ready();
      this.focusAt(this.#left);
    });
    document.addEventListener("htmx:responseError", (event) => {
      if (event.target instanceof Element && event.target.closest(options.place)) {
        toast("That could not be done. Look at the page anew and try again.", { action: "Look anew", onAction: () => location.reload() });
      }
    });
    window.addEventListener("bankside:letters", () => this.ready());
    this.ready();
  }

  place(): HTMLElement | null {
    return document.querySelector<HTMLElement>(this.options.place);
  }

  rows(): HTMLElement[] {
    return [...document.querySelectorAll<HTMLElement>(`${this.options.place} ${this.options.row}`)];
  }

  /** The row that the focus is in. */
  focused(): HTMLElement | undefined {
    return document.activeElement?.closest<HTMLElement>(this.options.row) ?? undefined;
  }

  focusAt(index: number): void {
    const all = this.rows();
    const row = all[Math.min(index, all.length - 1)];
    row?.focus();
    row?.scrollIntoView({ block: "nearest" });
  }

  move(step: 1 | -1): void {
    const active = this.focused();
    const index = active ? this.rows().indexOf(active) : -1;
    this.focusAt(Math.max(0, index + step));
  }

  /** Presses what a row has for it: the one that the focus is in, so that no key does anything to a row that nobody has chosen. */
  press(selector: string, row = this.focused()): Act {
    const button = row?.querySelector<HTMLElement>(selector);
    if (!row || !button) return undefined;
    return () => {
      this.#left = this.rows().indexOf(row);
      button.click();
    };
  }

  /** Presses what the page has for it. */
  pressOnPage(selector: string): Act {
    const button = this.place()?.querySelector<HTMLElement>(selector);
    return button ? () => button.click() : undefined;
  }

  /** Puts the focus where the page has this. */
  focusOn(selector: string, within: HTMLElement | null | undefined = this.place()): Act {
    const field = within?.querySelector<HTMLElement>(selector);
    return field ? () => field.focus() : undefined;
  }

  tick(): Act {
    const row = this.focused();
    const box = row?.querySelector<HTMLInputElement>('input[type="checkbox"]');
    return box ? () => ((box.checked = !box.checked), row?.focus()) : undefined;
  }

  /** With a script there are keys, and the page says so while they are on. */
  ready(): void {
    const keys = this.place()?.querySelector<HTMLElement>("[data-keys]");
    if (keys) keys.hidden = !lettersAreOn();
  }

  /** What a key does while nothing is typed. */
  #ofRow(key: string, event: KeyboardEvent): Act {
    switch (key.toLowerCase()) {
      case "j":
      case "arrowdown":
        return () => this.move(1);
      case "k":
      case "arrowup":
        return () => this.move(-1);
      case " ":
        return this.tick();
      case "z":
        return this.pressOnPage("[data-undo] button");
      case "/":
        return this.focusOn('input[name="search"]');
      default:
        return this.options.ofRow(key, event);
    }
  }

  #onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    const target = event.target;
    const page = this.place();
    if (!page || !(target instanceof HTMLElement) || document.querySelector("dialog:modal")) return;
    // In the list, or on nothing: then what is around the list has the key.
    if (!page.contains(target) && !target.contains(page)) return;
    let act: Act;
    if (target instanceof HTMLSelectElement && page.contains(target)) act = this.options.ofChoice(event.key, target);
    else if (target.closest("input:not([type=checkbox]), textarea, select, a, button, summary") === null && lettersAreOn()) act = this.#ofRow(event.key, event);
    if (!act) return;
    event.preventDefault();
    act();
  }
}
