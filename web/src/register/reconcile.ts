// Reconciling an account: ticking rows until they add up to the balance of a statement, then locking them.
import { asProblem, Problem } from "../api";
import { decimalText } from "../formats";
import { button, h, icon, plural } from "../dom";
import { turnDay } from "./editors";
import type { Register } from "./register";
import { toast } from "../toast";

interface Standing {
  cleared_minor: number;
  uncleared_count: number;
  to_lock: number;
  currency: string;
  scale: number;
}

interface Statement {
  through: string;
  minor: number;
}

export class Reconcile {
  readonly element = h("section", { class: "reconcile", "aria-label": "Reconcile", hidden: true });
  #statement: Statement | null = null;
  #asked = 0;

  constructor(readonly register: Register) {}

  /** Whether ticking is what clicks and keys on the state do now. */
  get isOn(): boolean {
    return this.#statement !== null;
  }

  begin(): void {
    if (!this.register.query.account) return;
    this.#ask();
    this.register.layout.renew();
  }

  /** Ticks have changed: the sums are asked for again. */
  async follow(): Promise<void> {
    const statement = this.#statement;
    const { account } = this.register.query;
    if (!statement || !account) return;
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const standing = await this.register.api.get<Standing>(`accounts/${account}/reconciliation`, {
        through: statement.through,
      });
      if (asked === this.#asked && this.#statement === statement) this.#show(statement, standing);
    } catch (error) {
      toast(asProblem(error).message);
    }
  }

  end(): void {
    this.#statement = null;
    this.element.hidden = true;
    this.element.replaceChildren();
    this.register.layout.renew();
    this.register.grid.activate(this.register.grid.active.position);
  }

  #ask(): void {
    const { formats, scale } = this.register;
    const day = h("input", { class: "input", type: "text", value: formats.fullDay(formats.today), autocomplete: "off" });
    day.addEventListener("keydown", (event) => turnDay(event, day, formats));
    const balance = h("input", { class: "input num", type: "text", inputmode: "decimal", autocomplete: "off" });
    const error = h("p", { class: "error", role: "alert", hidden: true });
    const begin = (): void => {
      const through = formats.parseDay(day.value);
      const minor = formats.parseAmount(balance.value, scale);
      day.setAttribute("aria-invalid", String(through === undefined));
      balance.setAttribute("aria-invalid", String(minor === undefined));
      error.hidden = through !== undefined && minor !== undefined;
      error.textContent =
        through === undefined
          ? "That is no day."
          : `Type the balance as the statement prints it, like ${formats.typedAmount(120410, scale)}.`;
      if (through === undefined || minor === undefined) return;
      this.#statement = { through, minor };
      void this.follow();
    };
    const form = h(
      "form",
      { class: "reconcile-ask" },
      h("label", { class: "filter-field" }, h("span", {}, "Statement of"), day),
      h("label", { class: "filter-field" }, h("span", {}, "Its balance"), balance),
      h("button", { class: "btn btn-primary" }, "Start"),
      button("Cancel", "quiet", () => this.end()),
      error,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      begin();
    });
    form.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") this.end();
    });
    this.element.replaceChildren(form);
    this.element.hidden = false;
    balance.focus();
  }

  #show({ through, minor }: Statement, standing: Standing): void {
    const { formats } = this.register;
    const { scale, currency } = standing;
    const difference = minor - standing.cleared_minor;
    const figure = (label: string, value: number, isSum = false): HTMLElement =>
      h(
        "div",
        {},
        h("dt", {}, label),
        h(
          "dd",
          { class: `num${isSum ? " sum" : ""}`, "aria-label": formats.spoken(value, scale, currency) },
          formats.amount(value, scale),
        ),
      );
    const lock = button(
      `Lock ${plural(standing.to_lock, formats.count(standing.to_lock), "row")}`,
      "primary",
      () => void this.#lock(),
      icon("lock"),
    );
    lock.disabled = difference !== 0;
    const says =
      difference === 0
        ? "It agrees. Locked rows ask before they change."
        : `Tick what the statement shows with L or a click on the state. ${formats.count(standing.uncleared_count)} not cleared.`;
    this.element.replaceChildren(
      h(
        "dl",
        { class: "strip" },
        figure(`Statement of ${formats.day(through)}`, minor),
        figure("Cleared", standing.cleared_minor),
        figure("Difference", difference, true),
      ),
      h("p", { class: "sub grow", role: "status" }, says),
      lock,
      button("End", "quiet", () => this.end()),
    );
    this.register.layout.renew();
  }

  async #lock(): Promise<void> {
    const statement = this.#statement;
    const { account } = this.register.query;
    if (!statement || !account) return;
    const { register } = this;
    try {
      const body = { through: statement.through, balance: decimalText(statement.minor, register.scale) };
      const { batch, locked } = await register.api.post<{ batch: string | null; locked: number }>(
        `accounts/${account}/reconciliation`,
        body,
      );
      const undo = batch ? { action: "Undo", onAction: () => void register.history.undoBatch(batch) } : {};
      toast(
        `${plural(locked, register.formats.count(locked), "row")} locked up to ${register.formats.day(statement.through)}.`,
        undo,
      );
      this.end();
      await register.refresh();
    } catch (error) {
      const problem = error instanceof Problem ? error : asProblem(error);
      toast(problem.message);
      void this.follow();
    }
  }
}
