// A person has connected a bank once more, and has an account go on from there: chooses, compares, moves, and moves back.
import type { Page } from "@playwright/test";
import { Api, type Flow } from "../../support/api.ts";
import { arm, connectDemoBank, expect, openMenu, organizationOf, passDays, test } from "../../support/house.ts";

async function openGiro(page: Page, home: string): Promise<void> {
  await page.goto(`${home}/transactions`);
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: "Girokonto" }).click();
  await expect(page.getByRole("heading", { name: "Girokonto", level: 1 })).toBeVisible();
}

/** A bank, connected as a program does it: the pages on the way have a walk of their own. Gives the connection. */
async function connect(api: Api, institution: string): Promise<string> {
  const flow = await api.made<Flow>("flows", { provider: "gocardless", institution });
  await api.visit(flow.url ?? "");
  const done = await api.get<Flow>(`flows/${flow.id}`);
  expect(done.step).toBe("done");
  return done.connection ?? "";
}

test("a feed moves to another connection and back", async ({ signedIn: page, house, eyes }) => {
  test.setTimeout(120_000);
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  const api = new Api(page.request, house, organizationOf(page));
  await openGiro(page, home);
  await openMenu(page, "Girokonto");
  await page.getByRole("link", { name: "Move feed" }).click();
  await expect(page.getByRole("heading", { name: "Move feed", level: 1 })).toBeVisible();
  await expect(page.getByText("It feeds another account; unlink it there first.")).toBeVisible();
  await expect(page.getByRole("link", { name: "Link another bank" })).toBeVisible();
  await eyes.look("nothing-to-move-to");

  await connect(api, "NORDHAFEN_NHBKDE22");
  await passDays(house, 3);
  await openGiro(page, home);
  await page.getByRole("link", { name: "Bank feed" }).click();
  await page.getByRole("link", { name: "Move feed…" }).click();
  await expect(page.getByRole("radio", { name: /^Nordhafen Bank 2 · Girokonto/ })).toBeChecked();
  await eyes.look("choose");

  await arm(house, "accounts/transactions", "connection_error");
  await page.getByRole("button", { name: "Compare" }).click();
  await expect(page.getByText("The account is fed as before.")).toBeVisible();
  await eyes.look("failed");
  await house.endSandbox();
  await house.startSandbox();
  await page.getByRole("button", { name: "Compare again" }).click();

  await expect(page.getByText(/rows are in both$/)).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText(/^0 only in your books$/)).toBeVisible();
  await expect(page.getByText(/^The first sync adds \d+ rows?/)).toBeVisible();
  await eyes.look("compared");
  await page.getByText("The rows that come in").first().click();

  // Another day, with the keyboard alone; one that does not do says so.
  const day = page.getByLabel("First day from the new feed");
  const latest = (await day.getAttribute("max")) ?? "";
  await day.fill(latest);
  await day.press("Enter");
  await expect(day).toHaveValue(latest);
  await page.goto(`${home}/accounts/${page.url().split("/accounts/")[1]?.split("/")[0]}/move?day=2099-01-01`);
  await expect(page.getByText(/^Choose a day from /)).toBeVisible();
  await expect(page.getByRole("button", { name: "Move the feed" })).toHaveCount(0);
  await eyes.look("no-such-day");
  await page.goto(page.url().split("?")[0] ?? "");

  await page.getByRole("button", { name: "Move the feed" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: "To the transactions" })).toBeVisible();
  await openGiro(page, home);
  await page.getByRole("link", { name: "Bank feed" }).click();
  await page.getByRole("link", { name: "Move feed…" }).click();
  await expect(page.getByText("Fed now by Nordhafen Bank 2")).toBeVisible();
  await page.getByRole("radio", { name: /^Nordhafen Bank · Girokonto/ }).check();
  await page.getByRole("button", { name: "Compare" }).click();
  await expect(page.getByText("The first sync adds no row.")).toBeVisible({ timeout: 20_000 });
  await eyes.look("nothing-new");
  await page.getByRole("button", { name: "Leave it as it is" }).click();
  await expect(page.getByText("Fed now by Nordhafen Bank 2")).toBeVisible();
});

test("a card that may be one that is here is asked about where it is linked", async ({ signedIn: page, house, eyes }) => {
  const organization = organizationOf(page);
  const api = new Api(page.request, house, organization);
  expect((await api.send("PUT", "providers/gocardless/keys", house.gocardless.credentials)).status()).toBe(204);
  const first = await connect(api, "AMERICAN_EXPRESS_AESUDEF1");
  const [card] = (await api.get<{ bank_accounts: { bank_account: string; import_from: string }[] }>(`connections/${first}/link`)).bank_accounts;
  const run = await api.made<{ id: string }>(`connections/${first}/link`, [{ ...card, name: "Travel card" }]);
  await api.finished(run.id);
  const second = await connect(api, "AMERICAN_EXPRESS_AESUDEF1");
  await page.goto(`${house.address}/o/${organization}/connections/${second}/link`);
  await expect(page.getByText("Is this the same as Travel card?")).toBeVisible();
  await eyes.look("asked");
  // Nothing is linked before the question has an answer.
  await page.getByRole("button", { name: "Link accounts" }).click();
  await expect(page.getByText("Say first whether it is an account that is here").last()).toBeVisible();
  await eyes.look("not-answered");
  await page.getByRole("link", { name: "Yes, go on in Travel card" }).click();
  await expect(page.getByRole("heading", { name: "Move feed", level: 1 })).toBeVisible();
  await expect(page.getByRole("radio", { name: /Similar: same last digits/ })).toBeChecked();
  await page.getByRole("button", { name: "Compare" }).click();
  await expect(page.getByText("The two become one bank account here. That cannot be undone.")).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText(/^0 only at the new feed$/)).toBeVisible();
  await eyes.look("two-become-one");
  await page.getByRole("button", { name: "Move the feed" }).click();
  await expect(page.getByRole("link", { name: "To the transactions" })).toBeVisible();
  await page.goto(`${house.address}/o/${organization}/connections/${second}/link`);
  await expect(page.getByText("linked already")).toBeVisible();
});
