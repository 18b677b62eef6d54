// A question before something that cannot be overlooked afterwards.
import { button, freshId, h } from "../dom";

export interface Question {
  title: string;
  text: string;
  yes: string;
  isDestroying?: boolean;
}

export function ask({ title, text, yes, isDestroying = false }: Question): Promise<boolean> {
  const opener = document.activeElement;
  return new Promise((resolve) => {
    const titleId = freshId("question");
    const answer = (isYes: boolean): void => {
      dialog.remove();
      if (opener instanceof HTMLElement) opener.focus({ preventScroll: true });
      resolve(isYes);
    };
    const yesButton = button(yes, isDestroying ? "danger" : "primary", () => answer(true));
    const dialog = h(
      "dialog",
      { class: "narrow question", "aria-labelledby": titleId, oncancel: () => answer(false) },
      h("div", { class: "dialog-head" }, h("h2", { id: titleId }, title)),
      h("div", { class: "dialog-body" }, h("p", {}, text)),
      h(
        "div",
        { class: "dialog-foot" },
        yesButton,
        button("Cancel", "quiet", () => answer(false)),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
    yesButton.focus();
  });
}
