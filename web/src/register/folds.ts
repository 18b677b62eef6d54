// Splits folded open in the list: their lines are fetched when they are opened, and again when something has changed.
import { asProblem } from "../api";
import { toast } from "../toast";
import type { Detail } from "./model";
import type { Register } from "./register";

export class Folds {
  constructor(readonly register: Register) {}

  async toggle(position: number): Promise<void> {
    const { outline, api } = this.register;
    const row = this.register.rowAt(position);
    if (!row) return;
    if (outline.isOpen(row.id)) outline.close(row.id);
    else {
      try {
        this.show(await api.get<Detail>(`transactions/${row.id}`));
      } catch (error) {
        toast(asProblem(error).message);
      }
    }
    this.register.changed();
  }

  /** The lines as they are now, where the row is here and still split. */
  show({ id, lines }: Detail): void {
    const { outline, cache } = this.register;
    const index = cache.indexOf(id);
    if (index === undefined || lines.length < 2) outline.close(id);
    else outline.open(id, index, lines);
  }

  /** Somebody may have changed the lines that are shown. */
  async renew(): Promise<void> {
    const { outline, api } = this.register;
    if (outline.openIds.length === 0) return;
    await Promise.all(
      outline.openIds.map(async (id) => {
        const detail = await api.get<Detail>(`transactions/${id}`).catch(() => null);
        if (detail) this.show(detail);
        else outline.close(id);
      }),
    );
    this.register.changed();
  }
}
