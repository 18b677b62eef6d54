// Walk 2: keys that whoever runs the server has put into config.json or the environment, as older guides say.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, openMenu, organizationOf, person, test, typeKeys, walkConsent, type House } from "../../support/house.ts";

/** The file as guides show it. */
async function writeConfig(house: House, more: object = {}): Promise<void> {
  const { secret_id, secret_key } = house.gocardless.credentials;
  const text = JSON.stringify({ ...more, nordigen: { secretId: secret_id, secretKey: secret_key } }, null, 2);
  await writeFile(join(house.folder, "config.json"), text);
}

async function addAccount(page: Page, name: string): Promise<string> {
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: "Add account" }).click();
  await page.getByRole("link", { name: "Add", exact: true }).click();
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Add account" }).click();
  await expect(page.getByRole("heading", { name })).toBeVisible();
  return page.url();
}

async function showFeatures(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Settings" }).first().click();
  await page.getByRole("button", { name: "Show advanced settings" }).click();
  await page.getByRole("button", { name: "Show experimental features" }).click();
}

test("config.json, restart, sign in, an account that is there, its bank", async ({ signedIn: page, house, eyes, context }) => {
  // Many pictures; a machine that is busy needs longer for them.
  test.slow();
  const account = await addAccount(page, "Household");
  await page.goto(`${house.address}/o/${organizationOf(page)}/settings`);
  const none = page.getByRole("region", { name: "GoCardless" }).getByText("none yet: neither typed here nor in the configuration");
  await expect(none).toBeVisible();
  await page.getByRole("button", { name: "Sign out" }).click();

  // The file, the restart, the page anew.
  await writeConfig(house, { port: 5006 });
  await house.restart();
  expect(house.server.said).toContain(`keys from the file ${join(house.folder, "config.json")}`);
  expect(house.server.said).toContain("config.json has “port”, which is not read");
  expect(house.server.said).not.toContain(house.gocardless.credentials.secret_key);
  await page.goto(house.address);
  await eyes.look("sign-in");
  await page.getByLabel("Name or email").fill(person.name);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "All accounts" })).toBeVisible();

  // Settings: where the keys came from, and the switch.
  await page.getByRole("link", { name: "Settings" }).first().click();
  const provider = page.getByRole("region", { name: "GoCardless" });
  await expect(provider.getByText("Ready")).toBeVisible();
  await expect(provider.getByText(`from the file ${join(house.folder, "config.json")}`)).toBeVisible();
  await expect(provider.getByText(`${house.gocardless.credentials.secret_id.slice(0, 8)}…`)).toBeVisible();
  await expect(page.getByText(house.gocardless.credentials.secret_key)).toHaveCount(0);
  await eyes.look("settings");
  await page.getByRole("button", { name: "Show advanced settings" }).click();
  await page.getByRole("button", { name: "Show experimental features" }).click();
  const syncing = page.getByRole("switch", { name: "Account syncing" });
  await expect(syncing).toBeChecked();
  await expect(syncing).toHaveAccessibleDescription(/Older guides call it “Enable account syncing”/);
  await syncing.scrollIntoViewIfNeeded();
  await eyes.look("features");
  // It stays unfolded for this person.
  await page.reload();
  await expect(syncing).toBeVisible();

  // The account, its menu, its bank.
  await page.goto(account);
  await openMenu(page, "Household");
  await page.getByRole("link", { name: "Link account" }).click();
  await expect(page.getByText("Keys from the file")).toBeVisible();
  await eyes.look("link-account");
  await page.getByRole("link", { name: "Link your bank account with GoCardless" }).click();
  await page.getByLabel("Country").selectOption("DE");
  await eyes.look("banks");
  await page.getByRole("button", { name: /Nordhafen/ }).click();
  const opened = context.waitForEvent("page");
  await page.getByRole("link", { name: "Link bank in browser" }).click();
  const tab = await opened;
  eyes.watch(tab);
  await walkConsent(tab);
  await tab.waitForURL(`${house.address}/**`);
  await tab.close();

  // Linked with the account that is there, which was chosen beforehand.
  await expect(page.getByRole("heading", { name: "Link accounts" })).toBeVisible();
  await expect(page.getByLabel("Account for Girokonto", { exact: true }).locator("option:checked")).toHaveText(/Household/);
  await page.getByLabel("Account for Tagesgeld", { exact: true }).selectOption("skip");
  await eyes.look("link-accounts");
  await page.getByRole("button", { name: "Link accounts" }).click();
  await expect(page.getByText("Your account is now linked")).toBeVisible();
  await expect(page.getByText(/Nordhafen Bank: 1 account, \d+ rows: \d+ new\. Asked for 365 days, got \d+ from this bank\./)).toBeVisible();
  await eyes.look("linked");
  await page.goto(account);
  await expect(page.getByText("Proven", { exact: true })).toBeVisible();
  await eyes.look("account");
});

test("the environment does as well, and comes before the file", async ({ signedIn: page, house }) => {
  const { secret_id, secret_key } = house.gocardless.credentials;
  await writeConfig(house);
  await writeFile(join(house.folder, "secret"), `${secret_key}\n`);
  house.environment.ACTUAL_NORDIGEN_SECRET_ID = secret_id;
  house.environment.ACTUAL_NORDIGEN_SECRET_KEY_FILE = "secret";
  await house.restart();
  await page.reload();
  await page.getByRole("link", { name: "Settings" }).first().click();
  const provider = page.getByRole("region", { name: "GoCardless" });
  await expect(provider.getByText(/from the environment \(ACTUAL_NORDIGEN_SECRET_ID; ACTUAL_NORDIGEN_SECRET_KEY_FILE/)).toBeVisible();
  await page.goto(`${house.address}/o/${organizationOf(page)}/providers/gocardless/banks?country=DE`);
  await expect(page.getByRole("button", { name: /Nordhafen/ })).toBeVisible();
});

test("keys typed on the page come before those of the server, and resetting brings these back", async ({ signedIn: page, house, eyes }) => {
  const { secret_id, secret_key } = house.gocardless.credentials;
  house.environment.ACTUAL_NORDIGEN_SECRET_ID = "11111111-0000-4000-8000-000000000000";
  house.environment.ACTUAL_NORDIGEN_SECRET_KEY = "not the right one";
  await house.restart();
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.goto(`${home}/providers/gocardless/banks?country=DE`);
  await expect(page.getByRole("alert")).toBeVisible();
  await eyes.look("wrong-configured-keys");
  await page.goto(`${home}/settings`);
  await page.getByRole("region", { name: "GoCardless" }).getByRole("link", { name: "Set up own keys" }).click();
  await typeKeys(page, { secret_id, secret_key });
  await page.goto(`${home}/providers/gocardless/banks?country=DE`);
  await expect(page.getByRole("button", { name: /Nordhafen/ })).toBeVisible();
  await page.goto(`${home}/settings`);
  const provider = page.getByRole("region", { name: "GoCardless" });
  await expect(provider.getByText("typed on this organization's page")).toBeVisible();
  await expect(provider.getByRole("link", { name: "Edit keys" })).toBeVisible();
  await eyes.look("own-keys");
  await provider.getByRole("link", { name: "Reset GoCardless credentials" }).click();
  await page.getByRole("button", { name: "Reset credentials" }).click();
  await page.goto(`${home}/settings`);
  await expect(provider.getByText("from the environment")).toBeVisible();
});

test("a provider that is switched off says so where it would stand", async ({ signedIn: page, house, eyes }) => {
  house.environment.BANKSIDE_PROVIDERS__GOCARDLESS__ENABLED = "false";
  await house.restart();
  expect(house.server.said).toContain("GoCardless: switched off");
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.goto(`${home}/settings`);
  const provider = page.getByRole("region", { name: "GoCardless" });
  await expect(provider.getByText("Switched off in the configuration")).toBeVisible();
  await expect(provider.getByRole("link")).toHaveCount(0);
  await page.goto(`${home}/add-account`);
  await expect(page.getByText("Switched off in the configuration of this server.")).toBeVisible();
  await eyes.look("provider-off");
  await page.goto(`${home}/providers/gocardless/banks?country=DE`);
  await expect(page.getByRole("main")).toContainText("switched off in the configuration");
});

test("account syncing off: nothing of it is offered, and an old address says which switch", async ({ signedIn: page, house, eyes }) => {
  await writeConfig(house);
  await house.restart();
  await page.reload();
  const account = await addAccount(page, "Household");
  const home = `${house.address}/o/${organizationOf(page)}`;
  await showFeatures(page);
  const syncing = page.getByRole("switch", { name: "Account syncing" });
  // With the keyboard alone.
  await syncing.focus();
  await page.keyboard.press("Space");
  await expect(syncing).not.toBeChecked();
  await expect(page.getByText("feature.switched")).toBeVisible();
  await expect(page.getByRole("region", { name: "GoCardless" }).getByText("Account syncing is off")).toBeVisible();
  await syncing.scrollIntoViewIfNeeded();
  await eyes.look("off");
  await page.goto(`${home}/add-account`);
  await expect(page.getByText("Account without a bank")).toBeVisible();
  await expect(page.getByText("Account syncing is switched off on this server.")).toBeVisible();
  await expect(page.getByText("GoCardless")).toHaveCount(0);
  await eyes.look("off-add-account");
  await page.goto(account);
  const menu = page.getByRole("main").locator(".page-head details.menu");
  await menu.locator("summary").click();
  await expect(menu.getByRole("link")).toHaveText([/^Import a file/, /^Lock a period/]);
  await page.goto(`${home}/banks`);
  await expect(page.getByText("Account syncing is switched off on this server.")).toBeVisible();
  await eyes.look("off-banks");
  await page.goto(`${account}/link`);
  await expect(page.getByRole("heading", { name: "Account syncing is switched off" })).toBeVisible();
  await eyes.look("off-refused");
  for (const path of ["providers/gocardless/institutions?country=DE", "flows/0193f0a0-0000-7000-8000-000000000000"]) {
    const answer = await page.request.get(`${house.address}/api/v1/organizations/${home.split("/o/")[1]}/${path}`);
    expect(answer.status(), path).toBe(409);
    expect(await answer.json()).toMatchObject({ code: "switched_off" });
  }

  // The configuration says on: the page shows who said so, and switches nothing.
  house.environment.BANKSIDE_FEATURES__ACCOUNT_SYNCING = "true";
  await house.restart();
  await page.goto(`${home}/settings`);
  await expect(syncing).toBeChecked();
  await expect(syncing).toBeDisabled();
  await expect(page.getByText("Fixed by the environment (BANKSIDE_FEATURES__ACCOUNT_SYNCING).")).toBeVisible();
  await syncing.scrollIntoViewIfNeeded();
  await eyes.look("fixed");
});

