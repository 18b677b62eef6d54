// Figures are hidden from whoever looks on, until they are shown again.
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
