// What a provider files rows under: it stands in a table, is mapped to a category there, is suggested then, and is taken away again.
import type { Page } from "@playwright/test";
import { Api } from "../../support/api.ts";
import { arrived, expect, organizationOf, test } from "../../support/house.ts";

interface Line {
  line: string;
  suggestions: { category: string; basis: string; strength: string; provider_says: string | null }[];
}

interface Filed {
  code: string;
  name: string;
  category_id: string | null;
}

const main = (page: Page) => page.getByRole("main");

test("a provider's categories are mapped, suggested, and taken away", async ({ signedIn: page, house, eyes }) => {
  test.slow();
  const organization = organizationOf(page);
  const home = `${house.address}/o/${organization}`;
  const api = new Api(page.request, house, organization);
  const { clientId, clientSecret, itemIds } = house.pluggy.credentials;

  // Until a provider has filed something, there is no such table.
  await page.goto(`${home}/categories`);
  await expect(page.getByRole("heading", { name: "What providers call it" })).toHaveCount(0);

  const switched = await page.request.put(`${house.address}/api/v1/features/pluggy_bank_sync`, { headers: { origin: house.address }, data: { is_on: true } });
  expect(switched.ok(), await switched.text()).toBe(true);
  await page.goto(`${home}/providers/pluggy/keys`);
  await page.getByLabel("Client ID").fill(clientId);
  await page.getByLabel("Client secret").fill(clientSecret);
  await page.getByLabel("Item IDs, 1").fill(itemIds.split(",")[0] ?? "");
  await page.getByRole("button", { name: "Test and save" }).click();
  await arrived(page, "Link accounts");
  await page.getByRole("row").filter({ hasText: "Banco Aroeira" }).first().getByText("Set up bank-sync").click();
  await page.getByRole("button", { name: "Link accounts" }).click();
  await expect(page.getByText(/Banco Aroeira: 1 account, [\d,]+ rows: [\d,]+ new\./)).toBeVisible();

  const filed = async (): Promise<Filed[]> => api.get<Filed[]>("provider-categories");
  const suggested = async (): Promise<Line["suggestions"]> => {
    const { lines } = await api.get<{ lines: Line[] }>("mapping?limit=100");
    return lines.flatMap((line) => line.suggestions).filter((one) => one.basis === "provider");
  };
  expect((await filed()).length).toBeGreaterThan(1);
  expect((await filed()).every((one) => one.category_id === null)).toBe(true);
  expect(await suggested()).toEqual([]);

  // By its table: chosen, saved, and told as it stands.
  await page.goto(`${home}/categories`);
  const table = page.getByRole("form", { name: "What providers call it" });
  const choice = table.getByLabel("Category for Supermarket");
  await expect(table.getByRole("row", { name: /Supermarket/ })).toContainText("Pluggy.ai");
  await choice.selectOption("Supermarket");
  await table.getByRole("button", { name: "Save these" }).click();
  await expect(page).toHaveURL(/\/categories#filed$/);
  await expect(choice.locator("option:checked")).toHaveText("Supermarket");
  await eyes.look("provider-categories");
  const groceries = (await filed()).find((one) => one.category_id !== null);
  expect(groceries?.name).toMatch(/supermarket|groceries/i);
  const now = await suggested();
  expect(now.length).toBeGreaterThan(0);
  expect(now[0]).toMatchObject({ category: "Food ▸ Supermarket", basis: "provider" });
  // It maps nothing by itself: rows wait, with its word beside the suggestion.
  await page.goto(`${home}/cashflow/unmapped`);
  await expect(main(page).getByText(/the provider files it under/).first()).toBeAttached();
  await eyes.keep("suggested-by-a-provider");

  // By a program, which says what it saw: whoever saw something else changes nothing.
  const body = (category_id: string | null, seen?: string | null) => ({ code: groceries?.code, category_id, ...(seen === undefined ? {} : { seen }) });
  const put = async (data: unknown): Promise<number> => (await api.send("PUT", "provider-categories", data)).status();
  expect(await put(body(null, null))).toBe(409);
  expect((await filed()).find((one) => one.code === groceries?.code)?.category_id).toBe(groceries?.category_id);
  expect(await put(body(null, groceries?.category_id))).toBe(204);
  expect(await suggested()).toEqual([]);
  expect(await put(body(groceries?.category_id ?? null))).toBe(204);
  expect((await suggested()).length).toBe(now.length);

  // By its table it is taken away again.
  await page.goto(`${home}/categories`);
  await expect(choice.locator("option:checked")).toHaveText("Supermarket");
  await choice.selectOption("");
  await table.getByRole("button", { name: "Save these" }).click();
  await expect(choice.locator("option:checked")).toHaveText("None");
  expect(await suggested()).toEqual([]);
  expect((await filed()).every((one) => one.category_id === null)).toBe(true);
  expect(eyes.complaints).toEqual([]);
});
