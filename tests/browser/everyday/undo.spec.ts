// A person takes back what a sync brought, brings it back, takes it back again, and syncs.
import type { Page } from "@playwright/test";
import { connectDemoBank, countOf, expect, organizationOf, test } from "../../support/house.ts";

/** How many transactions an account has. */
async function rowsOf(page: Page, home: string, name: string): Promise<number> {
  await page.goto(`${home}/transactions`);
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name }).click();
  await expect(page.getByRole("heading", { name })).toBeVisible();
  const count = await countOf(page);
  if (count === 0) await expect(page.getByRole("heading", { name: "No transactions yet" })).toBeVisible();
  return count;
}

test("an import is undone, brought back, undone again, and a sync fetches again", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  const before = await rowsOf(page, home, "Girokonto");
  const others = await rowsOf(page, home, "Tagesgeld");
  expect(before).toBeGreaterThan(0);
  await page.goto(`${home}/runs`);
  await page.getByRole("main").getByRole("link", { name: /^today/ }).click();
  await eyes.look("run-with-undo");

  // First it is said what would happen; whoever leaves it there has changed nothing.
  await page.getByRole("link", { name: "Undo the import of Girokonto" }).click();
  await expect(page.getByRole("heading", { name: "Undo the import of Girokonto?" })).toBeVisible();
  await expect(page.getByText(`${before} rows leave the books.`)).toBeVisible();
  await expect(page.getByRole("radio", { name: "Bring them in again, if the bank still shows them" })).toBeChecked();
  await eyes.look("undo");
  await page.getByRole("link", { name: "Leave it as it is" }).click();
  await page.getByRole("link", { name: "Undo the import of Girokonto" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText(`Undone: ${before} rows have left the books`)).toBeVisible();
  await expect(page.getByRole("link", { name: "Bring it back (the import of Girokonto)" })).toHaveCount(1);
  await expect(page.getByRole("link", { name: "Undo the import of Tagesgeld" })).toBeVisible();
  await eyes.look("undone");
  const run = page.url();
  expect(await rowsOf(page, home, "Girokonto")).toBe(0);
  expect(await rowsOf(page, home, "Tagesgeld")).toBe(others);

  // The undoing is undone, and that in turn.
  await page.goto(run);
  await page.getByRole("link", { name: "Undo this" }).click();
  await expect(page.getByText(`${before} rows come back into the books.`)).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText(`Undone: ${before} rows have come back`)).toBeVisible();
  const again = page.url();
  expect(await rowsOf(page, home, "Girokonto")).toBe(before);
  await page.goto(again);
  await page.getByRole("link", { name: "Undo this" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText(`Undone: ${before} rows have left the books`)).toBeVisible();
  expect(await rowsOf(page, home, "Girokonto")).toBe(0);

  // What the bank sends again comes in again, all of it and once each; the undoing has nothing to bring back any more.
  await page.getByRole("button", { name: "Bank sync" }).click();
  await expect(page.getByRole("link", { name: "To the transactions" })).toBeVisible();
  expect(await rowsOf(page, home, "Girokonto")).toBe(before);
  await page.goto(again.replace(/\?.*/, ""));
  await page.getByRole("link", { name: "Bring it back (the import of Girokonto)" }).click();
  await expect(page.getByText("Nothing of this can be undone any more.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Undo" })).toHaveCount(0);
});
