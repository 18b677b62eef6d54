// Short messages about what has just happened, with a way back. They are never the only record: the history has it too.
import { h, icon } from "./dom";

export interface ToastOptions {
  /** The label of the button that takes it back, e.g. "Undo". */
  action?: string;
  onAction?: () => void;
}

/** Long enough to read and to reach; the time stands still while somebody is on the message. */
const STAYS_MS = 9000;
const AT_MOST = 3;

export function toast(text: string, { action, onAction }: ToastOptions = {}): void {
  const place = container();
  const dismiss = (): void => {
    clearTimeout(timer);
    message.remove();
  };
  const act = (): void => {
    dismiss();
    onAction?.();
  };
  const message = h(
    "div",
    { class: "toast" },
    h("span", { class: "grow" }, text),
    action ? h("button", { type: "button", class: "btn btn-small", onclick: act }, action) : null,
    h("button", { type: "button", class: "btn btn-small btn-icon", "aria-label": "Dismiss", onclick: dismiss }, icon("close")),
  );
  let timer = 0;
  const wait = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(dismiss, STAYS_MS);
  };
  const hold = (): void => clearTimeout(timer);
  message.addEventListener("pointerenter", hold);
  message.addEventListener("pointerleave", wait);
  message.addEventListener("focusin", hold);
  message.addEventListener("focusout", wait);
  place.append(message);
  while (place.childElementCount > AT_MOST) place.firstElementChild?.remove();
  wait();
}

/** Closes the newest message; whether there was one. */
export function dismissToast(): boolean {
  const last = document.querySelector(".toasts > :last-child");
  last?.remove();
  return last !== null;
}

// A page that is swapped in takes the container with it, so it is looked for each time.
function container(): HTMLElement {
  const there = document.querySelector<HTMLElement>(".toasts");
  if (there) return there;
  const made = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
  document.body.append(made);
  return made;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (document.activeElement?.closest(".toast")) dismissToast();
});
