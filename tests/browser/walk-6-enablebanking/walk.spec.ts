// Walk 6: Enable Banking, by an application's ID and the file with its private key, and where the bank leads to a page that does not open.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { arrived, expect, organizationOf, test, type House } from "../../support/house.ts";

/** Lets something happen at the simulator. */
async function happen(house: House, event: object): Promise<void> {
  const happened = await fetch(`${house.sandbox}/_control/enablebanking/events`, { method: "POST", body: JSON.stringify(event) });
  expect(happened.status).toBe(200);
}

/** From the provider's page over the bank's, to whoever sent us. */
async function consent(tab: Page): Promise<void> {
  await tab.getByRole("button", { name: "I agree" }).click();
  await tab.getByRole("button", { name: "Continue" }).click();
}

/** Sends a form of the pages on the way, and answers with where it leads, without going there. */
async function agree(link: string, form: Record<string, string>): Promise<string | null> {
  const answer = await fetch(link, { method: "POST", body: new URLSearchParams(form), redirect: "manual" });
  return answer.headers.get("location");
}

test("a key from a file, a bank, a consent, a first sync, and a consent that was revoked", async ({ signedIn: page, house, eyes }) => {
  test.slow();
  const organization = organizationOf(page);
  const { application_id, private_key } = house.enablebanking.credentials;
  const file = join(house.folder, `${application_id}.pem`);
  await writeFile(file, private_key);

  // 1. What is no key says so; the address to register is there; the key is read from its file.
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: "Add account" }).click();
  await page.getByRole("link", { name: "Set up Enable Banking for bank sync" }).click();
  await arrived(page, "Set up Enable Banking for bank sync");
  await expect(page.getByText(`${house.address}/connect/callback`)).toBeVisible();
  await page.getByLabel("Application ID").fill(application_id);
  await page.getByLabel("Private key").fill("no key at all");
  await page.getByRole("button", { name: "Test and save" }).click();
  await expect(page.getByRole("alert")).toContainText("This is no private key");
  await expect(page.getByLabel("Private key")).toHaveValue("");
  await eyes.look("keys-refused");
  await page.getByLabel("Choose a file").setInputFiles(file);
  await expect(page.getByLabel("Private key")).toHaveValue(/BEGIN PRIVATE KEY/);

  // 2. An application that is not active says what to do.
  await happen(house, { event: "deactivate" });
  await page.getByRole("button", { name: "Test and save" }).click();
  await expect(page.getByRole("alert")).toContainText("not active yet");
  await page.getByText("Help", { exact: true }).first().click();
  await expect(page.getByText(/activate it by linking accounts/)).toBeVisible();
  await eyes.look("not-active");
  await happen(house, { event: "deactivate", inactive: false });
  await page.getByLabel("Application ID").fill(application_id);
  await page.getByLabel("Choose a file").setInputFiles(file);
  await expect(page.getByLabel("Private key")).toHaveValue(/BEGIN PRIVATE KEY/);
  await page.getByRole("button", { name: "Test and save" }).click();

  // 3. A bank, and its consent.
  await arrived(page, "Choose your bank");
  await page.goto(`${house.address}/o/${organization}/providers/enablebanking/banks?country=DE`);
  await page.getByRole("button", { name: /Nordhafen/ }).click();
  const link = (await page.getByRole("link", { name: "Link bank in browser" }).getAttribute("href")) ?? "";
  await eyes.look("to-the-bank");
  const tab = await page.context().newPage();
  await tab.goto(link);
  await consent(tab);
  await tab.waitForURL(`${house.address}/**`);
  await tab.close();

  // 4. Accounts, and their rows over several pages.
  await arrived(page, "Link accounts");
  await eyes.look("accounts");
  await page.getByRole("button", { name: "Link accounts" }).click();
  await expect(page.getByText(/2 accounts, \d+ rows: \d+ new/)).toBeVisible();
  await eyes.look("first-sync");

  // 5. What was revoked at the bank asks for the person.
  await happen(house, { event: "revoke", of: "Nordhafen Bank" });
  await page.goto(`${house.address}/o/${organization}/banks`);
  await page.getByRole("button", { name: "Bank sync" }).first().click();
  await expect(page.getByText(/The consent for this bank has ended, or was revoked/).first()).toBeVisible();
  await eyes.look("revoked");
});

test("people or businesses, and the address of a page that does not open", async ({ signedIn: page, house, eyes }) => {
  const organization = organizationOf(page);
  const home = `${house.address}/o/${organization}`;
  await page.goto(`${home}/providers/enablebanking/keys`);
  await page.getByLabel("Application ID").fill(house.enablebanking.credentials.application_id);
  await page.getByLabel("Private key").fill(house.enablebanking.credentials.private_key);
  await page.getByRole("button", { name: "Test and save" }).click();
  await arrived(page, "Choose your bank");

  // 1. One of two kinds of accounts is chosen.
  await page.goto(`${home}/providers/enablebanking/banks?country=HU`);
  await page.getByRole("button", { name: /Dunahíd/ }).click();
  await page.getByLabel("Business").check();
  await eyes.look("which-accounts");
  await page.getByRole("button", { name: "Continue" }).click();

  // 2. The bank leads to a page that does not open.
  const link = (await page.getByRole("link", { name: "Link bank in browser" }).getAttribute("href")) ?? "";
  await agree(link, { step: "consent" });
  const address = (await agree(link, { step: "sign_in", user_id: "demo" })) ?? "";
  expect(address).toContain(`${house.address}/connect/callback?code=`);

  // 3. Its address is pasted; half of it is none.
  await page.getByText("You were led to a page that does not open").click();
  await page.getByLabel("Address of that page").fill(`${house.address}/connect/callback`);
  await page.getByRole("button", { name: "Go on with this address" }).click();
  await expect(page.getByRole("alert")).toContainText("Copy the whole of it");
  await eyes.look("half-an-address");
  await page.getByLabel("Address of that page").fill(address);
  await page.getByRole("button", { name: "Go on with this address" }).click();
  await arrived(page, "Link accounts");
  await expect(page.getByRole("row").filter({ hasText: "Folyószámla" })).toContainText("HUF");
});
