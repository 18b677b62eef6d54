// The first run: country and bank first, over all providers at once; and how long it takes from nothing to a row that was looked at.
import type { Locator } from "@playwright/test";
import { cell, live } from "../../support/books.ts";
import { arm, expect, organizationOf, person, test } from "../../support/house.ts";

/** Every click and key field of a person, counted. */
class Hand {
  clicks = 0;
  fields = 0;
  readonly #since = Date.now();

  async click(what: Locator): Promise<void> {
    this.clicks += 1;
    await what.click();
  }

  async fill(what: Locator, text: string): Promise<void> {
    this.fields += 1;
    await what.fill(text);
  }

  get seconds(): number {
    return (Date.now() - this.#since) / 1000;
  }
}

test("from a fresh server to a row that was looked at, in under two minutes", async ({ page, house }) => {
  const hand = new Hand();
  await page.goto(house.address);
  await hand.fill(page.getByLabel("Your name"), person.name);
  await hand.fill(page.getByLabel("Password"), person.password);
  await hand.fill(page.getByLabel("Household or company"), person.organization);
  await hand.click(page.getByRole("button", { name: "Start" }));

  // Which bank, before which provider.
  await hand.click(page.getByRole("main").getByRole("link", { name: "Connect a bank" }));
  hand.clicks += 1;
  await page.getByLabel("Country").selectOption("DE");
  // The country of the browser's language was shown first.
  await page.waitForURL(/country=DE/);
  await hand.click(page.getByRole("link", { name: "Set up GoCardless for bank sync" }));
  await hand.fill(page.getByLabel("Secret ID"), house.gocardless.credentials.secret_id);
  await hand.fill(page.getByLabel("Secret key"), house.gocardless.credentials.secret_key);
  await hand.click(page.getByRole("button", { name: "Test and save" }));
  await hand.click(page.getByRole("button", { name: /Nordhafen/ }));
  const opened = page.context().waitForEvent("page");
  await hand.click(page.getByRole("link", { name: "Link bank in browser" }));
  const tab = await opened;
  for (const name of ["I agree", "Continue", "Continue"]) await hand.click(tab.getByRole("button", { name }));
  await tab.waitForURL(`${house.address}/**`);
  await tab.close();
  await hand.click(page.getByRole("button", { name: "Link accounts" }));
  await expect(page.getByText(/2 accounts, \d+ rows: \d+ new/)).toBeVisible();

  // The first row is looked at, and somebody says what it is.
  await hand.click(page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: /Girokonto/ }));
  await live(page);
  await hand.click(cell(page, 0, "category"));
  await page.keyboard.press("c");
  await page.locator(".edit input").fill("Groceries");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Escape");
  await expect(cell(page, 0, "category")).toHaveText("Groceries");
  test.info().annotations.push({ type: "first run", description: `${hand.clicks} clicks, ${hand.fields} fields, ${hand.seconds.toFixed(1)} s` });
  expect(hand.seconds).toBeLessThan(120);
  expect(hand.clicks).toBeLessThanOrEqual(16);
});

test("a bank is found over all providers, with and without their keys", async ({ signedIn: page, house, eyes }) => {
  test.slow();
  const home = `${house.address}/o/${organizationOf(page)}`;

  // 1. With keys: the lists of the providers, put together.
  for (const provider of ["gocardless", "enablebanking"] as const) {
    await page.goto(`${home}/providers/${provider}/keys`);
    for (const [name, value] of Object.entries(house[provider].credentials)) await page.locator(`[name=${name}]`).fill(value);
    await page.getByRole("button", { name: "Test and save" }).click();
    await expect(page.getByRole("heading", { name: "Choose your bank" })).toBeVisible();
  }
  await page.goto(`${home}/connect-bank`);
  await page.getByLabel("Country").selectOption("DE");
  await page.getByLabel("Search banks").pressSequentially("nordhafen");
  const bank = page.getByRole("link", { name: /Nordhafen Bank/ });
  await expect(bank).toContainText("Enable Banking, GoCardless");
  await expect(page.getByText("1 bank", { exact: true })).toBeVisible();
  await eyes.look("found");
  await bank.click();
  await expect(page.getByRole("heading", { name: "Nordhafen Bank" })).toBeVisible();
  await expect(page.getByRole("region", { name: "GoCardless" })).toContainText("365 days at this bank.");
  await eyes.look("offers");
  await page.getByRole("button", { name: /with Enable Banking/ }).click();
  await expect(page.getByRole("link", { name: "Link bank in browser" })).toBeVisible();

  // 2. A provider that does not answer is told, and the others' banks are there.
  await arm(house, "institutions", "authentication_failed");
  await page.goto(`${home}/connect-bank?country=FR`);
  await expect(page.getByRole("alert").or(page.getByRole("status")).filter({ hasText: "GoCardless" }).first()).toBeVisible();
  await expect(page.getByRole("region", { name: "Enable Banking" })).toBeVisible();
  await eyes.look("one-is-gone");

  // 3. Without keys, and at the providers' own addresses: the list that ships, and what each costs and needs.
  for (const name of Object.keys(house.environment)) if (name.endsWith("__BASE_URL")) delete house.environment[name];
  for (const provider of ["gocardless", "enablebanking"]) {
    await page.goto(`${home}/providers/${provider}/reset`);
    await page.getByRole("button", { name: "Reset credentials" }).click();
  }
  await house.restart();
  await page.goto(`${home}/connect-bank?country=DE`);
  await page.getByLabel("Search banks").pressSequentially("commerz");
  await expect(page.getByText(/partly from a list of/)).toBeVisible();
  await page.getByRole("link", { name: /Commerzbank/ }).click();
  const closed = page.getByRole("region", { name: "GoCardless" });
  await expect(closed).toContainText("no new sign-ups");
  const open = page.getByRole("region", { name: "Enable Banking" });
  await expect(open).toContainText("Free for your own accounts.");
  await open.getByText("Where to get the keys").click();
  await eyes.look("without-keys");
  await open.getByRole("link", { name: "Set up Enable Banking for bank sync" }).click();
  await expect(page.locator("[name=then-bank]")).toHaveValue("commerzbank");
  await page.goto(`${home}/connect-bank?country=DE&bank=no+such+bank`);
  await expect(page.getByText("The bank that you chose is in none of these lists.")).toBeVisible();

  // 4. Where no list ships, the providers are there all the same; a country that nobody reaches is none.
  await page.goto(`${home}/connect-bank?country=US`);
  await expect(page.getByText("No bank is known by name yet: United States")).toBeVisible();
  await expect(page.getByRole("region", { name: "SimpleFIN" })).toContainText("1.50 US dollars");
  await eyes.look("no-list");
  await page.goto(`${home}/connect-bank?country=ZZ`);
  await expect(page.getByLabel("Country")).toHaveValue("US");
});
