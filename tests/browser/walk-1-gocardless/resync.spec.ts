// Access that ends and is renewed in place, and a sync that is ended: what people do months after walk 1.
import type { Page } from "@playwright/test";
import { connectDemoBank, countOf, expect, openMenu, organizationOf, passDays, test, walkConsent, type House } from "../../support/house.ts";

const banks = (page: Page, house: House) => `${house.address}/o/${organizationOf(page)}/banks`;

/** From the page that waits to the provider's last page and back. */
async function agree(page: Page, house: House): Promise<void> {
  const link = await page.getByRole("link", { name: "Link bank in browser" }).getAttribute("href");
  const tab = await page.context().newPage();
  await tab.goto(link ?? "");
  await walkConsent(tab);
  await tab.waitForURL(`${house.address}/**`);
  await tab.close();
}

test("access ends, Resync gives it anew: links are kept, the gap is filled", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const before = await countOf(page);
  await page.goto(banks(page, house));
  await expect(page.getByText(/Session expires .*, 1[78]\d days left/)).toBeVisible();
  await eyes.look("banks-in-order");

  await passDays(house, 185);
  await page.getByRole("button", { name: "Bank sync" }).click();
  await expect(page.getByText("The consent for this bank has ended.").first()).toBeVisible();
  await expect(page.getByText("Resync gives access anew").first()).toBeVisible();
  await expect(page.getByRole("main").getByRole("button", { name: "Resync" })).toBeVisible();
  await eyes.look("run-consent-ended");
  const failed = page.url();
  await page.goto(banks(page, house));
  await expect(page.getByRole("heading", { name: "Needs you" })).toBeVisible();
  await expect(page.getByText("Renew now").first()).toBeVisible();
  await expect(page.getByText("want a new sign-in every 90 or 180 days")).toBeVisible();
  await eyes.look("banks-renew-now");

  // The account says it too, and one step leads to the remedy.
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: /Girokonto/ }).click();
  await eyes.look("account-renew-now");
  await page.getByRole("status").getByRole("button", { name: "Resync" }).click();
  await expect(page.getByRole("heading", { name: "Resync Nordhafen Bank" })).toBeVisible();
  await expect(page.getByText("everything works as before")).toBeVisible();
  await eyes.look("resync");
  await agree(page, house);
  await expect(page.getByText(/Access to Nordhafen Bank is renewed until/)).toBeVisible();
  await expect(page.getByText("2 accounts were recognised. Links and rows are as they were.")).toBeVisible();
  await eyes.look("resynced");
  await page.getByRole("link", { name: "See the run" }).click();
  await expect(page.getByText("renewed access", { exact: false }).first()).toBeVisible();
  // Nothing is missing in between: the bank's balances prove the rows of both accounts.
  await expect(page.getByText("Proven", { exact: true })).toHaveCount(2);
  await page.getByRole("link", { name: "To the transactions" }).click();
  expect(await countOf(page)).toBeGreaterThan(before);
  await page.goto(banks(page, house));
  await expect(page.getByRole("region", { name: "Nordhafen Bank" })).toHaveCount(1);
  await expect(page.getByRole("heading", { name: "Needs you" })).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "In order" })).toBeVisible();

  // The run that met the end still says what happened, and asks for nothing any more.
  await page.goto(failed);
  await expect(page.getByText("The consent for this bank has ended.").first()).toBeVisible();
  await expect(page.getByRole("main").getByRole("button", { name: "Resync" })).toHaveCount(0);
});

test("a Resync that is called off changes nothing", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  await page.goto(banks(page, house));
  await page.getByRole("button", { name: "Resync" }).click();
  const link = await page.getByRole("link", { name: "Link bank in browser" }).getAttribute("href");
  const tab = await page.context().newPage();
  await tab.goto(link ?? "");
  await tab.getByRole("button", { name: "Cancel" }).click();
  await tab.waitForURL(`${house.address}/**`);
  await tab.close();
  await expect(page.getByText(/nothing has changed/i)).toBeVisible();
  await eyes.look("resync-called-off");
  await page.getByRole("button", { name: "Resync again" }).click();
  await expect(page.getByRole("heading", { name: "Resync Nordhafen Bank" })).toBeVisible();
  await page.goto(banks(page, house));
  await page.getByRole("button", { name: "Bank sync" }).click();
  await expect(page.getByText(/nothing new/i).first()).toBeVisible();
});

test("Unsync says first what it does; a new sync recognises the accounts", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const count = await countOf(page);
  expect(count).toBeGreaterThan(0);
  const pending = await page.locator(".row.is-pending").count();
  expect(pending).toBeGreaterThan(0);
  await page.goto(banks(page, house));
  await page.getByRole("link", { name: "Unsync" }).click();
  await expect(page.getByText("leave the overview")).toBeVisible();
  await expect(page.getByText("Booked transactions stay")).toBeVisible();
  await eyes.look("unsync");
  await page.getByRole("link", { name: "Keep it" }).click();
  await page.getByRole("link", { name: "Unsync" }).click();
  await page.getByRole("button", { name: "Unsync" }).click();
  await expect(page.getByRole("heading", { name: "No bank is connected" })).toBeVisible();
  // Booked rows stay; those that nothing will book any more do not.
  await expect(page.getByRole("status").filter({ hasText: "Rows that were pending have left the books" })).toBeVisible();
  await eyes.look("unsynced");
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: /All accounts/ }).click();
  await expect(page.locator(".row.is-pending")).toHaveCount(0);
  expect(await countOf(page)).toBe(count - pending);

  await page.goto(`${house.address}/o/${organizationOf(page)}/providers/gocardless/banks?country=DE`);
  await page.getByRole("button", { name: /Nordhafen/ }).click();
  await agree(page, house);
  await expect(page.getByText("it was linked with this one before")).toHaveCount(2);
  await eyes.look("link-again");
  await page.getByRole("button", { name: "Link accounts" }).click();
  await page.getByRole("link", { name: "To the transactions" }).click();
  expect(await countOf(page)).toBe(count);
});

test("Unsync without the provider works, and says what is left to do", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  await house.endSandbox();
  await page.goto(banks(page, house));
  await page.getByRole("link", { name: "Unsync" }).click();
  await page.getByRole("button", { name: "Unsync" }).click();
  await expect(page.getByText("could not be revoked at the provider")).toBeVisible();
  await eyes.look("unsynced-not-revoked");
  await page.getByRole("main").getByRole("link", { name: "Bank integrations" }).last().click();
  await expect(page.getByRole("heading", { name: "No bank is connected" })).toBeVisible();
});

test("the account's own menu offers Resync", async ({ signedIn: page, house }) => {
  await connectDemoBank(page, house);
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: /Girokonto/ }).click();
  await openMenu(page, "Girokonto");
  await page.getByRole("button", { name: /Resync/ }).click();
  await expect(page.getByRole("heading", { name: "Resync Nordhafen Bank" })).toBeVisible();
});
