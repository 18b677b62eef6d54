// A field with several texts: another one at the press of a button, and a pasted list is split.

function fields(list: Element): HTMLInputElement[] {
  return [...list.querySelectorAll<HTMLInputElement>("input")];
}

/** Adds an empty field behind the last one. */
function add(list: Element): HTMLInputElement | undefined {
  const last = fields(list).at(-1);
  if (!last) return undefined;
  const next = last.cloneNode() as HTMLInputElement;
  next.value = "";
  next.autofocus = false;
  next.setAttribute("aria-label", (last.getAttribute("aria-label") ?? "").replace(/\d+$/, String(fields(list).length + 1)));
  last.after(next);
  return next;
}

for (const button of document.querySelectorAll<HTMLElement>("[data-list-add]")) button.hidden = false;

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-list-add]") : null;
  const list = button?.closest("[data-list]");
  if (list) add(list)?.focus();
});

document.addEventListener("paste", (event) => {
  const field = event.target instanceof HTMLInputElement ? event.target : undefined;
  const list = field?.closest("[data-list]");
  const texts = (event.clipboardData?.getData("text") ?? "").split(/[\s,;]+/).filter(Boolean);
  if (!field || !list || texts.length < 2) return;
  event.preventDefault();
  let place: HTMLInputElement | undefined = field;
  for (const text of texts) {
    while (place?.value) place = fields(list)[fields(list).indexOf(place) + 1] ?? add(list);
    if (place) place.value = text;
  }
});

export {};
