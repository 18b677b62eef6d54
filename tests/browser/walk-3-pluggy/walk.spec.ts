// Walk 3: Pluggy.ai, by items that a person has made in its dashboard or at Meu Pluggy.
import { arrived, countOf, expect, organizationOf, register, test } from "../../support/house.ts";

test("the switch, keys with item ids, the accounts of all items, a first sync", async ({ signedIn: page, house, eyes }) => {
  test.slow();
  const organization = organizationOf(page);
  const { clientId, clientSecret, itemIds } = house.pluggy.credentials;

  // 1. It is experimental: the switch is where the row leads.
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: "Add account" }).click();
  const row = page.getByRole("region", { name: "Pluggy.ai" });
  await expect(row.getByText("experimental")).toBeVisible();
  await row.getByRole("link", { name: "Switch on in the settings" }).click();
  await page.getByRole("button", { name: "Show advanced settings" }).click();
  await page.getByRole("button", { name: "Show experimental features" }).click();
  await page.getByRole("switch", { name: "Pluggy.ai bank sync" }).click();
  await expect(page.getByRole("switch", { name: "Pluggy.ai bank sync" })).toBeChecked();
  await page.goto(`${house.address}/o/${organization}/add-account`);

  // 2. Keys; a pasted list is split, and what is no item says so and keeps what was typed.
  await page.getByRole("link", { name: "Set up Pluggy.ai for bank sync" }).click();
  await arrived(page, "Set up Pluggy.ai for bank sync");
  await page.getByLabel("Client ID").fill(clientId);
  await page.getByLabel("Client secret").fill(clientSecret);
  await page.getByLabel("Item IDs, 1").fill("0b0f3cd5-c902-4836-b68b-000000000000");
  await page.getByRole("button", { name: "Test and save" }).click();
  await expect(page.getByRole("alert")).toContainText("0b0f3cd5-c902-4836-b68b-000000000000");
  await eyes.look("keys-refused");
  await page.getByLabel("Client secret").fill(clientSecret);
  const fields = page.getByRole("group", { name: "Item IDs" }).getByRole("textbox");
  await fields.first().fill("");
  await fields.first().focus();
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.setData("text", text);
    document.activeElement?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  }, itemIds);
  for (const [index, id] of itemIds.split(",").entries()) await expect(fields.nth(index)).toHaveValue(id);
  await page.getByRole("button", { name: "Test and save" }).click();

  // 3. The accounts of all items in one table; only what is asked for is set up.
  await arrived(page, "Link accounts");
  const card = page.getByRole("row").filter({ hasText: "Aroeira Platinum" });
  const account = page.getByRole("row").filter({ hasText: "Banco Aroeira" }).first();
  await account.getByText("Set up bank-sync").click();
  await expect(account.getByLabel(/^Import /)).toBeVisible();
  await expect(card.getByLabel(/^Import /)).toBeHidden();
  await card.getByText("Set up bank-sync").click();
  await eyes.look("set-up");
  await page.getByRole("button", { name: "Link accounts" }).click();
  await expect(page.getByText(/Banco Aroeira: 2 accounts, [\d,]+ rows: [\d,]+ new\. Asked for \d+ days, got \d+ from this bank\./)).toBeVisible();

  // Rows: signs, days and texts as the holder sees them.
  await page.getByRole("link", { name: "To the transactions" }).click();
  await expect(register(page).getByRole("row").nth(1)).toContainText(/\d/);
  expect(await countOf(page)).toBeGreaterThan(500);

  // Later: another sync a day after, and the refresh that a person asks for.
  const turned = await fetch(`${house.sandbox}/_control/clock`, { method: "POST", body: '{"advance_days": 1}' });
  expect(turned.status).toBe(200);
  await page.goto(`${house.address}/o/${organization}/banks`);
  const sync = page.getByRole("region").or(page.getByRole("article")).filter({ hasText: "Banco Aroeira" }).first();
  await sync.getByRole("button", { name: "Resync" }).click();
  await expect(page.getByText("Access to Banco Aroeira is renewed")).toBeVisible();
  await eyes.look("resynced");

  // The bills of the card, and the rows of one of them.
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: /Aroeira Platinum/ }).first().click();
  await page.getByRole("link", { name: "Bills" }).click();
  await arrived(page, "Bills");
  await eyes.look("bills");
  await page.getByRole("link", { name: /of the bill due/ }).first().click();
  await expect(page.getByText(/^Bill due \d+ \w+ \d{4}/).first()).toBeVisible();
  await eyes.look("bill-rows");

  // The bank was connected anew: the new item takes the place of the old one, among the keys too.
  const [old = "", other = ""] = itemIds.split(",");
  const anew = "5a6d0000-0000-4000-8000-00000000a0e1";
  const event = JSON.stringify({ event: "reconnect", of: old, id: anew });
  expect((await fetch(`${house.sandbox}/_control/pluggy/events`, { method: "POST", body: event })).status).toBe(200);
  await page.goto(`${house.address}/o/${organization}/banks`);
  await sync.getByRole("button", { name: "Resync" }).click();
  await page.getByLabel("New item ID").fill(anew);
  await eyes.look("another-item");
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.getByText("Access to Banco Aroeira is renewed")).toBeVisible();
  await page.goto(`${house.address}/o/${organization}/providers/pluggy/keys`);
  for (const [index, id] of [anew, other].entries()) await expect(fields.nth(index)).toHaveValue(id);

  // The daily import: the hour is the organization's, and each sync says when it runs next.
  house.environment.BANKSIDE_FEATURES__DAILY_IMPORT = "true";
  await house.restart();
  await page.goto(`${house.address}/o/${organization}/banks`);
  await page.getByLabel("Syncs run").selectOption("23:00");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByLabel("Syncs run")).toHaveValue("23");
  await expect(page.getByText(/^Next import (tomorrow )?23:\d\d$/).first()).toBeVisible();
  await eyes.look("daily-import");

  // Reset: what is in the books stays.
  await page.goto(`${house.address}/o/${organization}/add-account`);
  await page.locator("summary").filter({ hasText: "More for Pluggy.ai" }).click();
  await page.getByRole("link", { name: "Reset Pluggy.ai credentials" }).click();
  await page.getByRole("button", { name: /Reset/ }).click();
  await expect(page.getByRole("link", { name: "Set up Pluggy.ai for bank sync" })).toBeVisible();
});
