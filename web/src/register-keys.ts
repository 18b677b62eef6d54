// The keys of the register, for the list of shortcuts.
import type { Shortcut } from "./shortcuts";

const of = (group: string) => (says: string, ...keys: string[]): Shortcut => ({ keys, says, group });
const move = of("Register: move");
const edit = of("Register: edit");
const rows = of("Register: the row or the selection");
const find = of("Register: find");
const date = of("In a date field");

export const registerKeys: Shortcut[] = [
  move("Next row", "J", "↓"),
  move("Row before", "K", "↑"),
  move("Across the cells", "←", "→"),
  edit("New transaction", "T"),
  edit("Save, and edit the row below", "Enter"),
  edit("Save, and edit the row above", "Shift+Enter"),
  edit("Save, and edit the next cell", "Tab"),
  edit("Save and close", "Mod+Enter"),
  edit("Give up the edit", "Esc"),
  edit("Undo what I did last", "Mod+Z"),
  edit("Redo", "Mod+Shift+Z"),
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
  rows("Delete", "D"),
  find("Filter", "F"),
  find("Search", "/"),
  date("Today", "T"),
  date("A day on or back", "+", "−"),
  date("A month on or back", "PgUp", "PgDn"),
];
