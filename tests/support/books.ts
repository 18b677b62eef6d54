// An account with rows that somebody typed, and the register in front of it.
import type { Locator, Page } from "@playwright/test";
import { expect, type House, organizationOf } from "./house.ts";
import { between } from "./sql.ts";

export interface Typed {
  date: string;
  amount: string;
  payee?: string;
  note?: string;
  tags?: string[];
}

export interface Kept {
  id: string;
  date: string;
  payee: string | null;
  note: string | null;
  category: string | null;
  tags: string[];
  amount: string;
  lines: number;
}

export class Books {
  constructor(
    readonly page: Page,
    readonly house: House,
    readonly organization: string,
    readonly account: string,
    readonly rows: Typed[],
  ) {}

  /** Of the account's page. */
  get address(): string {
    return `${this.house.address}/o/${this.organization}/accounts/${this.account}`;
  }

  #at(path: string): string {
    return `${this.house.address}/api/v1/organizations/${this.organization}/${path}`;
  }

  async send<T>(method: "POST" | "PATCH", path: string, data: unknown): Promise<T> {
    const answer = await this.page.request.fetch(this.#at(path), { method, data, headers: { origin: this.house.address } });
    expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
    return (await answer.json()) as T;
  }

  /** What the server has, newest first. */
  async list(query = ""): Promise<Kept[]> {
    const answer = await this.page.request.get(this.#at(`transactions?account=${this.account}&limit=500${query}`));
    return ((await answer.json()) as { transactions: Kept[] }).transactions;
  }

  async at(place: number): Promise<Kept> {
    const kept = (await this.list())[place];
    if (!kept) throw new Error(`there is no row ${place}`);
    return kept;
  }

  /** Somebody changes a row elsewhere. */
  async change(place: number, set: object): Promise<void> {
    await this.send("PATCH", `transactions/${(await this.at(place)).id}`, set);
  }

  /** From now on everybody only reads. */
  async demote(): Promise<void> {
    await between(this.house, `db.execute("UPDATE members SET role = 'viewer'")`);
  }
}

/** Adds an account without a bank with these rows, and opens it. */
export async function booksOf(page: Page, house: House, rows: Typed[], opening = "0.00"): Promise<Books> {
  const organization = organizationOf(page);
  const without = new Books(page, house, organization, "", rows);
  const made = await without.send<{ id: string }>("POST", "accounts", { name: "Cash", kind: "cash", currency: "EUR", opening });
  for (const typed of rows) await without.send("POST", "transactions", { account: made.id, ...typed });
  const books = new Books(page, house, organization, made.id, rows);
  await page.goto(books.address);
  await live(page);
  return books;
}

/** Waits until the register has taken the place of the server's table. */
export async function live(page: Page): Promise<void> {
  await expect(page.locator("bankside-register.is-live")).toBeVisible();
}

export const row = (page: Page, position: number): Locator => page.locator(`.rows .row[data-position="${position}"]:not([hidden])`);

export const cell = (page: Page, position: number, column: string): Locator =>
  row(page, position).locator(`[data-column="${column}"]`);

export async function focusCell(page: Page, position: number, column: string): Promise<void> {
  await cell(page, position, column).focus();
}

/** A message at the foot of the window. */
export const said = (page: Page, text: string): Locator => page.locator(".toast").filter({ hasText: text });
