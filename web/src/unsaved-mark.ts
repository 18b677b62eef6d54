// Whatever page is open says how many changes are not saved: they wait in the register, where they can be tried again or let go.
import { h, icon, plural } from "./dom";
import { keptAt, organizationOfPage, placeOf } from "./kept";
import type { Change } from "./register/unsaved";

function isOnItsWay(text: string): boolean {
  try {
    return (JSON.parse(text) as Pick<Change, "standing">).standing.kind === "saving";
  } catch {
    return false;
  }
}

/** The overview says it in words, and no more that nothing needs anybody. */
function tell(many: number): void {
  for (const nothing of document.querySelectorAll<HTMLElement>("[data-nothing-needed]")) nothing.hidden = many > 0;
  const words = many === 1 ? "A change of yours is not saved." : `${many} changes of yours are not saved.`;
  for (const here of document.querySelectorAll<HTMLElement>("[data-unsaved-here]")) {
    here.hidden = many === 0;
    here.querySelector("a")?.replaceChildren(words);
  }
  const count = document.querySelector<HTMLElement>("[data-needs]");
  if (count) count.textContent = String(Number(count.dataset.needs) + (many > 0 ? 1 : 0));
}

function show(): void {
  document.querySelector("[data-unsaved]")?.remove();
  const organization = organizationOfPage();
  const link = document.querySelector<HTMLAnchorElement>('.nav a[href$="/transactions"]');
  if (!organization || !link) return;
  // What is on its way is no news; only what somebody has to look at is.
  const kept = [...keptAt(placeOf("bankside.unsaved", organization)).values()];
  const many = kept.filter((text) => !isOnItsWay(text)).length;
  tell(many);
  if (many === 0) return;
  const words = plural(many, String(many), "change is not saved", "changes are not saved");
  link.append(h("span", { class: "count is-unsaved", "data-unsaved": true, title: words }, icon("warn"), String(many), h("span", { class: "vh" }, ` ${words.replace(/^\d+ /, "")}`)));
}

window.addEventListener("storage", (event) => {
  if (event.key === null || event.key.startsWith("bankside.unsaved")) show();
});
window.addEventListener("bankside:unsaved", show);
document.addEventListener("htmx:afterSettle", show);
show();
