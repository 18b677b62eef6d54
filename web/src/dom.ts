// Building elements without markup in strings: what a bank or a person wrote is always text.

type Child = Node | string | null | undefined | false;
type Props = Record<string, string | number | boolean | undefined | ((event: never) => void)>;

/** `h("button", { class: "btn", onclick: act }, "Save")`. Functions listen, true sets a bare attribute, false leaves it away. */
export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(key.slice(2), value as EventListener);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== undefined) element.setAttribute(key, String(value));
  }
  append(element, children);
  return element;
}

export function append(parent: Element, children: Child[]): void {
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) parent.append(child);
  }
}

const SVG = "http://www.w3.org/2000/svg";

/** A drawing of the sprite. */
export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export function hidden(text: string): HTMLSpanElement {
  return h("span", { class: "vh" }, text);
}

/** A button of the house. `look` is what comes after `btn`, e.g. "primary" or "quiet small". */
export function button(label: string, look: string, onclick: () => void, ...before: Child[]): HTMLButtonElement {
  const classes = [
    "btn",
    ...look
      .split(" ")
      .filter(Boolean)
      .map((word) => `btn-${word}`),
  ].join(" ");
  return h("button", { type: "button", class: classes, onclick }, ...before, label);
}

let ids = 0;

/** An id that is used nowhere else in the page. */
export function freshId(stem: string): string {
  ids += 1;
  return `${stem}-${ids}`;
}

export function debounce(wait: number, act: () => void): () => void {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = window.setTimeout(act, wait);
  };
}

export function plural(many: number, shown: string, one: string, more = `${one}s`): string {
  return `${shown} ${many === 1 ? one : more}`;
}

/**
 * Opens a dialog of its own, and takes it away when it closes. The browser keeps the focus within and gives it back. A click beside
 * it closes it.
 */
export function openDialog(dialog: HTMLDialogElement): void {
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  // `close` comes a moment late, and until then the focus is in a field of a dialog that nobody sees: a key that is pressed at once
  // would be taken for typing. So Escape takes the dialog away by itself.
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
    event.preventDefault();
    dialog.close();
    dialog.remove();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.showModal();
}
