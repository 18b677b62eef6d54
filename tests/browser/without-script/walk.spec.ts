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
  const rows = page.getByRole("table", { name: "Transactions, newest first" }).locator("tbody tr");
  await expect(rows).toHaveCount(50);
  const first = await rows.first().textContent();
  await page.getByRole("link", { name: "Older" }).click();
  await expect(page.getByText("Page 2 of 11")).toBeVisible();
  await expect(rows.first()).not.toHaveText(first ?? "");
  await page.getByRole("link", { name: "Newer" }).click();
  await expect(rows.first()).toHaveText(first ?? "");
  const search = page.getByRole("searchbox", { name: "Search transactions" });
  await search.fill("kornblume");
  await search.press("Enter");
  await expect(page.getByText(/^\d+ found · −?[\d,.]+ EUR$/)).toBeVisible();
  for (const text of await rows.allTextContents()) expect(text).toContain("Kornblume");
  await search.fill("100%_'; drop table");
  await search.press("Enter");
  await expect(page.getByRole("heading", { name: /Nothing fits/ })).toBeVisible();
  await page.getByRole("link", { name: "Clear" }).click();
  await expect(rows).toHaveCount(50);

  // An account without a bank, and what is typed into it on a page of its own.
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: "Add account" }).click();
  await page.getByRole("link", { name: "Add", exact: true }).click();
  await page.getByLabel("Name").fill("Cash");
  await page.getByLabel("Opening balance").fill("120.50");
  await page.getByRole("button", { name: "Add account" }).click();
  await expect(page.locator(".figure")).toHaveText("120.50");
  await page.getByRole("link", { name: "Add transaction" }).click();
  await page.getByLabel("Payee").fill("<b>Baker</b> & Sons");
  await page.getByLabel(/^Amount/).fill("-12.345");
  await page.getByRole("button", { name: "Add transaction" }).click();
  await expect(page.getByRole("alert")).toContainText("has more decimals than EUR has");
  await page.getByLabel(/^Amount/).fill("-12.34");
  await page.getByRole("button", { name: "Add transaction" }).click();
  await expect(page.getByRole("cell", { name: "<b>Baker</b> & Sons" })).toBeVisible();
  await expect(page.locator(".figure")).toHaveText("108.16");

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
