// The parts of the panel that are only read: what the bank sent, and what has happened.
import type { Formats } from "../formats";
import { button, h, icon } from "../dom";
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
      h("b", {}, sent.bank ?? sent.bank_account),
      h(
        "span",
        { class: "sub" },
        `${sent.provider ? ` through ${sent.provider}` : ""}, ${formats.moment(sent.received_at)}, ${sent.status}`,
      ),
    ),
    ...texts.map((text) => h("p", { class: "bank-text" }, text)),
    ...facts(sent).map((text) => h("p", { class: "sub" }, text)),
    ...(sent.bill ? [onBill(sent.bill, formats)] : []),
    ...[sent.unreadable, sent.why].filter((says) => says !== null).map((says) => h("p", { class: "sub" }, says)),
    h("details", {}, h("summary", {}, "As received"), h("pre", { class: "raw", tabindex: 0 }, laidOut(sent.raw))),
  );
}

/** What a bank tells of a row beside its text. */
function facts({ instalment, original_amount: paid }: BankRow): string[] {
  const [part, of] = instalment?.split("/") ?? [];
  return [...(part && of ? [`Instalment ${part} of ${of}`] : []), ...(paid ? [`Paid in another currency: ${paid}`] : [])];
}

function onBill(bill: { id: string; due: string }, formats: Formats): HTMLElement {
  return h("p", { class: "sub" }, "On the ", h("a", { href: `?bill=${bill.id}` }, `bill due ${formats.fullDay(bill.due)}`));
}

/** JSON with its lines broken. Nothing between the breaks is touched: a parser would write 10.50 as 10.5. */
export function laidOut(raw: string): string {
  if (!/^\s*[[{]/.test(raw) || raw.includes("\n")) return raw;
  let depth = 0;
  return raw.replace(/"(?:[^"\\]|\\.)*"|[{[]\s*[}\]]|[{}[\],:]/g, (part) => {
    const broken = (step: number): string => `\n${"  ".repeat(Math.max(0, (depth += step)))}`;
    if (part === "{" || part === "[") return part + broken(1);
    if (part === "}" || part === "]") return broken(-1) + part;
    if (part === ",") return part + broken(0);
    return part === ":" ? ": " : part;
  });
}

export function happenings(detail: Detail, register: Register): HTMLElement[] {
  if (detail.history.length === 0) return [];
  const list = h("ol", { class: "history" });
  for (const happening of detail.history) list.append(h("li", {}, ...entry(happening, detail.scale, register)));
  return [h("section", {}, h("h3", {}, "History"), list)];
}

/** Their batches hold many other rows: they are undone where all of them are seen. */
const BY_THE_MANY: Happening["actor"][] = ["sync", "import"];

function entry(happening: Happening, scale: number, register: Register): Node[] {
  const { batch, at, summary, changes } = happening;
  const parts: Node[] = [h("p", {}, summary), h("p", { class: "sub" }, `${whoDid(happening)}, ${register.formats.moment(at)}`)];
  const told = changes.map((change) => changeText(change, scale, register.formats)).filter((text) => text !== null);
  if (told.length > 0) parts.push(h("ul", { class: "sub" }, ...told.map((text) => h("li", {}, text))));
  if (happening.is_undone) parts.push(h("p", { class: "sub" }, "Undone since"));
  else if (register.mayEdit && !BY_THE_MANY.includes(happening.actor)) parts.push(button("Undo", "quiet small", () => void register.history.undoBatch(batch), icon("undo")));
  return parts;
}

/** A change in words; what only the summary can say well says nothing here. */
function changeText({ field, before, after }: Happening["changes"][number], scale: number, formats: Formats): string | null {
  if (field === "exists") return null;
  const told = (value: string | null): string => {
    if (value === null || value === "") return "blank";
    if (field === "amount_minor") return formats.amount(Number(value), scale);
    return `“${field === "date" ? formats.fullDay(value) : value}”`;
  };
  return `${FIELD_NAMES[field] ?? field}: ${told(before)} → ${told(after)}`;
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
