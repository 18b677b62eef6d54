// What stands in a cell. A row on screen is filled again and again while the list scrolls, so this does no more than it must.
import type { Formats } from "../formats";
import type { Column } from "./columns";
import { h, hidden, icon } from "../dom";
import { type Field, type Line, type Row, stateOf } from "./model";
import { transferWord } from "./transfers";

export type Mark = "saving" | "failed";

/** What cells need to know beside the row. */
export interface Surroundings {
  formats: Formats;
  /** The currency that needs no mention. */
  home: string;
  isOneAccount: boolean;
  isNarrow: boolean;
  /** Whether tags have a column of their own. */
  hasTagColumn: boolean;
  mayEdit: boolean;
  /** The path of the asset that an account belongs to. */
  pathOf(account: string): string | undefined;
  isSelected(id: string): boolean;
  isOpen(id: string): boolean;
  markOf(id: string, field: Field): Mark | undefined;
}

export function fillCell(cell: HTMLElement, column: Column, row: Row, around: Surroundings): void {
  cell.removeAttribute("aria-label");
  const mark = column.field && around.markOf(row.id, column.field);
  cell.classList.toggle("is-failed", mark === "failed");
  cell.classList.toggle("is-saving", mark === "saving");
  FILL[column.key](cell, row, around);
  if (!mark) return;
  const text = cell.classList.contains("is-text") ? [h("span", { class: "text" }, cell.textContent ?? "")] : [...cell.childNodes];
  const sign = mark === "failed" ? [icon("warn"), hidden(" Not saved")] : [h("span", { class: "saving" }, hidden(" Saving"))];
  build(cell, ...text, ...sign);
}

/** The row is not here yet. */
export function clearCell(cell: HTMLElement): void {
  cell.classList.remove("is-failed", "is-saving", "none", "in", "has-where");
  cell.removeAttribute("aria-label");
  cell.removeAttribute("title");
  build(cell);
}

export function fillLineCell(cell: HTMLElement, column: Column, row: Row, line: Line, around: Surroundings): void {
  clearCell(cell);
  if (column.key === "payee") cell.append(h("div", {}, h("span", { class: "name" }, line.note ?? "Line without a note")));
  if (column.key === "category") writeCategory(cell, line.category, "");
  const isTagPlace = column.key === "tags" || (column.key === "note" && !around.hasTagColumn);
  if (isTagPlace) cell.append(...line.tags.map(tag));
  if (column.isNum) writeFigure(cell, column, line.amount_minor, row, around);
}

/** Plain text, for which the style knows how to cut it off. */
function write(cell: HTMLElement, text: string): void {
  cell.classList.add("is-text");
  cell.textContent = text;
}

function build(cell: HTMLElement, ...parts: (Node | string)[]): void {
  cell.classList.remove("is-text");
  cell.replaceChildren(...parts);
}

type Fill = (cell: HTMLElement, row: Row, around: Surroundings) => void;

const figure =
  (key: "amount" | "payment" | "deposit"): Fill =>
  (cell, row, around) =>
    writeFigure(cell, { key }, row.amount_minor, row, around);

const FILL: Record<Column["key"], Fill> = {
  select: (cell, row, around) => {
    const isSelected = around.isSelected(row.id);
    const box = cell.querySelector("input");
    if (box) {
      box.checked = isSelected;
      box.setAttribute("aria-label", `Select ${row.payee ?? "row"}`);
      return;
    }
    const made = h("input", { type: "checkbox", tabindex: -1, "aria-label": `Select ${row.payee ?? "row"}` });
    made.checked = isSelected;
    cell.replaceChildren(h("label", { class: "tick" }, made));
  },
  date: (cell, row, { formats }) => {
    write(cell, formats.day(row.date));
    cell.setAttribute("aria-label", formats.spokenDay(row.date));
  },
  account: (cell, row, { pathOf }) => {
    const path = pathOf(row.account);
    cell.classList.toggle("has-where", path !== undefined);
    if (path === undefined) {
      cell.removeAttribute("title");
      return write(cell, row.account_name);
    }
    cell.title = `${path} ▸ ${row.account_name}`;
    build(cell, h("span", {}, row.account_name), h("span", { class: "where" }, h("bdi", {}, path)));
  },
  payee: (cell, row) => {
    const box = cell.querySelector("div") ?? h("div", {}, h("span"));
    const name = box.firstElementChild as HTMLElement;
    name.className = row.payee ? "name" : "name is-blank";
    name.textContent = row.payee ?? "No payee";
    while (box.childElementCount > 1) box.lastElementChild?.remove();
    if (row.is_new) box.append(h("span", { class: "tag is-new" }, "new"));
    if (row.is_edited) box.append(h("span", { class: "tag" }, icon("pen"), "edited"));
    if (box.parentElement !== cell || cell.childElementCount > 1) build(cell, box);
  },
  note: (cell, row, around) => {
    // The notes of a split stand at its lines.
    const note = row.lines > 1 ? "" : (row.note ?? "");
    if (around.hasTagColumn || row.tags.length === 0 || row.lines > 1) {
      write(cell, note);
      return;
    }
    build(cell, ...(note ? [h("span", { class: "text" }, note)] : []), ...row.tags.map(tag));
  },
  category: (cell, row, around) => {
    if (around.isNarrow) cell.dataset.when = whenAndWhere(row, around);
    if (row.lines > 1) {
      const isOpen = around.isOpen(row.id);
      const fold = h("button", { type: "button", class: "fold", tabindex: -1, "aria-expanded": String(isOpen) });
      fold.append(`Split in ${row.lines}`, icon(isOpen ? "down" : "right"));
      cell.classList.remove("none");
      build(cell, ...transferMark(row, true), fold);
      return;
    }
    const mark = transferMark(row, row.category !== null);
    if (mark.length === 0) return writeCategory(cell, row.category, "No category");
    // A transfer needs no category.
    cell.classList.remove("none");
    build(cell, ...mark, ...(row.category === null ? [] : [h("span", { class: "text" }, row.category)]));
  },
  tags: (cell, row) => {
    build(cell, ...(row.lines > 1 ? [] : row.tags.map(tag)));
  },
  amount: figure("amount"),
  payment: figure("payment"),
  deposit: figure("deposit"),
  balance: (cell, row, { formats }) => {
    const balance = row.balance_minor;
    write(cell, typeof balance === "number" ? formats.amount(balance, row.scale) : "");
    if (typeof balance === "number")
      cell.setAttribute("aria-label", `Balance ${formats.spoken(balance, row.scale, row.currency)}`);
  },
  state: (cell, row) => {
    const { word, icon: drawing } = stateOf(row);
    const use = cell.querySelector("use");
    const said = cell.querySelector(".word");
    if (use && said) {
      use.setAttribute("href", `#i-${drawing}`);
      said.textContent = word;
      return;
    }
    cell.replaceChildren(h("span", { class: "status is-off" }, icon(drawing), h("span", { class: "word" }, word)));
  },
};

function writeFigure(cell: HTMLElement, column: Pick<Column, "key">, minor: number, row: Row, around: Surroundings): void {
  const { formats, home } = around;
  const isHere = column.key === "amount" || (column.key === "payment" ? minor < 0 : minor >= 0);
  cell.classList.toggle("in", isHere && minor > 0);
  if (!isHere) {
    write(cell, "");
    return;
  }
  const figure = column.key === "amount" ? formats.signed(minor, row.scale) : formats.amount(Math.abs(minor), row.scale);
  if (row.currency === home) write(cell, figure);
  else build(cell, h("span", { class: "cur" }, row.currency), ` ${figure}`);
  cell.setAttribute("aria-label", formats.spoken(minor, row.scale, row.currency));
}

function writeCategory(cell: HTMLElement, category: string | null, blank: string): void {
  cell.classList.toggle("none", category === null);
  write(cell, category ?? blank);
}

/** What a row says of its transfer; beside other words only its sign is seen. */
function transferMark(row: Row, isBeside: boolean): HTMLElement[] {
  const word = transferWord(row);
  if (!word) return [];
  const text = isBeside ? hidden(`${word.word}: `) : h("span", { class: "text" }, word.word);
  return [h("span", { class: `transfer${word.asks ? " is-act" : ""}`, title: word.word }, icon(word.icon), text)];
}

function tag(name: string): HTMLElement {
  return h("span", { class: "tag" }, `#${name}`);
}

function whenAndWhere(row: Row, { formats, isOneAccount, pathOf }: Surroundings): string {
  // There is room for what tells the account from others: the end of its path.
  const own = isOneAccount ? undefined : pathOf(row.account)?.split(" ▸ ").pop();
  const name = own === undefined ? row.account_name : `${own} ▸ ${row.account_name}`;
  return `${formats.day(row.date)} · ${isOneAccount ? "" : `${name} · `}`;
}
