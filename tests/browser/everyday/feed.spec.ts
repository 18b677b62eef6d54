// A person looks at what an account's feed does, changes it, and takes it back.
import type { Page } from "@playwright/test";
import { connectDemoBank, expect, organizationOf, test } from "../../support/house.ts";

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
