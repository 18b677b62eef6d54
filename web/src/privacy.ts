// Hides every figure on the screen from whoever looks on, until the person shows them again. `early.ts` hides them before a page is
// drawn; how they are hidden is a matter of the stylesheet.

const KEPT = "bankside.privacy";

export function isPrivate(): boolean {
  return document.documentElement.dataset.private !== undefined;
}

export function togglePrivacy(): void {
  const hide = !isPrivate();
  if (hide) document.documentElement.dataset.private = "";
  else delete document.documentElement.dataset.private;
  try {
    localStorage.setItem(KEPT, hide ? "on" : "off");
  } catch {
    // It holds for this page then.
  }
  show();
}

function show(): void {
  for (const button of document.querySelectorAll("[data-privacy]")) button.setAttribute("aria-pressed", String(isPrivate()));
}

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-privacy]")) togglePrivacy();
});
// Another window of the same person follows.
window.addEventListener("storage", (event) => {
  if (event.key === KEPT && (event.newValue === "on") !== isPrivate()) togglePrivacy();
});
// A page whose body was swapped has new buttons.
document.addEventListener("htmx:afterSettle", show);
show();
