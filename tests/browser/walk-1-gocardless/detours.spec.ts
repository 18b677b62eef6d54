// Walk 1 where it does not go straight: called off, refused, another browser, an account that is there already, no provider.
import type { Page } from "@playwright/test";
import { connectDemoBank, countOf, expect, openMenu, organizationOf, test, typeKeys, walkConsent, type House } from "../../support/house.ts";

/** To the page that waits, and the address of the provider's page. */
async function begin(page: Page, house: House, account = ""): Promise<string> {
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.goto(`${home}/providers/gocardless/keys`);
  await typeKeys(page, house.gocardless.credentials);
  await expect(page.getByRole("heading", { name: "Choose your bank" })).toBeVisible();
  await page.goto(`${home}/providers/gocardless/banks?country=DE${account && `&account=${account}`}`);
  await page.getByRole("button", { name: /Nordhafen/ }).click();
  return (await page.getByRole("link", { name: "Link bank in browser" }).getAttribute("href")) ?? "";
}

test("called off on the provider's page: nothing has changed", async ({ signedIn: page, house, eyes }) => {
  const link = await begin(page, house);
  const tab = await page.context().newPage();
  await tab.goto(link);
  await tab.getByRole("button", { name: "Cancel" }).click();
  await tab.waitForURL(`${house.address}/**`);
  await tab.close();
  await expect(page.getByText(/nothing has changed/i)).toBeVisible();
  await eyes.look("called-off");
  await page.getByRole("link", { name: "Choose a bank again" }).click();
  await expect(page.getByRole("heading", { name: "Choose your bank" })).toBeVisible();
});

test("called off on our page", async ({ signedIn: page, house }) => {
  const link = await begin(page, house);
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByText(/nothing has changed/i)).toBeVisible();
  // Whoever goes on there nevertheless connects nothing.
  const tab = await page.context().newPage();
  await tab.goto(link);
  if (await tab.getByRole("button", { name: "I agree" }).isVisible()) await walkConsent(tab);
  await tab.close();
  await page.goto(`${house.address}/o/${organizationOf(page)}/banks`);
  await expect(page.getByRole("heading", { name: "No bank is connected" })).toBeVisible();
});

for (const [user, says] of [
  ["reject", "Nordhafen Bank rejected the sign-in"],
  ["down", "Nordhafen Bank has a technical problem at the moment"],
] as const) {
  test(`the bank's answer to ${user} is told`, async ({ signedIn: page, house, eyes }) => {
    const link = await begin(page, house);
    const tab = await page.context().newPage();
    await tab.goto(link);
    await tab.getByRole("button", { name: "I agree" }).click();
    await tab.getByLabel("User ID").fill(user);
    await tab.getByRole("button", { name: "Continue" }).click();
    await tab.waitForURL(`${house.address}/**`);
    await tab.close();
    await expect(page.getByText(says)).toBeVisible();
    await eyes.look(`bank-${user}`);
  });
}

test("back in another browser: the first one goes on by itself", async ({ signedIn: page, house, eyes, browser }) => {
  const link = await begin(page, house);
  const other = await browser.newContext();
  const phone = await other.newPage();
  await phone.goto(link);
  await walkConsent(phone);
  await expect(phone.getByRole("heading", { name: "Thank you" })).toBeVisible();
  await eyes.look("thank-you", phone);
  await other.close();
  await expect(page.getByRole("heading", { name: "Link accounts" })).toBeVisible();
});

test("an account that is there is linked, and what was typed meets its row", async ({ signedIn: page, house, eyes }) => {
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.goto(`${home}/add-account/without-bank`);
  await page.getByLabel("Name").fill("Our account");
  await page.getByRole("button", { name: "Add account" }).click();
  await expect(page.getByRole("heading", { name: "Our account" })).toBeVisible();
  const account = /accounts\/([^/?]+)/.exec(page.url())?.[1] ?? "";
  await openMenu(page, "Our account");
  await page.getByRole("link", { name: "Link account" }).click();
  await expect(page.getByRole("heading", { name: "Link Our account" })).toBeVisible();
  await eyes.look("link-existing");
  const link = await begin(page, house, account);
  const tab = await page.context().newPage();
  await tab.goto(link);
  await walkConsent(tab);
  await tab.close();
  const target = page.getByLabel("Account for Girokonto", { exact: true });
  await expect(target.locator("option:checked")).toHaveText(/Our account/);
  await page.getByLabel("Account for Tagesgeld", { exact: true }).selectOption("skip");
  await eyes.look("link-preselected");
  await page.getByRole("button", { name: "Link accounts" }).click();
  await expect(page.getByText(/1 account, \d+ rows: \d+ new/)).toBeVisible();
  await page.goto(`${home}/accounts/${account}`);
  await expect(page.getByText("Proven", { exact: true })).toBeVisible();
  await page.goto(`${home}/banks`);
  await expect(page.getByText("Not linked")).toBeVisible();
  await eyes.look("one-linked");
});

test("a later first day leaves older rows out, and the account opens with what they came to", async ({ signedIn: page, house }) => {
  const link = await begin(page, house);
  const tab = await page.context().newPage();
  await tab.goto(link);
  await walkConsent(tab);
  await tab.waitForURL(`${house.address}/**`);
  await tab.close();
  const from = page.getByLabel("Import Girokonto from");
  const suggested = Date.parse(await from.inputValue());
  const later = new Date(suggested + 350 * 86_400_000).toISOString().slice(0, 10);
  await from.fill(later);
  await page.getByLabel("Account for Tagesgeld", { exact: true }).selectOption("skip");
  await page.getByRole("button", { name: "Link accounts" }).click();
  await expect(page.getByText(/1 account, \d+ rows: \d+ new/)).toBeVisible();
  await expect(page.getByText("Proven", { exact: true })).toBeVisible();
  const home = `${house.address}/api/v1/organizations/${organizationOf(page)}`;
  const { transactions } = (await (await page.request.get(`${home}/transactions?limit=500`)).json()) as {
    transactions: { date: string; amount: string; status: string }[];
  };
  expect(transactions.length).toBeGreaterThan(0);
  expect(transactions.filter((row) => row.date < later)).toEqual([]);
  // What it opens with and the booked rows since come to the ledger's balance.
  const [account] = (await (await page.request.get(`${home}/accounts`)).json()) as { balance: string }[];
  const cents = (text: string) => Math.round(Number(text.replace(/[^\d.−-]/g, "").replace("−", "-")) * 100);
  const booked = transactions.filter((row) => row.status !== "pending").reduce((sum, row) => sum + cents(row.amount), 0);
  const proof = page.locator("section").filter({ has: page.getByRole("heading", { name: "Does it add up?" }) });
  const sum = proof.locator("dl.arith").first().locator("dd");
  const opening = cents((await sum.first().textContent()) ?? "");
  expect(opening).not.toBe(0);
  expect(opening + booked).toBe(cents(account?.balance ?? ""));
});

test("a refused choice comes back as it was made, with what is wrong at its place", async ({ signedIn: page, house, eyes }) => {
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.goto(`${home}/add-account/without-bank`);
  await page.getByLabel("Name").fill("Our account");
  await page.getByRole("button", { name: "Add account" }).click();
  await expect(page.getByRole("heading", { name: "Our account" })).toBeVisible();
  const account = /accounts\/([^/?]+)/.exec(page.url())?.[1] ?? "";
  const link = await begin(page, house, account);
  const tab = await page.context().newPage();
  await tab.goto(link);
  await walkConsent(tab);
  await tab.close();
  const giro = page.getByLabel("Account for Girokonto", { exact: true });
  const tagesgeld = page.getByLabel("Account for Tagesgeld", { exact: true });
  const submit = page.getByRole("button", { name: "Link accounts" });
  const chosen = async (first: string, second: string) => {
    await expect(giro).toHaveValue(first);
    await expect(tagesgeld).toHaveValue(second);
    expect(new URL(page.url()).searchParams.get("account")).toBe(account);
  };

  // Nothing chosen at all.
  await giro.selectOption("skip");
  await tagesgeld.selectOption("skip");
  await submit.click();
  await expect(page.getByRole("alert")).toHaveText("Choose at least one account to link.");
  await chosen("skip", "skip");

  // Two bank accounts to one account, from days of their own.
  await giro.selectOption(account);
  await tagesgeld.selectOption(account);
  await page.getByLabel("Import Girokonto from").fill("2026-01-02");
  await submit.click();
  await expect(page.getByRole("alert")).toHaveText("This account has a bank behind it already.");
  await chosen(account, account);
  await expect(giro).toHaveAccessibleDescription("This account has a bank behind it already.");
  await expect(page.getByLabel("Import Girokonto from")).toHaveValue("2026-01-02");
  await eyes.look("refused-twice-the-same");

  // A new account without a name.
  await tagesgeld.selectOption("new");
  await page.locator("details.rename").last().locator("summary").click();
  await page.getByLabel("Name of the new account for Tagesgeld").fill("  ");
  await submit.click();
  await expect(page.getByRole("alert")).toHaveText("Give the new account a name.");
  await chosen(account, "new");
  const name = page.getByLabel("Name of the new account for Tagesgeld");
  await expect(name).toHaveValue("  ");
  await expect(name).toHaveAccessibleDescription("Give the new account a name.");

  // A day that has not come; a browser that does not know the field's limit sends it.
  await name.fill("Savings");
  const from = page.getByLabel("Import Tagesgeld from");
  await from.evaluate((input: HTMLInputElement) => (input.max = ""));
  await from.fill("2199-12-31");
  await submit.click();
  await expect(page.getByRole("alert")).toHaveText("This day has not come yet.");
  await chosen(account, "new");
  await expect(from).toHaveValue("2199-12-31");
  await expect(from).toHaveAccessibleDescription("This day has not come yet.");
  await expect(page.getByLabel("Import Girokonto from")).not.toHaveAccessibleDescription(/./);
  await eyes.look("refused-day");
  await from.fill("2026-01-02");
  await page.locator("details.rename").last().locator("summary").click();
  await expect(name).toHaveValue("Savings");
  await submit.click();
  await expect(page.getByText(/2 accounts, \d+ rows: \d+ new/)).toBeVisible();
});

test("the provider is gone while its banks are listed: that is said, and not that there are none", async ({ signedIn: page, house, eyes }) => {
  await begin(page, house);
  await house.endSandbox();
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.goto(`${home}/providers/gocardless/banks?country=DE`);
  await page.getByLabel("Country").selectOption("AT");
  const banks = page.locator("#banks");
  await expect(banks.getByRole("alert")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText("No bank is listed")).toHaveCount(0);
  await eyes.look("banks-not-listed");
});

test("several syncs at once are watched in their list, up to their end", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.goto(`${home}/providers/gocardless/banks?country=GB`);
  await page.getByRole("button", { name: /Lockside/ }).click();
  const tab = await page.context().newPage();
  await tab.goto((await page.getByRole("link", { name: "Link bank in browser" }).getAttribute("href")) ?? "");
  await walkConsent(tab);
  await tab.close();
  await page.getByRole("button", { name: "Link accounts" }).click();
  await expect(page.getByRole("link", { name: "To the transactions" })).toBeVisible();
  await house.endSandbox();
  await page.goto(`${home}/transactions`);
  await page.getByRole("button", { name: "Bank sync" }).click();
  await expect(page.getByRole("heading", { name: "Runs" })).toBeVisible();
  await expect(page.getByText("goes on").first()).toBeVisible();
  await eyes.look("runs-going-on");
  // Nobody loads the page again.
  await expect(page.getByText("Did not work", { exact: true })).toHaveCount(2, { timeout: 60_000 });
  await expect(page.locator("live-view")).toHaveCount(0);
  await eyes.look("runs-over");
  await page.getByRole("main").getByRole("link", { name: /^today/ }).first().click();
  await page.getByText("Help", { exact: true }).first().click();
  await expect(page.getByRole("link", { name: "Open the GoCardless portal" }).first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Copy details" }).first()).toBeVisible();
  await eyes.look("help");
});

test("the provider is gone: said, retried by itself, and what was there stays", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const before = await countOf(page);
  expect(before).toBeGreaterThan(0);
  await house.endSandbox();
  await page.getByRole("button", { name: "Bank sync" }).click();
  await expect(page.getByText("Did not work", { exact: true })).toBeVisible({ timeout: 60_000 });
  await eyes.look("provider-gone");
  await page.goto(`${house.address}/o/${organizationOf(page)}/transactions`);
  expect(await countOf(page)).toBe(before);
  await eyes.look("provider-gone-register");
  await house.startSandbox();
  await page.getByRole("button", { name: "Bank sync" }).click();
  await expect(page.getByText("Up to date").first()).toBeVisible();
});

test("the server restarts while the person is at the bank, and the way back is opened twice", async ({ signedIn: page, house }) => {
  const link = await begin(page, house);
  const tab = await page.context().newPage();
  await tab.goto(link);
  await tab.getByRole("button", { name: "I agree" }).click();
  await house.restart("SIGKILL");
  await tab.getByRole("button", { name: "Continue" }).click();
  const back = tab.waitForRequest((request) => request.url().includes("/connect/callback"));
  await tab.getByRole("button", { name: "Continue" }).click();
  const url = (await back).url();
  await expect(tab.getByRole("heading", { name: "Link accounts" })).toBeVisible();
  await tab.goto(url);
  await expect(tab.getByRole("heading", { name: "Link accounts" })).toBeVisible();
  // In this tab: the other one is on its way to the accounts by itself.
  await tab.goto(`${house.address}/o/${organizationOf(page)}/banks`);
  await expect(tab.getByRole("region", { name: /Nordhafen/ })).toHaveCount(1);
});
