// Figures and days as each person reads them: their browser's languages first, then their choice.
import { connectDemoBank, expect, organizationOf, register, test } from "../../support/house.ts";

test("pages follow the choice, typed amounts are read in it, and the browser's languages come first", async ({ signedIn: page, house, eyes, browser }) => {
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  const root = page.locator("html");
  await expect(root).toHaveAttribute("data-numbers", "1,234.56");
  await expect(root).toHaveAttribute("data-dates", "20 Nov 2026");

  await page.goto(`${home}/settings`);
  await expect(page.locator("#example-figure")).toHaveText("−1,234,567.89");
  await page.getByLabel("Figures", { exact: true }).selectOption("1’234.56");
  await expect(page.locator("#example-figure")).toHaveText("−1’234’567.89");
  await page.getByLabel("Figures", { exact: true }).selectOption("1.234,56");
  await page.getByLabel("Days", { exact: true }).selectOption("20.11.2026");
  await expect(page.locator("#example-day")).toHaveText("20.11.2026");
  await page.locator("#formats").scrollIntoViewIfNeeded();
  await eyes.look("figures-and-days");
  await page.locator("#formats").getByRole("button", { name: "Save" }).click();
  await expect(page.getByLabel("Figures", { exact: true })).toHaveValue("1.234,56");
  await expect(root).toHaveAttribute("data-numbers", "1.234,56");

  await page.goto(`${home}/add-account/without-bank`);
  await page.getByLabel("Name").fill("Kasse");
  await page.getByLabel("Opening balance").fill("1.234,567");
  await page.getByRole("button", { name: "Add account" }).click();
  await expect(page.getByRole("alert")).toContainText("“1.234,567” has more decimals than EUR has.");
  await page.getByLabel("Opening balance").fill("1.234");
  await page.getByRole("button", { name: "Add account" }).click();
  await expect(page.locator(".figure")).toHaveText("1.234,00");
  await expect(register(page)).toBeVisible();
  await page.getByRole("link", { name: "Add transaction" }).click();
  await page.getByLabel("Payee of the new transaction").fill("Bäckerei");
  const amount = page.getByLabel("Amount of the new transaction");
  await amount.fill("-1.234,567");
  await amount.press("Enter");
  await expect(page.getByRole("alert")).toBeVisible();
  await amount.fill("-12.50");
  await amount.press("Control+Enter");
  const row = register(page).getByRole("row").filter({ hasText: "Bäckerei" });
  await expect(row).toContainText(/\d{1,2}\.\d{1,2}\./);
  await expect(row).toContainText("−12,50");
  await page.reload();
  await expect(row).toBeVisible();
  await expect(page.locator(".figure")).toHaveText("1.221,50");
  await eyes.look("german-register");

  // The choice is the person's: it holds in another browser too. What is given back follows that browser.
  const storageState = await page.context().storageState();
  const other = await browser.newContext({ locale: "fr-FR", storageState });
  const elsewhere = await other.newPage();
  await elsewhere.goto(`${home}/settings`);
  await expect(elsewhere.locator("html")).toHaveAttribute("data-numbers", "1.234,56");
  await elsewhere.getByLabel("Figures", { exact: true }).selectOption({ label: "As my browser: 1 234,56" });
  await elsewhere.getByLabel("Days", { exact: true }).selectOption({ label: "As my browser: 20/11/2026" });
  await elsewhere.locator("#formats").getByRole("button", { name: "Save" }).click();
  await expect(elsewhere.locator("html")).toHaveAttribute("data-numbers", "1 234,56");
  await expect(elsewhere.locator("html")).toHaveAttribute("data-dates", "20/11/2026");
  await other.close();
});

test("programs set it too, and are told what is no format", async ({ signedIn: page, house }) => {
  const address = `${house.address}/api/v1/me/formats`;
  const headers = { origin: house.address };
  const put = (data: unknown) => page.request.put(address, { headers, data });
  const kept = await put({ numbers: "12,34,567.89", dates: "2026-11-20" });
  expect(await kept.json()).toEqual({ numbers: "12,34,567.89", dates: "2026-11-20", chosen: { numbers: "12,34,567.89", dates: "2026-11-20" } });
  const refused = await put({ numbers: "1_234.56" });
  expect(refused.status()).toBe(422);
  expect(((await refused.json()) as { field: string }).field).toBe("numbers");
  expect((await put({})).ok()).toBe(true);
  const now = (await (await page.request.get(address)).json()) as { chosen: unknown };
  expect(now.chosen).toEqual({ numbers: null, dates: null });
});
