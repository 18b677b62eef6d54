// The keys of Unmapped and Mapped.
import { type Act, RowList } from "./row-list";
import type { Shortcut } from "./shortcuts";

const GROUP = "Unmapped and Mapped";

/** The keys of these pages; nothing on others. */
export function mappingShortcuts(): Shortcut[] {
  if (!list.place()) return [];
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

/** The category of what is ticked, or of the row. */
function choose(): Act {
  const isTicked = list.place()?.querySelector('input[name="line"]:checked') !== null;
  return isTicked ? list.focusOn("[data-many]") : list.focusOn("select", list.focused() ?? null);
}

function accept(): Act {
  const row = list.focused();
  const chosen = row?.querySelector("select")?.value ?? "";
  const isChanged = chosen !== "" && row?.querySelector("option:checked")?.hasAttribute("selected") === false;
  return isChanged ? list.press("[data-one]") : list.press('[data-take="1"]');
}

function ofRow(key: string): Act {
  if (/^[1-9]$/.test(key)) return list.press(`[data-take="${key}"]`);
  switch (key.toLowerCase()) {
    case "enter":
      return accept();
    case "c":
      return choose();
    case "a":
      return list.press("[data-alike]");
    case "delete":
      return list.press("[data-unmap]");
    default:
      return undefined;
  }
}

/** In a choice, Enter takes what is chosen and Escape goes back to the row. */
function ofChoice(key: string, select: HTMLSelectElement): Act {
  const row = select.closest<HTMLElement>("tr[data-line]");
  if (key === "Escape") return () => (row ?? list.rows()[0])?.focus();
  if (key !== "Enter" || select.value === "") return undefined;
  return row ? list.press("[data-one]", row) : list.pressOnPage("[data-chosen]");
}

const list = new RowList({ place: "[data-mapping]", row: "tr[data-line]", ofRow, ofChoice });
