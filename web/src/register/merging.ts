// Making one row of two that were brought twice. Which of them stays, and whose words hold, the server decides by its rules; whoever wants to
// choose does so on the page of suspicions, where such pairs wait.
import { asProblem } from "../api";
import { toast } from "../toast";
import type { Register } from "./register";

const WHICH_CAN = "Only two rows of one account can be one: with the same amount and words within a few days, one of them from a bank; or a pending row and the booked one that came of it.";

export class Merging {
  constructor(readonly register: Register) {}

  /** Merges the two rows that are selected. */
  async merge(): Promise<void> {
    const { register } = this;
    const { selection } = register;
    if (!register.mayEdit) return;
    const [first, second] = selection.ids;
    if (selection.count !== 2 || !first || !second) {
      toast("Select the two rows that are one, and no other.");
      return;
    }
    try {
      const { batch } = await register.api.post<{ batch: string }>(`suspicions/${first}~${second}/decide`, { choice: "same" });
      selection.clear();
      toast("Two rows are one now. No sync brings the other back.", {
        action: "Undo",
        onAction: () => void register.history.undoBatch(batch),
      });
      await register.refresh();
    } catch (error) {
      const { code, message } = asProblem(error);
      toast(code === "conflict" ? WHICH_CAN : message);
    }
  }
}
