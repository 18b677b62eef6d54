// The keys of the register as data: the keyboard obeys them elsewhere, the help lists them from here.

export interface Shortcut {
  keys: string[];
  says: string;
  group: string;
}

/** Where a person has switched single letters off. */
export const LETTERS_OFF = "bankside.letters";

export function lettersAreOn(): boolean {
  return localStorage.getItem(LETTERS_OFF) !== "off";
}

export function registerShortcuts(): Shortcut[] {
  const entry =
    (group: string) =>
    (says: string, ...keys: string[]): Shortcut => ({ keys, says, group });
  const move = entry("Register: move");
  const edit = entry("Register: edit");
  const rows = entry("Register: the row or the selection");
  const find = entry("Register: find");
  const date = entry("In a date field");
  return [
    move("Next row", "J", "↓"),
    move("Row before", "K", "↑"),
    move("Across the cells", "←", "→"),
    move("First and last cell of the row", "Home", "End"),
    move("First and last row", "Mod+Home", "Mod+End"),
    move("A page up or down", "PgUp", "PgDn"),
    edit("New transaction", "T"),
    edit("Edit the cell", "Enter", "F2"),
    edit("Save, and edit the row below", "Enter"),
    edit("Save, and edit the row above", "Shift+Enter"),
    edit("Save, and edit the next cell", "Tab"),
    edit("Save, and edit the cell before", "Shift+Tab"),
    edit("Save and close", "Mod+Enter"),
    edit("Give up the edit", "Esc"),
    edit("Undo what I did last", "Mod+Z"),
    edit("Redo", "Mod+Shift+Z", "Ctrl+Y"),
    rows("Select", "Space"),
    rows("Select up to here", "Shift+Space"),
    rows("Select all", "Mod+A"),
    rows("Category", "C"),
    rows("Payee", "P"),
    rows("Note", "N"),
    rows("Date", "E"),
    rows("Amount", "M"),
    rows("Account", "A"),
    rows("Cleared or not", "L"),
    rows("Duplicate", "U"),
    rows("Merge two selected rows that are one", "G"),
    rows("Make a transfer: of the row and another one, or of two selected rows", "R"),
    rows("Delete", "D"),
    rows("Where it comes from, and its history", "I", "W"),
    find("Filter", "F"),
    find("Search", "/"),
    date("Today", "T"),
    date("A day on or back", "+", "−"),
    date("A month on or back", "PgUp", "PgDn"),
  ];
}
