// The list of shortcuts, grouped and to be searched, with the switch for single letters.
import { h, icon, openDialog } from "./dom";
import { fold } from "./fuzzy";
import { inboxShortcuts } from "./inbox";
import { mappingShortcuts } from "./mapping";
import { registerShortcuts } from "./register/shortcuts";
import { caps, everywhere, lettersAreOn, switchLetters, type Shortcut } from "./shortcuts";

export function openHelp(): void {
  if (document.querySelector("dialog.keys-help[open]")) return;
  const close = h("button", { class: "btn btn-quiet btn-icon", type: "button", "aria-label": "Close" }, icon("close"));
  const search = h("input", { class: "input", type: "search", placeholder: "Search shortcuts", "aria-label": "Search shortcuts" });
  const found = h("p", { class: "sub", role: "status" });
  const lists = h("div", { class: "keys-lists", tabindex: "0", role: "region", "aria-label": "Shortcuts" });
  const dialog = h(
    "dialog",
    { class: "keys-help", "aria-labelledby": "keys-help-title" },
    h("div", { class: "dialog-head" }, h("h2", { class: "grow", id: "keys-help-title" }, "Keyboard shortcuts"), close),
    h("div", { class: "keys-tools" }, h("label", { class: "search" }, icon("search"), search), lettersSwitch()),
    h("div", { class: "dialog-body" }, found, lists),
  );
  const show = (): void => {
    const groups = grouped(search.value);
    lists.replaceChildren(...groups);
    found.textContent = groups.length === 0 ? `No shortcut says “${search.value}”.` : "";
  };
  search.addEventListener("input", show);
  close.addEventListener("click", () => dialog.close());
  show();
  openDialog(dialog);
  search.focus();
}

function grouped(searched: string): HTMLElement[] {
  const wanted = fold(searched);
  const groups = new Map<string, Shortcut[]>();
  for (const shortcut of [...everywhere, ...mappingShortcuts(), ...inboxShortcuts(), ...registerShortcuts()]) {
    if (!fold(`${shortcut.says} ${shortcut.keys.join(" ")} ${shortcut.group}`).includes(wanted)) continue;
    const group = groups.get(shortcut.group);
    if (group) group.push(shortcut);
    else groups.set(shortcut.group, [shortcut]);
  }
  return [...groups].map(([name, shortcuts]) =>
    h("section", { "aria-label": name }, h("h3", {}, name), h("ul", { class: "keys-list" }, ...shortcuts.map(row))),
  );
}

function row({ keys, says }: Shortcut): HTMLElement {
  const ways = keys.map((way) => h("span", { class: "nowrap" }, ...caps(way).map((cap) => h("kbd", {}, cap))));
  const parts = ways.flatMap((way, index) => (index === 0 ? [way] : [h("span", { class: "sub" }, " or "), way]));
  return h("li", {}, h("span", { class: "grow" }, says), h("span", { class: "keys-caps" }, ...parts));
}

function lettersSwitch(): HTMLElement {
  const box = h("input", { class: "switch", type: "checkbox", role: "switch", "aria-describedby": "letters-says" });
  box.checked = lettersAreOn();
  box.addEventListener("change", () => switchLetters(box.checked));
  const says = h("small", { class: "sub block", id: "letters-says" }, "Off: only keys with Ctrl, ⌘ or Alt do something");
  return h("label", { class: "choice" }, box, h("span", {}, "Single-letter shortcuts", says));
}

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-shortcuts]")) openHelp();
});
