// Says what is not saved, each with its way out. It stands at the window's foot, because its row may be far away.
import { button, h, icon } from "../dom";
import { FIELD_NAMES } from "./model";
import type { Change, Unsaved } from "./unsaved";

/** `edit` opens the field again with what was typed. */
export function unsavedNotice(unsaved: Unsaved, edit: (change: Change) => void): { element: HTMLElement; show(): void } {
  const element = h("div", { class: "unsaved", role: "alert" });
  let shown = "";
  const show = (): void => {
    const asking = unsaved.asking;
    // Told once: an alert that is written again is read again.
    const key = JSON.stringify(asking.map(({ id, field, given, standing }) => [id, field, given.text, standing]));
    if (key === shown) return;
    shown = key;
    element.hidden = asking.length === 0;
    element.replaceChildren(...asking.map((change) => notice(change, unsaved, edit)));
  };
  element.hidden = true;
  return { element, show };
}

function notice(change: Change, unsaved: Unsaved, edit: (change: Change) => void): HTMLElement {
  const field = FIELD_NAMES[change.field] ?? change.field;
  const [says, ...ways] = waysOut(change, unsaved, field, edit);
  return h(
    "div",
    { class: "notice is-stop" },
    icon("warn"),
    h("div", { class: "grow" }, says ?? null),
    h("div", { class: "cluster" }, ...ways),
  );
}

function waysOut(change: Change, unsaved: Unsaved, field: string, edit: (change: Change) => void): HTMLElement[] {
  const { standing, about, given } = change;
  const mine = given.text === "" ? "blank" : `“${given.text}”`;
  const drop = (label: string): HTMLElement => button(label, "small quiet", () => unsaved.discard(change));
  const again = (label: string, unlock = false): HTMLElement =>
    button(label, "small", () => void unsaved.retry(change, { unlock }));
  switch (standing.kind) {
    case "conflict": {
      const theirs = standing.theirs === "" ? "blank" : `“${standing.theirs}”`;
      const says = h(
        "p",
        {},
        h("b", {}, `Somebody changed the ${field} of ${about} meanwhile.`),
        ` Theirs: ${theirs}. Yours: ${mine}.`,
      );
      return [says, again("Keep mine"), drop("Take theirs")];
    }
    case "reconciled":
      return [
        h(
          "p",
          {},
          h("b", {}, `${about} is reconciled.`),
          ` It agrees with a statement. Change its ${field} to ${mine} all the same?`,
        ),
        again("Change it", true),
        drop("Leave it"),
      ];
    case "failed":
      return [
        h("p", {}, h("b", {}, `Not saved: ${field} of ${about}, ${mine}.`), ` ${standing.says}`),
        again("Try again"),
        drop("Discard"),
      ];
    case "refused":
      return [
        h("p", {}, h("b", {}, `Not saved: ${field} of ${about}, ${mine}.`), ` ${standing.says}`),
        button("Edit again", "small", () => edit(change)),
        drop("Discard"),
      ];
    case "saving":
      return [];
  }
}
