// The new row: a line at the top of the grid whose cells are fields. What is typed is kept until it is added or given up.
import { asProblem } from "../api";
import type { ColumnKey } from "./columns";
import { button, h, icon } from "../dom";
import { keep, keptAt, organizationOfPage, placeOf } from "../kept";
import { createEditor, type Editor } from "./editors";
import type { Account, Changes, Field, Payee, Row } from "./model";
import type { Register } from "./register";
import { toast } from "../toast";

const TITLES: Record<Field, string> = {
  date: "Date",
  account: "Account",
  payee: "Payee",
  note: "Note",
  category: "Category",
  tags: "Tags",
  amount: "Amount",
};

type Slot = Field | "payment" | "deposit";

interface Added {
  id: string;
  batch: string | null;
  transaction: Row;
}

export class Draft {
  readonly element = h("div", { class: "draft", role: "rowgroup", hidden: true });
  #editors = new Map<Slot, Editor>();
  readonly #error = h("p", { class: "error", role: "alert", hidden: true });
  readonly #kept: string;
  #isSending = false;

  constructor(readonly register: Register) {
    this.#kept = placeOf("bankside.draft", organizationOfPage(), register.query.account ?? "");
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    this.element.addEventListener("input", () => this.#keep());
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  /** Opens again with what was typed before the page was left. */
  restore(): void {
    const kept = this.#keptTexts();
    if (!kept || !this.register.mayEdit) return;
    this.open(kept, false);
    this.#say("This was typed before the page was left, and is not added yet.");
  }

  open(texts: Partial<Record<Slot, string>> = {}, focus = true): void {
    if (!this.register.mayEdit) return;
    if (!this.isOpen) this.#build(texts);
    this.element.hidden = false;
    this.register.layout.renew();
    if (focus) this.#first()?.focus();
  }

  /** The columns have changed: the same texts, elsewhere. */
  rebuild(): void {
    if (!this.isOpen || this.element.contains(document.activeElement)) return;
    this.#build(this.#texts());
  }

  close(): void {
    keep(this.#kept, null);
    this.element.hidden = true;
    this.element.replaceChildren();
    this.#editors.clear();
    this.register.layout.renew();
    this.register.grid.activate(this.register.grid.active.position);
  }

  #build(texts: Partial<Record<Slot, string>>): void {
    const { grid, query } = this.register;
    this.#editors.clear();
    this.#error.hidden = true;
    const inColumns = new Set(grid.columns.map(({ key }) => key));
    const cells = grid.columns.map((column, at) => {
      const cell = h("div", { role: "gridcell", class: `cell ${column.cell}`, "aria-colindex": at + 1 });
      const slot = slotOf(column.key);
      if (slot) cell.append(...this.#field(slot, texts));
      return cell;
    });
    const rest = (["account", "note", "tags"] as const).filter(
      (slot) => !inColumns.has(slot) && (slot !== "account" || !query.account),
    );
    const foot = h("div", { role: "gridcell", class: "draft-foot", "aria-colindex": 1, "aria-colspan": grid.columns.length });
    foot.append(
      ...rest.map((slot) =>
        h(
          "label",
          { class: slot === "tags" && rest.length % 2 === 1 ? "draft-rest is-last" : "draft-rest" },
          h("span", {}, TITLES[slot]),
          ...this.#field(slot, texts),
        ),
      ),
      this.#error,
      h("span", { class: "push" }),
      button("Add", "primary small", () => void this.#add(false)),
      button("Cancel", "quiet small", () => this.close()),
    );
    this.element.replaceChildren(
      h("div", { role: "row", class: "row draft-row" }, ...cells),
      h("div", { role: "row", class: "draft-more" }, foot),
    );
  }

  #field(slot: Slot, texts: Partial<Record<Slot, string>>): Node[] {
    const { register } = this;
    const field: Field = slot === "payment" || slot === "deposit" ? "amount" : slot;
    const title = slot === "payment" ? "Payment" : slot === "deposit" ? "Deposit" : TITLES[field];
    const sign = slot === "payment" ? -1 : slot === "deposit" ? 1 : undefined;
    const typed = texts[slot] ?? this.#startsWith(slot);
    const editor = createEditor(field, {
      label: `${title} of the new transaction`,
      formats: register.formats,
      lookups: register.lookups,
      scale: register.scale,
      ...(sign ? { sign } : {}),
      ...(typed ? { typed } : {}),
      payeePicked: (payee) => this.#offerCategory(payee),
    });
    editor.input.dataset.slot = slot;
    this.#editors.set(slot, editor);
    return [h("span", { class: "draft-label", "aria-hidden": "true" }, title), editor.element];
  }

  #startsWith(slot: Slot): string | undefined {
    const { register } = this;
    if (slot === "date") return register.formats.day(register.formats.today);
    if (slot === "account") return register.rowAt(register.grid.active.position)?.account_name;
    return undefined;
  }

  #offerCategory(payee: Payee): void {
    const category = this.#editors.get("category")?.input;
    if (!category || category.value !== "" || !payee.last_category) return;
    category.value = payee.last_category;
    this.#keep();
  }

  async #add(isLast: boolean): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    let at: Editor | undefined;
    try {
      const body: Changes & { account?: string } = this.register.query.account ? { account: this.register.query.account } : {};
      for (const [slot, editor] of this.#editors) {
        at = editor;
        editor.input.removeAttribute("aria-invalid");
        if (isBlank(slot, editor)) continue;
        Object.assign(body, await this.#readWith(slot, editor, body.account));
      }
      at = this.#editors.get("amount") ?? this.#editors.get("payment");
      if (body.amount === undefined) throw new Error("The amount is missing.");
      at = this.#editors.get("account");
      if (!body.account) throw new Error("Say which account it belongs to.");
      at = undefined;
      const added = await this.register.api.post<Added>("transactions", body);
      await this.#done(added, isLast);
    } catch (error) {
      const problem = asProblem(error);
      this.#say(problem.message);
      const field = at ?? this.#editors.get((problem.field ?? "") as Slot);
      field?.input.setAttribute("aria-invalid", "true");
      (field?.input ?? this.#first())?.focus();
    } finally {
      this.#isSending = false;
    }
  }

  /** Amounts have as many decimals as the account's currency. */
  async #readWith(slot: Slot, editor: Editor, accountId: string | undefined): Promise<Changes> {
    const scale =
      slot === "amount" || slot === "payment" || slot === "deposit" ? await this.#scaleOf(accountId) : this.register.scale;
    if (scale === this.register.scale) return (await editor.read())?.set ?? {};
    const sign = slot === "payment" ? -1 : slot === "deposit" ? 1 : undefined;
    const other = createEditor("amount", {
      label: "",
      formats: this.register.formats,
      lookups: this.register.lookups,
      scale,
      typed: editor.input.value,
      ...(sign ? { sign } : {}),
    });
    return (await other.read())?.set ?? {};
  }

  async #scaleOf(accountId: string | undefined): Promise<number> {
    const account = (await this.register.lookups.accounts()).find(({ id }): boolean => id === accountId) as Account | undefined;
    if (account?.scale !== undefined) return account.scale;
    const like = [...this.register.cache.rows()].find((row) => row.account === accountId);
    return like?.scale ?? this.register.scale;
  }

  async #done({ batch, transaction }: Added, isLast: boolean): Promise<void> {
    const { register } = this;
    keep(this.#kept, null);
    const figure = register.formats.signed(transaction.amount_minor, transaction.scale);
    const undo = batch ? { action: "Undo", onAction: () => void register.history.undoBatch(batch) } : {};
    toast(`Added ${transaction.payee ?? "a transaction"}, ${figure}.`, undo);
    if (isLast) this.close();
    else {
      // One row after the other is typed in: the day and the account stay.
      this.#build({ date: this.#texts().date ?? "", account: transaction.account_name });
      this.#first()?.focus();
    }
    await register.refresh();
    const position = register.positionOf(transaction.id);
    if (isLast && position !== undefined) register.grid.activate(position);
  }

  #first(): HTMLInputElement | undefined {
    const input = this.#editors.get("date")?.input;
    if (document.activeElement !== input) requestAnimationFrame(() => input?.select());
    return input;
  }

  #say(text: string): void {
    this.#error.replaceChildren(icon("warn"), h("span", {}, text));
    this.#error.hidden = false;
  }

  #texts(): Partial<Record<Slot, string>> {
    return Object.fromEntries([...this.#editors].map(([slot, { input }]) => [slot, input.value]));
  }

  #keep(): void {
    keep(this.#kept, JSON.stringify(this.#texts()));
  }

  #keptTexts(): Partial<Record<Slot, string>> | null {
    try {
      return JSON.parse(keptAt(this.#kept).get(this.#kept) ?? "null") as Partial<Record<Slot, string>> | null;
    } catch {
      return null;
    }
  }

  #onKey(event: KeyboardEvent): void {
    if (event.isComposing) return;
    event.stopPropagation();
    if (event.key === "Escape") {
      event.preventDefault();
      this.close();
    } else if (event.key === "Enter" && event.target instanceof HTMLInputElement) {
      event.preventDefault();
      void this.#add(event.ctrlKey || event.metaKey);
    }
  }
}

function slotOf(key: ColumnKey): Slot | null {
  return key === "select" || key === "balance" || key === "state" ? null : key;
}

function isBlank(slot: Slot, { input }: Editor): boolean {
  return slot !== "date" && input.value.trim() === "";
}
