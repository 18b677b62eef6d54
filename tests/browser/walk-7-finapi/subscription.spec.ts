// A server that asks for a subscription: without one bank integrations says so and nothing can be begun; with one everything is as ever.
import { Program } from "../../support/program.ts";
import { connectDemoBank, expect, organizationOf, person, test } from "../../support/house.ts";

test("without a subscription the page explains and the wizard is closed", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.goto("about:blank");
  house.environment.BANKSIDE_SUBSCRIPTION__REQUIRED = "true";
  await house.restart();
  await page.goto(`${home}/banks`);
  await expect(page.getByRole("note")).toContainText(`Syncing with banks takes a subscription on this server, and ${person.organization} has none.`);
  await expect(page.getByRole("link", { name: "Sync with a bank" })).toHaveCount(0);
  for (const verb of ["Bank sync", "Resync", "Get accounts"]) await expect(page.getByRole("button", { name: verb })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Unsync" })).toBeVisible();
  await eyes.look("no-subscription");
  await page.goto(`${home}/connect-bank`);
  await expect(page.getByRole("heading", { name: "This takes a subscription" })).toBeVisible();
  await page.goto(`${home}/add-account`);
  await expect(page.getByRole("heading", { name: "Account without a bank" })).toBeVisible();
  await eyes.look("add-account-without-a-subscription");
  // While the page lies open the operator enters it, and the page goes on by itself: it looks every quarter of a minute at what other programs wrote.
  await page.goto(`${home}/banks`);
  const set = ["subscription", "--data-folder", "data", "set", person.organization, "--through", "2999-12-31"];
  await Program.start(house.folder, set, house.environment).says(/(may sync with banks through 2999-12-31)/);
  await expect(page.getByText("until 31 Dec 2999")).toBeVisible({ timeout: 25_000 });
  await page.reload();
  await expect(page.getByRole("note")).toHaveCount(0);
  await page.getByRole("button", { name: "Bank sync" }).click();
  await expect(page.getByText(/2 accounts, \d+ rows/)).toBeVisible();
});
