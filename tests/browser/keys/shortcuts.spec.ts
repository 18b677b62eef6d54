// The list of shortcuts, the keys that work everywhere, and switching single letters off.
import { arrived, connectDemoBank, expect, register, test } from "../../support/house.ts";

test("the list is searched, and single letters can be switched off", async ({ signedIn: page, eyes }) => {
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(help).toBeVisible();
  await expect(help.getByRole("heading", { name: "Everywhere" })).toBeVisible();
  await eyes.look("shortcuts");
  await help.getByRole("searchbox", { name: "Search shortcuts" }).fill("figures");
  await expect(help.getByRole("listitem")).toHaveText([/Hide or show figures/]);
  await help.getByRole("searchbox").fill("qqq");
  await expect(help.getByText("No shortcut says “qqq”.")).toBeVisible();
  const letters = help.getByRole("switch", { name: /Single-letter shortcuts/ });
  await expect(letters).toBeChecked();
  await letters.click();
  await page.keyboard.press("Escape");
  await expect(help).toHaveCount(0);

  // Off, and remembered: only keys with Ctrl do something.
  await page.reload();
  await page.keyboard.press("?");
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog")).toHaveCount(1);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
  await letters.click();
  // A key that comes at once is not taken for typing in what has just closed.
  await page.evaluate(() => {
    for (const key of ["Escape", "?"]) document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  });
  await expect(help).toBeVisible();
});

test("brackets go from account to account, Ctrl B syncs, and no key acts where somebody types", async ({ signedIn: page, house }) => {
  await connectDemoBank(page, house);
  await page.keyboard.press("]");
  await arrived(page, "Girokonto");
  await page.keyboard.press("]");
  await arrived(page, "Tagesgeld");
  await page.keyboard.press("[");
  await arrived(page, "Girokonto");
  // Also while the grid takes the place of the server's table: the field that it brings goes on with what was typed.
  const search = page.getByRole("searchbox", { name: "Search transactions" });
  await search.press("?");
  await expect(register(page)).toBeVisible();
  await expect(search).toHaveValue("?");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("Control+b");
  await expect(page.getByRole("link", { name: "To the transactions" })).toBeVisible();
});
