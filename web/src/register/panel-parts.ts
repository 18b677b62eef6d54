// The parts of the panel that are only read: what the bank sent, and what has happened.
import type { Formats } from "../formats";
import { button, h, icon } from "./dom";
import { type BankRow, type Detail, FIELD_NAMES, type Happening } from "./model";
import type { Register } from "./register";

export function bankRows(detail: Detail, formats: Formats): HTMLElement[] {
  if (detail.bank_rows.length === 0) return [];
  const section = h("section", {}, h("h3", {}, "What the bank sent"));
  for (const sent of detail.bank_rows) section.append(bankRow(sent, formats));
  return [section];
}

function bankRow(sent: BankRow, formats: Formats): HTMLElement {
  const texts = [sent.counterparty, sent.text].filter((text) => text !== null && text !== "");
  return h(
    "article",
    { class: "bank-row" },
    h(
      "p",
      {},
      h("b", {}, sent.bank),
      h("span", { class: "sub" }, ` through ${sent.provider}, ${formats.moment(sent.received_at)}, ${sent.status}`),
    ),
    ...texts.map((text) => h("p", { class: "bank-text" }, text)),
    h("p", { class: "sub" }, sent.why),
    h("details", {}, h("summary", {}, "As received"), h("pre", { class: "raw", tabindex: 0 }, sent.raw)),
  );
}

export function happenings(detail: Detail, register: Register): HTMLElement[] {
  if (detail.history.length === 0) return [];
  const list = h("ol", { class: "history" });
  for (const happening of detail.history) list.append(h("li", {}, ...entry(happening, register)));
  return [h("section", {}, h("h3", {}, "History"), list)];
}

function entry(happening: Happening, register: Register): Node[] {
  const { batch, at, summary, changes } = happening;
  const parts: Node[] = [h("p", {}, summary), h("p", { class: "sub" }, `${whoDid(happening)}, ${register.formats.moment(at)}`)];
  if (changes.length > 0) parts.push(h("ul", { class: "sub" }, ...changes.map((change) => h("li", {}, changeText(change)))));
  if (register.mayEdit) parts.push(button("Undo", "quiet small", () => void register.history.undoBatch(batch), icon("undo")));
  return parts;
}

function changeText({ field, before, after }: Happening["changes"][number]): string {
  const name = FIELD_NAMES[field] ?? field;
  return `${name}: ${before === null || before === "" ? "blank" : `“${before}”`} → ${after === null || after === "" ? "blank" : `“${after}”`}`;
}

function whoDid({ actor, who }: Happening): string {
  switch (actor) {
    case "sync":
      return "Bank sync";
    case "import":
      return "Import";
    case "you":
      return "You";
    case "person":
      return who ?? "Somebody else";
    case "rule":
      return who ? `Rule “${who}”` : "A rule";
    case "system":
      return "Bankside";
  }
}
