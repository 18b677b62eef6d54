// The keys that work on every page, as data: they are obeyed in `keys.ts` and listed in `help.ts`.

export interface Shortcut {
  /** Each one of them does it. `Mod` is ⌘ on a Mac and Ctrl elsewhere. */
  keys: string[];
  says: string;
  group: string;
}

export const everywhere: Shortcut[] = [
  { keys: ["Mod+K"], says: "Find an account, a page, a payee, or something to do", group: "Everywhere" },
  { keys: ["?"], says: "These shortcuts", group: "Everywhere" },
  { keys: ["Mod+Shift+P"], says: "Hide or show figures", group: "Everywhere" },
  { keys: ["Mod+B"], says: "Bank sync of what the page shows", group: "Everywhere" },
  { keys: ["Mod+I"], says: "Import a file into the account or the asset that is open", group: "Everywhere" },
  { keys: ["["], says: "Previous account", group: "Everywhere" },
  { keys: ["]"], says: "Next account", group: "Everywhere" },
];

const LETTERS = "bankside.letters";

/** Whether keys without Ctrl, ⌘ or Alt do something. A person who speaks to their computer switches them off (WCAG 2.1.4). */
export function lettersAreOn(): boolean {
  return localStorage.getItem(LETTERS) !== "off";
}

export function switchLetters(on: boolean): void {
  if (on) localStorage.removeItem(LETTERS);
  else localStorage.setItem(LETTERS, "off");
  window.dispatchEvent(new CustomEvent("bankside:letters"));
}

export const isMac = /^(Mac|iP)/.test(navigator.platform);

const SPOKEN: Record<string, string> = isMac ? { Mod: "⌘", Shift: "⇧", Ctrl: "⌃", Alt: "⌥" } : { Mod: "Ctrl" };

/** `Mod+Shift+P` as the caps that are pressed together. */
export function caps(keys: string): string[] {
  return keys === "+" ? [keys] : keys.split("+").map((key) => SPOKEN[key] ?? key);
}

/** Whether an event is the person's Ctrl or ⌘, as their system has it. */
export function isMod(event: KeyboardEvent): boolean {
  return isMac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
}
