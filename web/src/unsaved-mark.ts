// Whatever page is open says how many changes are not saved: they wait in the register, where they can be tried again or let go.
import { h, icon, plural } from "./dom";
import { keptAt, organizationOfPage, placeOf } from "./kept";

function show(): void {
  document.querySelector("[data-unsaved]")?.remove();
  const organization = organizationOfPage();
  const link = document.querySelector<HTMLAnchorElement>('.nav a[href$="/transactions"]');
  if (!organization || !link) return;
  // What is on its way is no news; only what somebody has to look at is.
  const isWaiting = (text: string): boolean => !text.includes('"standing":{"kind":"saving"}');
  const many = [...keptAt(placeOf("bankside.unsaved", organization)).values()].filter(isWaiting).length;
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
