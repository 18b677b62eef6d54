// The keys of Unmapped and Mapped, and where the focus goes when a row has gone. What the keys do, the buttons of the page do, too.
import { lettersAreOn, type Shortcut } from "./shortcuts";
import { toast } from "./toast";

const GROUP = "Unmapped and Mapped";

/** The keys of these pages; nothing on others. */
export function mappingShortcuts(): Shortcut[] {
  if (!place()) return [];
  return [
    { keys: ["J", "ArrowDown"], says: "The next row", group: GROUP },
    { keys: ["K", "ArrowUp"], says: "The row before", group: GROUP },
    { keys: ["1"], says: "Take the first suggestion; 2 and 3 the others", group: GROUP },
    { keys: ["Enter"], says: "Map the row: to what is chosen, else to the first suggestion", group: GROUP },
    { keys: ["C"], says: "Choose a category, of those that are ticked if there are any", group: GROUP },
    { keys: ["Space"], says: "Tick the row", group: GROUP },
    { keys: ["A"], says: "All like this", group: GROUP },
    { keys: ["Delete"], says: "Un-map the row", group: GROUP },
    { keys: ["Z"], says: "Undo what was done last", group: GROUP },
    { keys: ["/"], says: "Search", group: GROUP },
  ];
}

function place(): HTMLElement | null {
  return document.querySelector<HTMLElement>("[data-mapping]");
}

function rows(): HTMLTableRowElement[] {
  return [...document.querySelectorAll<HTMLTableRowElement>("[data-mapping] tr[data-line]")];
}

/** The row that the focus is in, or else the first. */
function current(): HTMLTableRowElement | undefined {
  return document.activeElement?.closest<HTMLTableRowElement>("tr[data-line]") ?? rows()[0];
}

/** Where the row was that something was done with: the next one is there afterwards. */
let left = 0;

function focusAt(index: number): void {
  const all = rows();
  const row = all[Math.min(index, all.length - 1)];
  row?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

function move(step: 1 | -1): void {
  const active = document.activeElement?.closest<HTMLTableRowElement>("tr[data-line]");
  const index = active ? rows().indexOf(active) : -1;
  focusAt(Math.max(0, index + step));
}

function press(selector: string, row = current()): (() => void) | undefined {
  const button = row?.querySelector<HTMLElement>(selector);
  if (!row || !button) return undefined;
  return () => {
    left = rows().indexOf(row);
    button.click();
  };
}

/** The category of what is ticked, or of the row. */
function choose(): (() => void) | undefined {
  const page = place();
  const isTicked = page?.querySelector('input[name="line"]:checked') !== null;
  const select = isTicked ? page?.querySelector<HTMLElement>("[data-many]") : current()?.querySelector<HTMLElement>("select");
  return select ? () => select.focus() : undefined;
}

function accept(): (() => void) | undefined {
  const row = current();
  const chosen = row?.querySelector("select")?.value ?? "";
  const isChanged = chosen !== "" && row?.querySelector("option:checked")?.hasAttribute("selected") === false;
  return isChanged ? press("[data-one]") : press('[data-take="1"]');
}

function ofRow(key: string): (() => void) | undefined {
  if (/^[1-9]$/.test(key)) return press(`[data-take="${key}"]`);
  switch (key.toLowerCase()) {
    case "j":
    case "arrowdown":
      return () => move(1);
    case "k":
    case "arrowup":
      return () => move(-1);
    case " ": {
      const row = current();
      const box = row?.querySelector<HTMLInputElement>('input[name="line"]');
      return box ? () => ((box.checked = !box.checked), row?.focus()) : undefined;
    }
    case "enter":
      return accept();
    case "c":
      return choose();
    case "a":
      return press("[data-alike]");
    case "delete":
      return press("[data-unmap]");
    case "z": {
      const undo = place()?.querySelector<HTMLElement>("[data-undo] button");
      return undo ? () => undo.click() : undefined;
    }
    case "/": {
      const search = place()?.querySelector<HTMLElement>('input[name="search"]');
      return search ? () => search.focus() : undefined;
    }
    default:
      return undefined;
  }
}

/** In a choice, Enter takes what is chosen and Escape goes back to the row. */
function ofChoice(key: string, select: HTMLSelectElement): (() => void) | undefined {
  const row = select.closest<HTMLTableRowElement>("tr[data-line]");
  if (key === "Escape") return () => (row ?? rows()[0])?.focus();
  if (key !== "Enter" || select.value === "") return undefined;
  if (row) return press("[data-one]", row);
  const chosen = place()?.querySelector<HTMLElement>("[data-chosen]");
  return chosen ? () => chosen.click() : undefined;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
  const target = event.target;
  const page = place();
  if (!page || !(target instanceof HTMLElement) || document.querySelector("dialog:modal")) return;
  let act: (() => void) | undefined;
  if (target instanceof HTMLSelectElement && page.contains(target)) act = ofChoice(event.key, target);
  else if (target.closest("input:not([type=checkbox]), textarea, select, a, button, summary") === null && lettersAreOn()) act = ofRow(event.key);
  if (!act) return;
  event.preventDefault();
  act();
});

document.addEventListener("click", (event) => {
  const row = event.target instanceof Element ? event.target.closest<HTMLTableRowElement>("[data-mapping] tr[data-line]") : null;
  if (row) left = rows().indexOf(row);
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (!(event.target instanceof HTMLElement) || !event.target.matches("[data-mapping]")) return;
  ready();
  focusAt(left);
});

document.addEventListener("htmx:responseError", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-mapping]")) {
    toast("That could not be done. Look at the page anew and try again.", { action: "Look anew", onAction: () => location.reload() });
  }
});

/** With a script there are keys, and the page says so. */
function ready(): void {
  const keys = document.querySelector<HTMLElement>("[data-keys]");
  if (keys) keys.hidden = !lettersAreOn();
}

ready();
