// Walk 1, from the first start of a server to rows in accounts, as a person does it.
import { countOf, expect, person, register, test, typeKeys } from "../../support/house.ts";

test("keys, bank, consent, accounts, rows", async ({ page, house, eyes, context }) => {
  // Every screen is looked at in both sizes and both schemes.
  test.slow();
  // First start: a password, typed once.
  await page.goto(house.address);
  await expect(page.getByRole("heading", { name: "Welcome to Bankside" })).toBeVisible();
  await eyes.look("welcome");
  await page.getByLabel("Your name").fill(person.name);
  await page.getByLabel("Password").fill(person.password);
  await page.getByLabel("Household or company").fill(person.organization);
  await page.getByRole("button", { name: "Start" }).click();
  await expect(page.getByRole("heading", { name: "No account yet" })).toBeVisible();
  await eyes.look("nothing-yet");

  // 1. Keys.
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: "Add account" }).click();
  await expect(page.getByText("Account without a bank")).toBeVisible();
  await eyes.look("add-account");
  await page.getByRole("link", { name: "Set up GoCardless for bank sync" }).click();
  await expect(page.getByText("no new sign-ups")).toBeVisible();
  await eyes.look("keys");
  await typeKeys(page, { secret_id: house.gocardless.credentials.secret_id, secret_key: "a wrong one" });
  await expect(page.getByRole("alert")).toBeVisible();
  await eyes.look("keys-refused");
  await typeKeys(page, house.gocardless.credentials);

  // 2. Bank: the country is remembered from nothing yet, so it is asked for.
  await expect(page.getByRole("heading", { name: "Choose your bank" })).toBeVisible();
  await eyes.look("country");
  await page.getByLabel("Country").selectOption("DE");
  await expect(page.getByRole("button", { name: /Nordhafen/ })).toBeVisible();
  await page.getByLabel("Search banks").pressSequentially("nordh");
  await expect(page.getByText("1 bank", { exact: true })).toBeVisible();
  await eyes.look("banks");
  await page.getByRole("button", { name: /Nordhafen/ }).click();
  await expect(page.getByRole("link", { name: "Link bank in browser" })).toBeVisible();
  await eyes.look("link-bank");
  await page.getByText("Open it on the phone, or by hand").click();
  await eyes.look("link-bank-by-hand");
  // By hand is the same address as by the button, printed and copied.
  const address = await page.getByRole("link", { name: "Link bank in browser" }).getAttribute("href");
  await expect(page.locator(".raw")).toHaveText(address ?? "none");
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy address" }).click();
  await expect(async () => expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(address)).toPass();
  // The page looks again and finds nothing new: it leaves what the person has opened alone.
  const summary = page.getByText("Open it on the phone, or by hand");
  await summary.focus();
  const looked = () => page.waitForResponse((response) => response.url().includes("/look"));
  expect((await looked()).status()).toBe(204);
  expect((await looked()).status()).toBe(204);
  await expect(page.getByRole("img", { name: "QR code of the address" })).toBeVisible();
  await expect(summary).toBeFocused();

  // 3. At the provider and the bank, in a new tab.
  const opened = context.waitForEvent("page");
  await page.getByRole("link", { name: "Link bank in browser" }).click();
  const tab = await opened;
  eyes.watch(tab);
  await tab.getByRole("button", { name: "I agree" }).click();
  await tab.getByRole("button", { name: "Continue" }).click();
  await tab.getByRole("button", { name: "Continue" }).click();
  // The tab comes back to the server; the page that waits goes on by itself.
  await tab.waitForURL(`${house.address}/**`);
  await tab.close();
  await expect(page.getByRole("heading", { name: "Link accounts" })).toBeVisible();

  // 5. Link accounts: holder, masked IBAN, currency, balance; a new account is suggested for each.
  await expect(page.getByLabel(/^Account for/)).toHaveCount(2);
  await eyes.look("link-accounts");
  await page.getByRole("button", { name: "Link accounts" }).click();

  // 4. Progress, live, up to the success line.
  await expect(page.getByText(/Nordhafen Bank: 2 accounts, \d+ rows: \d+ new\. Asked for 365 days, got \d+ from this bank\./)).toBeVisible();
  await expect(page.getByText("Proven", { exact: true })).toHaveCount(2);
  const marks = page.getByRole("complementary", { name: "Main" }).getByRole("listitem");
  await expect(marks.filter({ hasText: "Girokonto" })).toContainText("Up to date");
  await eyes.look("run");

  // 6. Rows.
  await page.getByRole("link", { name: "To the transactions" }).click();
  await expect(register(page)).toBeVisible();
  await expect(register(page).getByRole("row").nth(1)).toContainText(/\d/);
  await eyes.look("rows");
  await marks.filter({ hasText: "Girokonto" }).getByRole("link").click();
  await expect(page.getByRole("heading", { name: "Girokonto" })).toBeVisible();
  await eyes.look("account");

  // Once more: nothing is new, nothing is doubled.
  const count = await countOf(page);
  expect(count).toBeGreaterThan(0);
  await page.getByRole("button", { name: "Bank sync" }).click();
  await expect(page.getByRole("link", { name: "To the transactions" })).toBeVisible();
  await expect(page.getByText(/nothing new/i).first()).toBeVisible();
  await page.goBack();
  await page.reload();
  expect(await countOf(page)).toBe(count);
});
