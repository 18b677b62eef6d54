// The palette: accounts, pages and deeds by what somebody remembers of them, by keyboard and by mouse.
import { connectDemoBank, expect, organizationOf, test } from "../../support/house.ts";

test("finds accounts, pages and what can be done, by keyboard alone", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.keyboard.press("Control+k");
  const field = page.getByRole("combobox", { name: "Find anything" });
  await expect(field).toBeFocused();
  const options = page.getByRole("listbox", { name: "Found" }).getByRole("option");
  await expect(options.filter({ hasText: "Girokonto" })).toBeVisible();
  await expect(options.first()).toHaveAttribute("aria-selected", "true");
  await eyes.look("palette");

  // Accents, case and order of words do not matter; letters in their order do as well.
  await field.fill("gIRÖ");
  await expect(options).toHaveText([
    /^Girokonto/,
    /^Bank feed of Girokonto/,
    /^Balance check of Girokonto/,
    /^Move the feed of Girokonto/,
    /^Lock a period of Girokonto/,
    /^Add transaction to Girokonto/,
  ]);
  await field.fill("stngs");
  await expect(options.first()).toContainText("Settings");
  await field.fill("nothing is called that");
  await expect(page.getByRole("dialog").getByText("Nothing is called “nothing is called that”.").last()).toBeVisible();
  await eyes.look("palette-nothing");

  await field.fill("");
  await expect(options.first()).toHaveAttribute("aria-selected", "true");
  await field.press("ArrowUp");
  await expect(options.last()).toHaveAttribute("aria-selected", "true");
  await expect(field).toHaveAttribute("aria-activedescendant", (await options.last().getAttribute("id")) ?? "none");
  await field.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);

  await page.keyboard.press("Control+k");
  await field.fill("tages");
  await field.press("Enter");
  await expect(page.getByRole("heading", { name: "Tagesgeld" })).toBeVisible();

  // A deed that is posted: from the settings, where no form of that kind is.
  await page.goto(`${home}/settings`);
  await page.keyboard.press("Control+k");
  await field.fill("bank sync");
  await field.press("Enter");
  await expect(page.getByRole("link", { name: "To the transactions" })).toBeVisible();
});

test("opens from its button, on a phone too, and goes where it is clicked", async ({ signedIn: page, house }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${house.address}/o/${organizationOf(page)}/transactions`);
  const opener = page.getByRole("button", { name: "Find anything" });
  await opener.click();
  await page.getByRole("button", { name: "Close" }).click();
  await expect(opener).toBeFocused();
  await opener.click();
  await page.getByRole("option", { name: /Settings/ }).click();
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
});

test("without a script there is no button that does nothing", async ({ browser, signedIn, house }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, storageState: await signedIn.context().storageState() });
  const page = await context.newPage();
  await page.goto(signedIn.url());
  await expect(page.getByRole("heading", { name: "All accounts" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Find anything" })).toHaveCount(0);
  await context.close();
  expect(house.address).not.toBe("");
});
