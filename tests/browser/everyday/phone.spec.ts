// The register on a phone: everything that is done with rows at a desk is done here too.
import { type Books, booksOf, cell, live, row, said } from "../../support/books.ts";
import { expect, test } from "../../support/house.ts";

const rows: Books["rows"] = [
  { date: "2026-03-20", payee: "Baker", note: "Rolls", amount: "-3.40" },
  { date: "2026-03-19", payee: "Landlord", amount: "-800.00" },
  { date: "2026-03-18", payee: "Harbour office", amount: "2500.00" },
  { date: "2026-03-17", payee: "Grocer", amount: "-52.73", tags: ["week"] },
];

test("rows are sorted, counted, and changed many at once", async ({ signedIn: page, house, eyes }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const books = await booksOf(page, house, rows);
  await expect(page.locator("bankside-register.is-narrow")).toBeVisible();
  await expect(page.locator(".found")).toBeVisible();
  await expect(page.locator(".found")).toHaveText("4 transactions");

  const more = page.locator(".toolbar > .menu").last();
  await more.locator("summary").click();
  await eyes.keep("phone-menu");
  await page.setViewportSize({ width: 390, height: 844 });
  await more.getByLabel("Sorted by").selectOption("Amount, smallest first");
  await expect(cell(page, 0, "payee")).toHaveText("Landlord");
  await expect(cell(page, 3, "payee")).toHaveText("Harbour office");
  await more.locator("summary").click();
  await expect(more.getByLabel("Sorted by")).toHaveValue("amount asc");
  await more.getByLabel("Sorted by").selectOption("Payee, A to Z");
  await expect(cell(page, 1, "payee")).toHaveText("Grocer");
  await more.locator("summary").click();
  await more.getByLabel("Sorted by").selectOption("Date, newest first");
  await expect(cell(page, 3, "payee")).toHaveText("Grocer");

  const bar = page.getByRole("toolbar", { name: "With the selected rows" });
  for (const at of [0, 1]) await row(page, at).locator(".tick").click();
  await expect(bar.getByText("2 selected")).toBeVisible();
  // Each of them is reached, and nothing of the bar sticks out.
  for (const name of ["Category", "Payee", "Note", "Date", "Add tags", "Cleared", "Duplicate", "Merge", "Delete"]) {
    await expect(bar.getByRole("button", { name: new RegExp(`^${name}`) })).toBeInViewport({ ratio: 1 });
  }
  await bar.getByRole("button", { name: "Date" }).click();
  await bar.getByRole("textbox").fill("2026-03-25");
  await bar.getByRole("button", { name: "Set for 2" }).click();
  await expect(said(page, "2 transactions")).toBeVisible();
  await expect.poll(async () => (await books.list()).filter(({ date }) => date === "2026-03-25").length).toBe(2);
  await bar.getByRole("button", { name: "Add tags" }).click();
  await bar.getByRole("combobox").fill("#spring");
  await bar.getByRole("button", { name: "Set for 2" }).click();
  await expect.poll(async () => (await books.list()).filter(({ tags }) => tags.includes("spring")).length).toBe(2);
  await bar.getByRole("button", { name: "Duplicate" }).click();
  await expect(said(page, "2 transactions duplicated.")).toBeVisible();
  await expect.poll(async () => (await books.list()).length).toBe(6);
  // A message with its way back does not stand over what is done next.
  const [message, verbs] = [await said(page, "2 transactions duplicated.").boundingBox(), await bar.boundingBox()];
  expect(message && verbs && message.y + message.height <= verbs.y, "the message stands above the bar").toBe(true);
  await eyes.look("phone-bulk");

  // All at once, which no box in a head does here.
  await page.setViewportSize({ width: 390, height: 844 });
  await live(page);
  await bar.getByRole("button", { name: "Clear selection" }).click();
  await more.locator("summary").click();
  await more.getByRole("button", { name: /^Select all/ }).click();
  await expect(bar.getByText("6 selected")).toBeVisible();
});
