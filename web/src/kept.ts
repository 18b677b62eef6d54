// What this browser keeps for somebody until the server has it: per person, so that who signs in next on the same computer meets nothing
// of it, and gone when they sign out.

import { plural } from "./dom";
import { ask } from "./register/confirm";

const PREFIXES = ["bankside.unsaved", "bankside.draft"] as const;
export type Keeping = (typeof PREFIXES)[number];

/** Who is signed in, as the page says it. */
function person(): string {
  return document.documentElement.dataset.person ?? "";
}

/** A place of this person for one organization; `rest` tells what is kept there from its neighbours. */
export function placeOf(keeping: Keeping, organization: string, rest = ""): string {
  return `${keeping} ${person()} ${organization} ${rest}`;
}

export function organizationOfPage(): string {
  return document.documentElement.dataset.organization ?? "";
}

/** Everything that is kept at places that begin so. */
export function keptAt(beginning: string): Map<string, string> {
  const kept = new Map<string, string>();
  try {
    for (let at = 0; at < localStorage.length; at += 1) {
      const place = localStorage.key(at);
      if (place?.startsWith(beginning)) kept.set(place, localStorage.getItem(place) ?? "");
    }
  } catch {
    // A browser that keeps nothing has nothing.
  }
  return kept;
}

/** Keeps a text, or with null nothing; whether the browser did. */
export function keep(place: string, text: string | null): boolean {
  try {
    if (text === null) localStorage.removeItem(place);
    else localStorage.setItem(place, text);
    return true;
  } catch {
    return false;
  }
}

function forget(): void {
  for (const prefix of PREFIXES) for (const place of keptAt(`${prefix} ${person()} `).keys()) keep(place, null);
}

/** Whoever signs out lets go of what is not saved, and is asked before. */
async function signOut(form: HTMLFormElement): Promise<void> {
  const many = keptAt(`bankside.unsaved ${person()} `).size;
  const isSure =
    many === 0 ||
    (await ask({
      title: `Sign out with ${plural(many, String(many), "change")} that ${many === 1 ? "is" : "are"} not saved?`,
      text: "What you typed waits in the register, where you can try again. Signing out lets go of it, so that nobody else at this computer meets it.",
      yes: "Sign out",
      isDestroying: true,
    }));
  if (!isSure) return;
  forget();
  form.submit();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || new URL(form.action).pathname !== "/sign-out") return;
  event.preventDefault();
  void signOut(form);
});
