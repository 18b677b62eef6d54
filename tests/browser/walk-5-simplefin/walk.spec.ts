// Walk 5: SimpleFIN, by a setup token that works once, with the banks of one access in one table.
import { arrived, expect, organizationOf, test } from "../../support/house.ts";

test("a token that works once, the accounts of all banks, a first sync, a bank that wants the person", async ({ signedIn: page, house, eyes }) => {
  test.slow();
  const organization = organizationOf(page);
  const made = await (await fetch(`${house.sandbox}/simplefin/create`, { method: "POST" })).text();
  const token = /<code>([^<]*)<\/code>/.exec(made)?.[1] ?? "";
  expect(token).not.toBe("");

  // 1. What is no token says so; a token is used up by being typed.
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: "Add account" }).click();
  await page.getByRole("link", { name: "Set up SimpleFIN for bank sync" }).click();
  await arrived(page, "Set up SimpleFIN for bank sync");
  await page.getByLabel("Setup token").fill("no token at all");
  await page.getByRole("button", { name: "Test and save" }).click();
  await expect(page.getByRole("alert")).toContainText("This is no setup token of SimpleFIN");
  await eyes.look("keys-refused");
  await page.getByLabel("Setup token").fill(token);
  await page.getByRole("button", { name: "Test and save" }).click();

  // 2. Accounts of several banks in one table, each under its own bank.
  await arrived(page, "Link accounts");
  const checking = page.getByRole("row").filter({ hasText: "Everyday Checking (4417)" });
  await expect(checking).toContainText("Quillback Bank");
  await expect(page.getByRole("row").filter({ hasText: "Chequing" })).toContainText("Kestrel Bay Credit Union");
  await eyes.look("accounts");
  await checking.getByText("Set up bank-sync").click();
  await page.getByRole("button", { name: "Link accounts" }).click();
  await expect(page.getByText(/SimpleFIN: 1 account, \d+ rows: \d+ new\./)).toBeVisible();

  // 3. A bank that wants the person is told with where to go.
  const event = { event: "need_person", of: "CON-quillback-0" };
  const happened = await fetch(`${house.sandbox}/_control/simplefin/events`, { method: "POST", body: JSON.stringify(event) });
  expect(happened.status).toBe(200);
  await page.goto(`${house.address}/o/${organization}/banks`);
  await expect(page.getByText("Quillback Bank").first()).toBeVisible();
  await page.getByRole("button", { name: "Bank sync" }).first().click();
  await expect(page.getByText(/Quillback Bank wants you to sign in again at SimpleFIN/).first()).toBeVisible();
  await eyes.look("wants-the-person");

  // 4. The token again: it may be compromised, and what was kept goes on.
  await page.goto(`${house.address}/o/${organization}/providers/simplefin/keys`);
  await page.getByLabel("Setup token").fill(token);
  await page.getByRole("button", { name: "Test and save" }).click();
  await expect(page.getByRole("alert")).toContainText("may be compromised");
  await page.getByText("Help", { exact: true }).first().click();
  await expect(page.getByText("disable it at SimpleFIN")).toBeVisible();
  await eyes.look("token-used");
});
