// What linking asks, and what becomes of it: is the sign right, two windows at once, and pending rows that nothing will book any more.
import { connectDemoBank, expect, openMenu, organizationOf, register, test, typeKeys, walkConsent } from "../../support/house.ts";
import type { Page } from "@playwright/test";
import type { House } from "../../support/house.ts";

/** Types keys, gives consent, and stands on the page that links accounts. */
async function connect(page: Page, house: House): Promise<string> {
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.goto(`${home}/providers/gocardless/keys`);
  await typeKeys(page, house.gocardless.credentials);
  await page.getByLabel("Country").selectOption("DE");
  await page.getByRole("button", { name: /Nordhafen/ }).click();
  const link = (await page.getByRole("link", { name: "Link bank in browser" }).getAttribute("href")) ?? "";
  const tab = await page.context().newPage();
  await tab.goto(link);
  await walkConsent(tab);
  await tab.close();
  await expect(page.getByRole("heading", { name: "Link accounts" })).toBeVisible();
  return home;
}

test("after the first sync it is asked whether it is right, on the run, the overview and the feed", async ({ signedIn: page, house, eyes }) => {
  test.slow();
  const home = await connect(page, house);
  // What is known while linking: the balance that the bank has stated, and what it means.
  await expect(page.getByText(/^The bank says .*: you have .*\. Is this right\?/).first()).toBeVisible();
  await expect(page.getByText("You see the sum after the first sync, and say then whether it is right.").first()).toBeVisible();
  await eyes.look("link-with-balance");
  await page.getByRole("button", { name: "Link accounts" }).click();

  // On the page of the run: one real balance, one real purchase, the arithmetic.
  const giro = page.getByRole("region", { name: "Girokonto: is this right?" });
  await expect(giro).toBeVisible();
  await expect(giro.getByText(/^The bank says .*: you have .*\.$/)).toBeVisible();
  await expect(giro.getByText(/^We book .* as money out\.$/)).toBeVisible();
  await expect(giro.getByText("less the rows")).toBeVisible();
  await eyes.look("is-this-right");
  const run = page.url();

  // It waits among what needs somebody, and leads to the feed.
  await page.goto(`${home}/overview`);
  await page.getByRole("link", { name: /^Look : Nordhafen Bank: is this right\?$/ }).click();
  await expect(page.getByRole("heading", { name: "Girokonto: is this right?" })).toBeVisible();
  await eyes.look("is-this-right-feed");
  await page.getByRole("button", { name: "Yes, that is right for Girokonto" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status").filter({ hasText: "Kept: this is right." })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Sign", level: 2 })).toBeVisible();
  await page.getByRole("link", { name: "Next: Tagesgeld" }).click();
  await expect(page.getByRole("heading", { name: "Tagesgeld: is this right?" })).toBeVisible();

  // On the page of the run only what is left is asked; who finds it wrong sees what turning it would do.
  await page.goto(run);
  await expect(giro).toHaveCount(0);
  await page.getByRole("button", { name: "No, turn the sign around… of Tagesgeld" }).click();
  await expect(page.getByText(/rows change their sign, with all of their lines\./)).toBeVisible();
  await page.getByRole("link", { name: "Leave it as it is" }).click();
  await page.goto(run);
  await page.getByRole("button", { name: "Yes, that is right for Tagesgeld" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Kept: Tagesgeld is right." })).toBeVisible();
  await page.goto(`${home}/overview`);
  await expect(page.getByText("is this right?")).toHaveCount(0);
});

test("two windows link the same bank accounts: the second is told, and nothing comes twice", async ({ signedIn: page, house, eyes }) => {
  const home = await connect(page, house);
  const other = await page.context().newPage();
  eyes.watch(other);
  await other.goto(page.url());
  await expect(other.getByRole("button", { name: "Link accounts" })).toBeVisible();
  await page.getByRole("button", { name: "Link accounts" }).click();
  await expect(page.getByText(/Nordhafen Bank: 2 accounts/)).toBeVisible();
  await other.getByRole("button", { name: "Link accounts" }).click();
  await expect(other.getByRole("alert")).toHaveText("This bank account has been linked meanwhile, perhaps in another window.");
  await expect(other.getByText("linked already")).toHaveCount(2);
  await eyes.look("linked-meanwhile", other);
  await other.close();
  await page.goto(`${home}/transactions`);
  const accounts = page.getByRole("complementary", { name: "Main" }).getByRole("listitem");
  await expect(accounts.filter({ hasText: "Girokonto" })).toHaveCount(1);
  await expect(accounts.filter({ hasText: "Tagesgeld" })).toHaveCount(1);
});

test("pending rows leave with the link, and that is undone", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const giro = () => page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: /Girokonto/ });
  await giro().click();
  const pending = page.locator(".row.is-pending");
  await expect(pending.first()).toBeVisible();
  const before = await pending.count();
  await openMenu(page, "Girokonto");
  await page.getByRole("button", { name: /^Unlink/ }).click();
  const told = page.getByRole("status").filter({ hasText: "Girokonto is unlinked. Its booked rows stay." });
  await expect(told).toBeVisible();
  await expect(register(page)).toBeVisible();
  await expect(pending).toHaveCount(0);
  await eyes.look("unlinked");
  await told.getByRole("link", { name: "Undo" }).click();
  await expect(page.getByText(/rows? comes? back into the books\./)).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(register(page)).toBeVisible();
  await expect(pending).toHaveCount(before);
});
