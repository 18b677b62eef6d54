// Filters in words, for the chips.
import type { Filter } from "./query";
import type { Register } from "./register";

export const STATES: [value: string, word: string][] = [
  ["pending", "Pending"],
  ["cleared", "Cleared"],
  ["reconciled", "Reconciled"],
  ["typed", "Typed"],
  ["scheduled", "Scheduled"],
  ["declined", "Declined"],
];

export const DIRECTIONS: [value: string, word: string][] = [
  ["in", "Money in"],
  ["out", "Money out"],
];

/** Names of what addresses only know by its id, learned when it was chosen or seen in a row. */
export class Names {
  #names = new Map<string, string>();

  learn(id: string, name: string): void {
    this.#names.set(id, name);
  }

  of(id: string): string | undefined {
    return this.#names.get(id);
  }
}

export function chipText(name: Filter, value: string, register: Register): string {
  const { formats, names, scale } = register;
  const amount = (): string => {
    const minor = Math.round(Number(value) * 10 ** scale);
    return Number.isFinite(minor) ? formats.amount(minor, scale) : value;
  };
  switch (name) {
    case "only":
      return "This transaction alone";
    case "account":
      return `Account ${names.of(value) ?? register.dataset.onlyAccount ?? firstOf(register)?.account_name ?? ""}`;
    case "from":
      return `From ${formats.fullDay(value)}`;
    case "to":
      return `Up to ${formats.fullDay(value)}`;
    case "min":
      return `At least ${amount()}`;
    case "max":
      return `At most ${amount()}`;
    case "direction":
      return DIRECTIONS.find(([key]) => key === value)?.[1] ?? value;
    case "category":
      return value === "none" ? "No category" : `Category ${names.of(value) ?? firstOf(register)?.category ?? ""}`;
    case "main_category":
      return `Category ${names.of(value) ?? ""} and below`;
    case "cashflow":
      return `Cashflow of ${register.dataset.cashflow ?? ""}`;
    case "reach":
      return "Without what is below";
    case "currency":
      return `In ${value}`;
    case "payee":
      return `Payee ${names.of(value) ?? firstOf(register)?.payee ?? ""}`;
    case "tag":
      return `#${names.of(value) ?? "tag"}`;
    case "bill":
      return `Bill due ${names.of(value) ?? register.dataset.bill ?? ""}`;
    case "state":
      return STATES.find(([key]) => key === value)?.[1] ?? value;
    case "new":
      return "New";
    case "edited":
      return "Edited";
    case "search":
      return `“${value}”`;
  }
}

/** Every row that was found by a payee or a category has its name. */
function firstOf({ cache }: Register): ReturnType<Register["cache"]["row"]> {
  return cache.row(0);
}
