// Undo and redo. The server keeps what was done; here it is only asked for, and named.
import { asProblem } from "../api";
import type { Register } from "./register";
import { toast } from "../toast";

interface Undone {
  undone: { summary: string; at: string };
  taken_back: number;
  stay: number;
}

export class History {
  constructor(readonly register: Register) {}

  /** Takes back what this person did last. */
  async undo(): Promise<void> {
    await this.#step("undo", "Undone", "Nothing left to undo.", { action: "Redo", onAction: () => void this.redo() });
  }

  async redo(): Promise<void> {
    await this.#step("redo", "Done again", "Nothing left to redo.", { action: "Undo", onAction: () => void this.undo() });
  }

  /** Takes back one batch, whoever came after it. */
  async undoBatch(batch: string): Promise<void> {
    try {
      await this.register.api.post(`batches/${batch}/undo`);
      toast("Undone.", { action: "Redo", onAction: () => void this.redo() });
      await this.register.refresh();
    } catch (error) {
      toast(asProblem(error).message);
    }
  }

  async #step(
    way: "undo" | "redo",
    done: string,
    nothing: string,
    back: { action: string; onAction: () => void },
  ): Promise<void> {
    try {
      const { undone, stay } = await this.register.api.post<Undone>(way);
      const left = stay ? ` ${stay} stayed, because something newer was written over them.` : "";
      toast(`${done}: ${undone.summary}.${left}`, back);
      await this.register.refresh();
    } catch (error) {
      const problem = asProblem(error);
      toast(problem.code === `nothing_to_${way}` ? nothing : problem.message);
    }
  }
}
