// A field with suggestions below it: what is typed narrows them, arrows choose, Enter takes.
import { freshId, h } from "../dom";

export interface Option {
  id: string | null;
  text: string;
  /** What stands beside it in quieter ink. */
  detail?: string;
  /** It does not exist yet: taking it makes it. */
  isNew?: boolean;
}

export interface ComboboxOptions {
  label: string;
  value: string;
  load(typed: string): Promise<Option[]>;
  /** What is offered beside the suggestions for a text that none of them is, if anything. */
  create?(typed: string): Option | null;
  /** Suggestions complete the last word instead of the whole text. */
  byWord?: boolean;
  /** Enter takes the first suggestion, also where it only contains what was typed. */
  isEager?: boolean;
  picked?(option: Option): void;
}

export class Combobox {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  readonly #list: HTMLUListElement;
  readonly #sizes = new ResizeObserver(() => this.#follow());
  #options: Option[] = [];
  #at = -1;
  #asked = 0;
  #taken: Option | null = null;
  /** The text that the suggestions answer. */
  #answered = "";
  #pending: Promise<void> = Promise.resolve();

  constructor(readonly options: ComboboxOptions) {
    const listId = freshId("suggestions");
    this.input = h("input", {
      class: "input",
      type: "text",
      role: "combobox",
      "aria-label": options.label,
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": listId,
      autocomplete: "off",
      spellcheck: "false",
      value: options.value,
    });
    this.#list = h("ul", { id: listId, class: "suggestions", role: "listbox", popover: "manual", "aria-label": "Suggestions" });
    this.element = h("div", { class: "combobox" }, this.input, this.#list);
    this.input.addEventListener("input", () => this.open());
    this.input.addEventListener("keydown", (event) => this.#onKey(event));
    this.input.addEventListener("blur", () => this.close());
    this.input.addEventListener("click", () => this.open());
    this.#list.addEventListener("pointerdown", (event) => this.#onPointer(event));
  }

  get text(): string {
    return this.input.value.trim();
  }

  /** The suggestion that the text stands for: the one that was taken, or else the one under the arrow. */
  get chosen(): Option | null {
    if (this.#taken && this.#taken.text === this.text) return this.#taken;
    return this.#answered === this.input.value ? (this.#options[this.#at] ?? null) : null;
  }

  open(): void {
    this.#pending = this.#suggest();
  }

  /** Resolves once the suggestions answer what is typed: fast fingers get what slow ones would. */
  async settle(): Promise<void> {
    if (this.#answered !== this.input.value) await this.#pending;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#list.hidePopover();
    window.removeEventListener("scroll", this.#follow, true);
    this.#sizes.disconnect();
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  /** Puts the chosen suggestion into the field, as leaving it with Tab or Enter does. */
  take(option = this.chosen): void {
    if (!option) return;
    if (this.options.byWord) this.input.value = this.input.value.replace(/\S*$/, `${option.text} `);
    else this.input.value = option.text;
    this.#taken = option;
    this.#at = -1;
    this.close();
    this.options.picked?.(option);
  }

  get #isOpen(): boolean {
    return this.#list.matches(":popover-open");
  }

  async #suggest(): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const typed = this.options.byWord ? (/\S*$/.exec(this.input.value)?.[0] ?? "") : this.text;
    // An untouched field offers everything, not only what is like its value.
    const isUntouched = this.text === this.options.value.trim();
    const found = await this.options.load(isUntouched && !this.options.byWord ? "" : typed);
    if (asked !== this.#asked) return;
    const isThere = found.some((option) => option.text.toLowerCase() === typed.toLowerCase());
    const made = typed === "" || isThere || isUntouched ? null : (this.options.create?.(typed) ?? null);
    this.#options = made ? [...found, made] : found;
    this.#at = isUntouched || this.options.byWord || typed === "" ? -1 : this.#likely(typed);
    this.#answered = this.input.value;
    if (document.activeElement === this.input) this.#show();
  }

  /** What Enter takes: where only what exists may be meant, the first; else the one that begins as typed, or the text itself. */
  #likely(typed: string): number {
    if (this.options.isEager) return 0;
    const begins = this.#options.findIndex(({ text }) => text.toLowerCase().startsWith(typed.toLowerCase()));
    return begins >= 0 ? begins : this.#options.findIndex(({ isNew }) => isNew);
  }

  #show(): void {
    if (this.#options.length === 0) {
      this.close();
      return;
    }
    this.#list.replaceChildren(...this.#options.map((option, at) => this.#item(option, at)));
    if (!this.#isOpen) {
      this.#list.showPopover();
      window.addEventListener("scroll", this.#follow, true);
      this.#sizes.observe(this.input);
    }
    this.#follow();
    this.input.setAttribute("aria-expanded", "true");
    this.#mark();
  }

  #item(option: Option, at: number): HTMLLIElement {
    const text = option.isNew ? h("b", {}, option.detail ?? option.text) : option.text;
    const detail = option.detail && !option.isNew ? h("span", { class: "sub" }, option.detail) : null;
    return h("li", { role: "option", id: `${this.#list.id}-${at}`, "data-at": at, "aria-selected": "false" }, text, detail);
  }

  /** The list stands at the field, wherever that has gone. */
  readonly #follow = (): void => {
    const field = this.input.getBoundingClientRect();
    const below = window.innerHeight - field.bottom;
    const height = Math.min(this.#list.scrollHeight + 2, 288);
    const isAbove = below < height + 8 && field.top > below;
    this.#list.style.width = `${Math.min(Math.max(field.width, 224), window.innerWidth - 16)}px`;
    this.#list.style.left = `${Math.max(8, Math.min(field.left, window.innerWidth - Math.max(field.width, 224) - 8))}px`;
    this.#list.style.top = `${isAbove ? Math.max(8, field.top - height - 2) : field.bottom + 2}px`;
  };

  #onKey(event: KeyboardEvent): void {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!this.#isOpen) return this.open();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.#at = (this.#at + step + this.#options.length) % this.#options.length;
      this.#mark();
    } else if ((event.key === "Enter" || event.key === "Tab") && this.#isOpen && this.chosen) {
      this.take();
      // A word is completed first; the next Enter saves.
      if (this.options.byWord) {
        event.preventDefault();
        event.stopPropagation();
      }
    }
  }

  #onPointer(event: PointerEvent): void {
    // The field keeps the focus.
    event.preventDefault();
    const at = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-at]")?.dataset.at : undefined;
    const option = this.#options[Number(at)];
    if (option) this.take(option);
  }

  #mark(): void {
    [...this.#list.children].forEach((item, at) => {
      item.setAttribute("aria-selected", String(at === this.#at));
      if (at === this.#at) item.scrollIntoView({ block: "nearest" });
    });
    if (this.#at >= 0) this.input.setAttribute("aria-activedescendant", `${this.#list.id}-${this.#at}`);
    else this.input.removeAttribute("aria-activedescendant");
  }
}
