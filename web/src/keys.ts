// The keys that work on every page. What a page does with keys of its own (the register) has answered before: an event that is
// taken is left alone.
import { openHelp } from "./help";
import { openPalette } from "./palette";
import { togglePrivacy } from "./privacy";
import { isMod, lettersAreOn } from "./shortcuts";
import { toast } from "./toast";

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const act = isMod(event) ? withMod(event) : alone(event);
  if (!act) return;
  event.preventDefault();
  act();
});

function withMod(event: KeyboardEvent): (() => void) | undefined {
  const key = event.key.toLowerCase();
  if (event.shiftKey) return key === "p" ? togglePrivacy : undefined;
  if (key === "k") return openPalette;
  if (key === "i") return importFile;
  if (key !== "b") return undefined;
  const form = syncForm();
  return form ? () => form.requestSubmit() : undefined;
}

function alone(event: KeyboardEvent): (() => void) | undefined {
  if (event.ctrlKey || event.metaKey || !lettersAreOn() || isTyping(event.target) || document.querySelector("dialog:modal")) return undefined;
  if (event.key === "?") return openHelp;
  if (event.key !== "[" && event.key !== "]") return undefined;
  const url = neighbour(event.key === "]" ? 1 : -1);
  return url ? () => location.assign(url) : undefined;
}

/** Whether a key that is pressed here writes something. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.closest("input, textarea, select") !== null);
}

/** To the page that takes a file for what is open; where nothing is, it is said what has to be opened. */
function importFile(): void {
  const link = document.querySelector<HTMLAnchorElement>('main a[href$="/files"]');
  if (link) location.assign(link.href);
  else toast("A file belongs to an account or an asset: open one first, then press this again.");
}

/** The form whose button is called Bank sync: of an account or of all of them. */
function syncForm(): HTMLFormElement | null {
  return document.querySelector<HTMLFormElement>('main form[method="post"][action$="/sync"]');
}

/** The account before or after the one that is open, in the order of the sidebar; all accounts come before the first. */
function neighbour(step: 1 | -1): string | undefined {
  const links = document.querySelectorAll<HTMLAnchorElement>('aside a[href*="/accounts/"]');
  const paths = [...new Set([...links].map((link) => link.pathname))].filter((path) => /\/accounts\/[^/]+$/.test(path));
  if (paths.length === 0) return undefined;
  const open = paths.findIndex((path) => location.pathname === path || location.pathname.startsWith(`${path}/`));
  if (open === -1) return step === 1 ? paths[0] : paths.at(-1);
  return paths[(open + step + paths.length) % paths.length];
}
