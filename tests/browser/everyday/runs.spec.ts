// The history of runs: the list, one run with its reasons, and the rows that came new.
import { arm, connectDemoBank, expect, organizationOf, passDays, test } from "../../support/house.ts";

test("what every sync brought, and why each row was treated as it was", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  await passDays(house, 2);
  await page.getByRole("button", { name: "Bank sync" }).click();
  await expect(page.getByRole("link", { name: "To the transactions" })).toBeVisible();
  await expect(page.getByText("They came exactly as before.").first()).toBeVisible();
  await expect(page.getByRole("listitem").filter({ hasText: "New Nothing in the books fits" }).first()).toBeVisible();
  await eyes.look("run-with-reasons");

  await page.getByRole("link", { name: /Show the rows that came new/ }).first().click();
  await expect(page.getByRole("heading", { name: /New from the bank for/ })).toBeVisible();
  await expect(page.getByText("Nothing in the books fits, so it is new.").first()).toBeVisible();
  await eyes.look("rows-that-came-new");

  // A balance that is refused keeps the rows, and is told with the run and the account.
  await arm(house, "accounts/balances", "connection_error");
  await passDays(house, 1);
  await page.goto(`${home}/banks`);
  await page.getByRole("button", { name: "Bank sync" }).click();
  await expect(page.getByText("Partly synced").first()).toBeVisible();
  await eyes.look("run-partly");
  await page.getByRole("link", { name: "Runs", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Runs" })).toBeVisible();
  await expect(page.getByRole("row")).toHaveCount(4);
  await expect(page.getByRole("row").filter({ hasText: "Robin, linking accounts" })).toHaveCount(1);
  await eyes.look("runs");
  await page.goto(`${home}/banks`);
  await eyes.look("banks-partly");
});
