// The sidebar: folds to its icons and remembers it, comes as a drawer on a phone, and shows new balances when the books have
// moved on. Everything in it is reached without this script too.

const year = 365 * 24 * 60 * 60;

const accounts = (): HTMLElement | null => document.querySelector<HTMLElement>(".accounts");
const drawer = (): HTMLDialogElement | null => document.querySelector<HTMLDialogElement>("dialog.drawer");

/** The server reads the cookie, so that the next page comes folded and nothing jumps. */
function fold(button: Element): void {
  const isClosed = document.querySelector(".app")?.classList.toggle("side-closed") ?? false;
  button.setAttribute("aria-expanded", String(!isClosed));
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `bankside_side=${isClosed ? "closed" : "open"}; Path=/; Max-Age=${year}; SameSite=Lax${secure}`;
}

/** The accounts themselves move into the dialog, which keeps the focus in and closes on Escape, and back when it closes. */
function openDrawer(): void {
  const dialog = drawer();
  const list = document.getElementById("side-accounts");
  if (!dialog || !list || dialog.open) return;
  dialog.append(list);
  dialog.addEventListener("close", () => document.querySelector(".side")?.append(list), { once: true });
  dialog.showModal();
  list.querySelector<HTMLElement>("[aria-current]")?.scrollIntoView({ block: "center" });
}

let asked = 0;

/** Fetches the list anew and puts it in place of the old one; focus, scroll and unfolded groups stay. */
async function refresh(): Promise<void> {
  const old = accounts();
  const address = old?.dataset.address;
  if (!old || !address) return;
  const mine = ++asked;
  const url = new URL(address, location.href);
  const unfolded = [...old.querySelectorAll<HTMLDetailsElement>("details[open]")].map((group) => group.dataset.group);
  if (unfolded.length > 0) url.searchParams.set("unfolded", unfolded.join(","));
  const answer = await fetch(url, { headers: { accept: "text/html" } }).catch(() => undefined);
  // What is on the page stays where the server cannot be reached, and where a later question has been asked.
  if (!answer?.ok || answer.redirected || mine !== asked || !old.isConnected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.querySelector<HTMLElement>(".accounts");
  if (!next || mine !== asked || !old.isConnected) return;
  const focused = document.activeElement;
  const wasAt = focused && old.contains(focused) ? place(focused) : undefined;
  const { scrollTop } = old;
  old.replaceWith(document.adoptNode(next));
  next.scrollTop = scrollTop;
  if (wasAt) next.querySelector<HTMLElement>(wasAt)?.focus({ preventScroll: true });
  count("[data-count]", next.dataset.waiting ?? "0");
  count("[data-inbox-count]", next.dataset.inbox || "0");
}

/** How an element of the list is found again in the next one. */
function place(element: Element): string | undefined {
  const href = element.getAttribute("href");
  if (href) return `a[href="${CSS.escape(href)}"]`;
  const group = element.closest<HTMLElement>("details")?.dataset.group;
  return group === undefined ? undefined : `details[data-group="${CSS.escape(group)}"] > summary`;
}

/** Has a mark among the pages say how much waits there. */
export function count(which: string, waiting: string): void {
  const mark = document.querySelector<HTMLElement>(`.nav ${which}`);
  if (!mark) return;
  mark.hidden = waiting === "0";
  const number = mark.querySelector("[data-number]");
  if (number) number.textContent = waiting;
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const button = target?.closest("[data-fold], [data-drawer], [data-drawer-close]");
  if (button?.hasAttribute("data-fold")) fold(button);
  else if (button?.hasAttribute("data-drawer")) openDrawer();
  else if (button) drawer()?.close();
  else if (target && target === drawer()) drawer()?.close();
});

// A folded group lists nothing until it is unfolded. `toggle` does not bubble, so it is caught on its way down.
document.addEventListener(
  "toggle",
  (event) => {
    const group = event.target;
    if (!(group instanceof HTMLDetailsElement) || !group.matches(".side-group") || !group.open) return;
    if (group.querySelector("a:not(.more)")) return;
    void refresh();
  },
  true,
);

let waiting: number | undefined;
window.addEventListener("bankside:books", () => {
  window.clearTimeout(waiting);
  waiting = window.setTimeout(() => void refresh(), 150);
});

// Among many accounts the open one may stand below the edge of the list.
accounts()?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
