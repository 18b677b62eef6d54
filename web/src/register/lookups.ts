// What can be chosen from: categories, payees, tags, accounts. Fetched when first needed, and again after something was added.
import { type Api, Problem } from "../api";
import type { Account, Category, Payee, Tag } from "./model";

const PAYEES_SHOWN = 12;

export class Lookups {
  #categories: Promise<Category[]> | null = null;
  #tags: Promise<Tag[]> | null = null;
  #accounts: Promise<Account[]> | null = null;

  constructor(
    readonly api: Api,
    readonly mayAddCategories: boolean,
  ) {}

  categories(): Promise<Category[]> {
    this.#categories ??= this.#list<Category>("categories", () => (this.#categories = null));
    return this.#categories;
  }

  tags(): Promise<Tag[]> {
    this.#tags ??= this.#list<Tag>("tags", () => (this.#tags = null));
    return this.#tags;
  }

  accounts(): Promise<Account[]> {
    this.#accounts ??= this.#list<Account>("accounts", () => (this.#accounts = null));
    return this.#accounts;
  }

  payees(search: string): Promise<Payee[]> {
    return this.#list<Payee>("payees", () => undefined, { search, limit: PAYEES_SHOWN });
  }

  /** Makes a category from what a person typed: “Repairs”, or “House ▸ Repairs” below one that exists. */
  async createCategory(typed: string): Promise<{ id: string; path: string }> {
    const steps = typed.split(/\s*[▸>]\s*/).filter(Boolean);
    const name = steps.pop() ?? typed;
    const above = steps.join(" ▸ ");
    if (!this.mayAddCategories) {
      throw new Problem(403, "denied", `There is no category “${typed}”. An owner or an admin can add it.`);
    }
    const parent = above ? (await this.categories()).find((category) => same(category.path, above)) : undefined;
    const { id } = await this.api.post<{ id: string }>("categories", { name, ...(parent ? { parent: parent.id } : {}) });
    this.#categories = null;
    return { id, path: parent ? `${parent.path} ▸ ${name}` : name };
  }

  /** Somebody has changed something: what was fetched may be incomplete. */
  forget(): void {
    this.#categories = null;
    this.#tags = null;
    this.#accounts = null;
  }

  async #list<T>(path: string, forget: () => void, params: { search?: string; limit?: number } = {}): Promise<T[]> {
    try {
      const answer = await this.api.get<T[] | Record<string, T[]>>(path, params);
      // Some lists come within an object that names them.
      return Array.isArray(answer) ? answer : (answer[path] ?? []);
    } catch {
      // A list of suggestions that does not come is no reason to stop somebody who types.
      forget();
      return [];
    }
  }
}

export function same(one: string, other: string): boolean {
  return one.localeCompare(other, undefined, { sensitivity: "base" }) === 0;
}

/** Without marks and case, for finding. */
export function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
