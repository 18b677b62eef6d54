// The keys of the inbox, and what others do with its rows while it is open.
import htmx from "htmx.org";
import { type Act, RowList } from "./row-list";
import type { Shortcut } from "./shortcuts";
import { count } from "./sidebar";

const GROUP = "Inbox";

/** The keys of this page; nothing on others. */
export function inboxShortcuts(): Shortcut[] {
  if (!list.place()) return [];
  return [
    { keys: ["J", "ArrowDown"], says: "The next row", group: GROUP },
    { keys: ["K", "ArrowUp"], says: "The row before", group: GROUP },
    { keys: ["Y", "Enter"], says: "Accept the row: with what is chosen, else with its first suggestion", group: GROUP },
    { keys: ["1"], says: "Accept it with the first suggestion; 2 to 9 with the others", group: GROUP },
    { keys: ["C"], says: "Choose a category", group: GROUP },
    { keys: ["X"], says: "Hide the row", group: GROUP },
    { keys: ["W"], says: "Why: what is remarkable, and with what evidence", group: GROUP },
    { keys: ["P"], says: "Ask a colleague about the row", group: GROUP },
    { keys: ["Shift+R"], says: "Always: a rule for rows like this one", group: GROUP },
    { keys: ["Space"], says: "Tick the row", group: GROUP },
    { keys: ["Shift+Y"], says: "Accept those that are ticked, or else all strong ones", group: GROUP },
    { keys: ["["], says: "Rows of the account before", group: GROUP },
    { keys: ["]"], says: "Rows of the next account", group: GROUP },
    { keys: ["Z"], says: "Undo what was done last", group: GROUP },
    { keys: ["/"], says: "Search", group: GROUP },
  ];
}

function why(): Act {
  const row = list.focused();
  const details = row?.querySelector<HTMLDetailsElement>("details.why");
  return details ? () => ((details.open = !details.open), row?.focus()) : undefined;
}

/** Those that are ticked, or else all that are strong; while the focus is in the list, like everything that is done with rows. */
function acceptMany(): Act {
  if (!list.focused()) return undefined;
  const isTicked = list.place()?.querySelector('input[name="row"]:checked');
  return list.pressOnPage(isTicked ? "[data-chosen]" : "[data-strong]");
}

/** The rows of the account before or after the one that is chosen; all of them stand before the first. */
function neighbour(step: 1 | -1): Act {
  const accounts = list.place()?.querySelector<HTMLSelectElement>("[data-accounts]");
  if (!accounts) return undefined;
  return () => {
    accounts.selectedIndex = (accounts.selectedIndex + step + accounts.options.length) % accounts.options.length;
    accounts.form?.requestSubmit();
  };
}

function ofRow(key: string, event: KeyboardEvent): Act {
  if (/^[1-9]$/.test(key)) return list.press(`[data-take="${key}"]`);
  switch (key.toLowerCase()) {
    case "y":
      return event.shiftKey ? acceptMany() : list.press("[data-accept], [data-show]");
    case "enter":
      return list.press("[data-accept], [data-show]");
    case "x":
      return list.press("[data-hide]");
    case "w":
      return why();
    case "p":
      return list.press("[data-ask]");
    case "r":
      return event.shiftKey ? list.press("[data-rule]") : undefined;
    case "c":
      return list.focusOn("select", list.focused() ?? null);
    case "[":
      return neighbour(-1);
    case "]":
      return neighbour(1);
    default:
      return undefined;
  }
}

/** In a choice, Enter accepts the row with what is chosen and Escape goes back to the row. */
function ofChoice(key: string, select: HTMLSelectElement): Act {
  const row = select.closest<HTMLElement>("tr[data-row]");
  if (!row) return undefined;
  if (key === "Escape") return () => row.focus();
  return key === "Enter" && select.value !== "" ? list.press("[data-accept]", row) : undefined;
}

const list = new RowList({ place: "[data-review]", row: "tr[data-row]", ofRow, ofChoice });

/** How many deeds are on their way to the server, and how many there have been: each brings the whole page back. */
let underway = 0;
let deeds = 0;
document.addEventListener("htmx:beforeRequest", () => ((underway += 1), (deeds += 1)));
document.addEventListener("htmx:afterRequest", () => (underway -= 1));

/** The sidebar says what the page says, and does not wait until it is fetched itself. */
function countBeside(place: HTMLElement): void {
  count("[data-inbox-count]", place.dataset.waiting || "0");
}

document.addEventListener("htmx:afterSettle", (event) => {
  const place = list.place();
  if (place && event.target === place) countBeside(place);
});

/** Whether somebody is in the middle of something that a new list would take from them. */
function isBusy(place: HTMLElement): boolean {
  if (underway > 0) return true;
  const active = document.activeElement;
  const isChoosing = active instanceof HTMLElement && place.contains(active) && active.matches("select, input:not([type=checkbox])");
  const hasChosen = [...place.querySelectorAll("tr[data-row] select")].some((select) => select.querySelector("option:checked:not([value=''])")?.hasAttribute("selected") === false);
  return isChoosing || hasChosen || place.querySelector('input[name="row"]:checked, details.why[open]') !== null;
}

/** Fetches the list anew and leaves what was said last where it is. */
async function renew(place: HTMLElement): Promise<void> {
  const row = list.focused();
  const id = row?.dataset.row;
  const index = row ? list.rows().indexOf(row) : -1;
  const before = deeds;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => undefined);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // What was asked for before something was done here is older than the page.
  if (before !== deeds || !place.isConnected || isBusy(place)) return;
  for (const part of ["inbox-list", "inbox-left"]) {
    const next = page.getElementById(part);
    const old = document.getElementById(part);
    if (next && old && place.contains(old)) old.replaceWith(document.adoptNode(next));
  }
  const { revision, waiting } = page.getElementById("inbox")?.dataset ?? {};
  Object.assign(place.dataset, { revision, waiting });
  countBeside(place);
  htmx.process(place);
  list.ready();
  if (index < 0) return;
  const again = list.rows().findIndex((other) => other.dataset.row === id);
  list.focusAt(again < 0 ? index : again);
}

let source: EventSource | undefined;
let waiting: number | undefined;

/** The server says when the books move. A tab that nobody looks at gives its connection up, and catches up later. */
function listen(): void {
  const events = list.place()?.dataset.events;
  source?.close();
  source = undefined;
  if (!events || document.hidden) return;
  source = new EventSource(events);
  source.addEventListener("books", (event: MessageEvent<string>) => {
    const { accounts } = JSON.parse(event.data) as { accounts: Record<string, number> };
    hear(String(Object.values(accounts).reduce((sum, each) => sum + each, 0)));
  });
}

/** What was done here has brought the page back already; the sidebar's balances have not come with it. */
function hear(revision: string): void {
  window.clearTimeout(waiting);
  waiting = window.setTimeout(() => {
    const place = list.place();
    if (!place) return;
    if (place.dataset.revision !== revision && !isBusy(place)) void renew(place);
    if (counted === revision) return;
    counted = revision;
    window.dispatchEvent(new CustomEvent("bankside:books"));
  }, 200);
}

/** The revision with which the sidebar was counted. */
let counted = list.place()?.dataset.revision;

document.addEventListener("visibilitychange", listen);
listen();
