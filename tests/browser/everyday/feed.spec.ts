// A person looks at what an account's feed does, changes it, takes it back, and checks bank against ledger.
import type { Page } from "@playwright/test";
import { connectDemoBank, expect, organizationOf, passDays, test } from "../../support/house.ts";

async function openGiro(page: Page, home: string): Promise<void> {
  await page.goto(`${home}/transactions`);
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: "Girokonto" }).click();
  await expect(page.getByRole("heading", { name: "Girokonto", level: 1 })).toBeVisible();
}

test("pending rows and the sign are changed with their effect said first", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  await openGiro(page, home);
  await page.getByRole("link", { name: "Bank feed" }).click();
  await expect(page.getByRole("heading", { name: "Bank feed", level: 1 })).toBeVisible();
  await expect(page.getByText(/^We book .* as money out\.$/)).toBeVisible();
  await eyes.look("feed");

  // With the keyboard alone: the policy, what it would do, and doing it.
  await page.getByRole("radio", { name: /^Shown, outside/ }).focus();
  await page.keyboard.press("ArrowUp");
  await expect(page.getByRole("radio", { name: /^Booked only/ })).toBeChecked();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByText(/pending rows? will leave\./)).toBeVisible();
  await eyes.look("feed-pending");
  await page.getByRole("button", { name: "Save" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status").filter({ hasText: "Saved." })).toBeVisible();
  await expect(page.getByRole("radio", { name: /^Booked only/ })).toBeChecked();
  await page.getByRole("link", { name: "Undo" }).click();
  await expect(page.getByText("Pending transactions are treated as they were before.")).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();

  await openGiro(page, home);
  await page.getByRole("link", { name: "Bank feed" }).click();
  await expect(page.getByRole("radio", { name: /^Shown, outside/ })).toBeChecked();
  await page.getByRole("button", { name: "Turn the sign around…" }).click();
  await expect(page.getByText(/rows change their sign, with all of their lines\./)).toBeVisible();
  await eyes.look("feed-sign");
  await page.getByRole("button", { name: "Turn the sign around", exact: true }).click();
  await expect(page.getByText(/: you owe /)).toBeVisible();
  await page.getByRole("link", { name: "Undo" }).click();
  await expect(page.getByText("The sign of the bank account is turned back")).toBeVisible();
  await eyes.look("undo-sign");
  await page.getByRole("button", { name: "Undo" }).click();
  await openGiro(page, home);
  await page.getByRole("link", { name: "Bank feed" }).click();
  await expect(page.getByText(/: you have /)).toBeVisible();
});

test("a difference is explained, accepted, taken back and ignored", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  await passDays(house, 7);
  await openGiro(page, home);
  await page.getByRole("button", { name: "Bank sync" }).click();
  await expect(page.getByRole("link", { name: "To the transactions" })).toBeVisible();
  await openGiro(page, home);
  await page.getByRole("link", { name: /^Proven.*balance check of Girokonto/ }).click();
  await expect(page.getByRole("heading", { name: "Balance check", level: 1 })).toBeVisible();
  await eyes.look("balance-proven");

  const account = page.url().split("/").at(-2) ?? "";
  const api = `${house.address}/api/v1/${new URL(home).pathname.replace("/o/", "organizations/")}`;
  // A row that came with the second sync, and that its balances contain: the bank's clock is ahead of ours.
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const listed = await page.request.get(`${api}/transactions?account=${account}&state=cleared&from=${tomorrow}&limit=500`);
  const { transactions } = (await listed.json()) as { transactions: { id: string }[] };
  await page.request.delete(`${api}/transactions/${transactions.at(-1)?.id}`, { headers: { origin: house.address } });

  await openGiro(page, home);
  await page.getByRole("link", { name: "Check the balance" }).click();
  await expect(page.getByText("Somebody took it out of the books. It would explain the whole difference.")).toBeVisible();
  await expect(page.getByText("The first that does not fit")).toBeVisible();
  await eyes.look("balance-apart");
  await page.getByRole("button", { name: "Accept the difference" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText(/accepted by Robin/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Accept the difference" })).toHaveCount(0);
  await eyes.look("balance-accepted");
  await openGiro(page, home);
  await expect(page.getByRole("link", { name: /accepted.*balance check of Girokonto/ })).toBeVisible();
  await expect(page.getByRole("link", { name: "Check the balance" })).toHaveCount(0);
  await page.getByRole("link", { name: /accepted.*balance check of Girokonto/ }).click();
  await page.getByRole("button", { name: "Take back" }).click();
  await page.getByRole("button", { name: "Ignore until it changes" }).click();
  await expect(page.getByText(/ignored by Robin/)).toBeVisible();
  await eyes.look("balance-ignored");
});
