// Without its script, every page still does its work: forms post, and pages that wait offer to look again.
import { expect, organizationOf, setUp, test, typeKeys, walkConsent } from "../../support/house.ts";

test.use({ javaScriptEnabled: false });

test("from the first start to rows, without a script", async ({ page, house }) => {
  await setUp(page, house.address);
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: "Add account" }).click();
  await page.getByRole("link", { name: "Set up GoCardless for bank sync" }).click();
  await typeKeys(page, house.gocardless.credentials);
  await page.getByLabel("Country").selectOption("DE");
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByRole("button", { name: /Nordhafen/ }).click();
  const link = await page.getByRole("link", { name: "Link bank in browser" }).getAttribute("href");
  const tab = await page.context().newPage();
  await tab.goto(link ?? "");
  await walkConsent(tab);
  await expect(tab.getByRole("heading", { name: "Link accounts" })).toBeVisible();
  await tab.close();
  await page.getByRole("link", { name: "Look now" }).click();
  await page.getByRole("button", { name: "Link accounts" }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole("link", { name: "To the transactions" })).toBeVisible({ timeout: 100 });
  }).toPass();
  await page.getByRole("link", { name: "To the transactions" }).click();
  await expect(page.getByRole("row")).not.toHaveCount(0);

  // Access is renewed, and the sync is ended.
  await page.goto(`${house.address}/o/${organizationOf(page)}/banks`);
  await page.getByRole("button", { name: "Resync" }).click();
  const again = await page.getByRole("link", { name: "Link bank in browser" }).getAttribute("href");
  const bank = await page.context().newPage();
  await bank.goto(again ?? "");
  await walkConsent(bank);
  await expect(bank.getByText(/Access to Nordhafen Bank is renewed until/)).toBeVisible();
  await bank.close();
  await page.getByRole("link", { name: "Look now" }).click();
  await expect(page.getByText("2 accounts were recognised.")).toBeVisible();
  await page.goto(`${house.address}/o/${organizationOf(page)}/banks`);
  await page.getByRole("link", { name: "Unsync" }).click();
  await page.getByRole("button", { name: "Unsync" }).click();
  await expect(page.getByRole("heading", { name: "No bank is connected" })).toBeVisible();
});
