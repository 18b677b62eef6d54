// Figures are hidden from whoever looks on, until they are shown again.
import type { Locator } from "@playwright/test";
import { booksOf, cell, focusCell, said } from "../../support/books.ts";
import { connectDemoBank, expect, register, test } from "../../support/house.ts";

test("figures are hidden on every page, show under the pointer, and stay readable for screen readers", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const figure = page.locator(".figure");
  const filter = () => figure.evaluate((element) => getComputedStyle(element).filter);
  const toggle = page.getByRole("button", { name: "Hide figures" });
  await expect(toggle).toHaveAttribute("aria-pressed", "false");
  // Away from every figure: one that the pointer is on shows itself.
  await page.mouse.move(0, 0);
  await page.keyboard.press("Control+Shift+p");
  await expect(toggle).toHaveAttribute("aria-pressed", "true");
  await expect.poll(filter).toContain("blur");
  const cell = register(page).getByRole("row").nth(1).getByRole("gridcell", { name: /euro \d\d$/ });
  const ink = () => cell.evaluate((element) => getComputedStyle(element).color);
  await expect.poll(ink).toBe("rgba(0, 0, 0, 0)");
  await expect(cell).toHaveText(/\d/);
  // Hidden figures are not to be read: what contrast they have says nothing. Everything else is looked at as ever.
  await eyes.look("figures-hidden", page, [".num", ".figure", ".feed b"]);
  await cell.hover();
  await expect.poll(ink).not.toBe("rgba(0, 0, 0, 0)");

  // It holds on the next page before anything is drawn, and until it is switched off.
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: /Girokonto/ }).click();
  await expect(page.locator("html")).toHaveAttribute("data-private", "");
  await expect.poll(filter).toContain("blur");
  await expect(toggle).toHaveAttribute("aria-pressed", "true");
  await toggle.click();
  await expect.poll(filter).toBe("none");
  await page.reload();
  await expect.poll(filter).toBe("none");
});

test("messages, fields and chips hide figures and names as well", async ({ signedIn: page, house }) => {
  await booksOf(page, house, [
    { date: "2026-03-20", payee: "Baker", amount: "-3.40" },
    { date: "2026-03-19", payee: "Landlord", amount: "-800.00" },
  ]);
  const filter = (of: Locator) => of.evaluate((element) => getComputedStyle(element).filter);
  const isHidden = async (of: Locator, says: string): Promise<void> => {
    await expect(of, says).toBeVisible();
    await expect.poll(() => filter(of), says).toContain("blur");
  };
  await page.keyboard.press("Control+Shift+p");
  await expect(page.locator("html")).toHaveAttribute("data-private", "");

  // A chip with a payee and one with a figure, and the fields that they came from.
  await focusCell(page, 0, "payee");
  await page.keyboard.press("f");
  const form = page.getByRole("group", { name: "Filter" });
  await form.getByLabel("At least").fill("1");
  await page.keyboard.press("Tab");
  await form.getByLabel("Payee").fill("Baker");
  await page.keyboard.press("Enter");
  const chips = page.getByRole("list", { name: "Filters" });
  await form.getByLabel("Category").focus();
  await isHidden(form.getByLabel("At least"), "the field of a figure");
  await isHidden(form.getByLabel("Payee"), "the field of a payee");
  await page.keyboard.press("Escape");
  await isHidden(chips.getByRole("button", { name: /Payee Baker/ }), "the chip of a payee");
  await isHidden(chips.getByRole("button", { name: /At least 1/ }), "the chip of a figure");
  await chips.getByRole("button", { name: /Payee Baker/ }).hover();
  await expect.poll(() => filter(chips.getByRole("button", { name: /Payee Baker/ }))).toBe("none");

  // A message that names both, and the fields of a new row; the one with the focus shows what is typed.
  await page.mouse.move(0, 0);
  await focusCell(page, 0, "payee");
  await page.keyboard.press("t");
  await page.getByLabel("Payee of the new transaction").fill("Ferry");
  await page.getByLabel("Amount of the new transaction").fill("-9");
  await isHidden(page.getByLabel("Payee of the new transaction"), "a payee that was typed");
  await expect.poll(() => filter(page.getByLabel("Amount of the new transaction"))).toBe("none");
  await page.keyboard.press("Control+Enter");
  const message = said(page, "Added Ferry").locator("> .grow");
  await isHidden(message, "a message");
  await said(page, "Added Ferry").hover();
  await expect.poll(() => filter(message)).toBe("none");

  // What could not be saved says both, too.
  await page.mouse.move(0, 0);
  await page.route("**/transactions/*", (route) => (route.request().method() === "PATCH" ? route.abort() : route.fallback()));
  await focusCell(page, 0, "payee");
  await page.keyboard.press("p");
  await page.keyboard.type("Somebody");
  await page.keyboard.press("Control+Enter");
  await isHidden(page.locator(".unsaved .notice > .grow"), "what is not saved");
  await expect(cell(page, 0, "payee")).toContainText("Somebody");
});
