// What people do every day around the register: on a phone, with accounts, keys and the way in.
import { arrived, connectDemoBank, expect, openMenu, organizationOf, person, test } from "../../support/house.ts";
import { live } from "../../support/books.ts";

test("on a phone every account is reached, also one without a bank", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.goto(`${home}/add-account/without-bank`);
  await page.getByLabel("Name").fill("Cash");
  await page.getByLabel("Opening balance").fill("a lot");
  await page.getByRole("button", { name: "Add account" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await eyes.look("bad-opening");
  await page.getByLabel("Opening balance").fill("120.50");
  await page.getByRole("button", { name: "Add account" }).click();
  await expect(page.getByRole("heading", { name: "Cash" })).toBeVisible();
  await page.goto(`${home}/transactions`);
  await eyes.look("accounts");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole("navigation", { name: "Pages", exact: true }).getByRole("link", { name: "Accounts" }).click();
  const accounts = page.getByRole("navigation", { name: "Accounts" });
  await expect(accounts.getByRole("link")).toHaveCount(3);
  await accounts.getByRole("link", { name: /Cash.*120\.50/ }).click();
  await expect(page.getByRole("heading", { name: "Cash" })).toBeVisible();
});

test("unlinking keeps the rows, resetting keys is asked first", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: /Tagesgeld/ }).click();
  await live(page);
  const count = await page.getByText(/^\d+ transactions$/).textContent();
  await openMenu(page, "Tagesgeld");
  await eyes.look("account-menu");
  await page.getByRole("button", { name: /^Unlink/ }).click();
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: /Tagesgeld/ }).click();
  await expect(page.getByText(count ?? "none")).toBeVisible();
  await expect(page.getByRole("button", { name: "Bank sync" })).toHaveCount(0);

  await page.goto(`${home}/add-account`);
  await openMenu(page, "GoCardless");
  await page.getByRole("link", { name: /Reset GoCardless credentials/ }).click();
  await expect(page.getByText("Booked rows and links stay as they are.")).toBeVisible();
  await eyes.look("reset-keys");
  await page.getByRole("button", { name: "Reset credentials" }).click();
  await expect(page.getByRole("link", { name: "Set up GoCardless for bank sync" })).toBeVisible();
  const giro = page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: /Girokonto/ });
  await expect(giro).toContainText("Keys needed");
  await giro.click();
  await eyes.look("keys-needed");
});

test("the first start comes back with the time zone that was typed", async ({ page, house }) => {
  await page.goto(house.address);
  const zone = page.getByLabel("Time zone");
  await expect(zone).toHaveValue("Europe/Berlin");
  await page.getByText("Email, currency and time zone").click();
  await page.getByLabel("Your name").fill(person.name);
  await page.getByLabel("Password").fill(person.password);
  await page.getByLabel("Currency").fill("QQQ");
  await zone.fill("Asia/Tokyo");
  await page.getByRole("button", { name: "Start" }).click();
  await expect(page.getByRole("alert")).toContainText("This currency is not known");
  await expect(zone).toHaveValue("Asia/Tokyo");
});

test("signing out and in, and trying too often", async ({ signedIn: page, house, eyes }) => {
  await page.getByRole("navigation", { name: "Pages", exact: true }).getByRole("link", { name: "Settings" }).click();
  await eyes.look("settings");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await eyes.look("sign-in");
  for (let tries = 0; tries < 5; tries++) {
    await page.getByLabel("Name or email").fill(person.name);
    await page.getByLabel("Password").fill("wrong");
    const refused = page.waitForResponse((response) => response.request().method() === "POST");
    await page.getByRole("button", { name: "Sign in" }).click();
    expect((await refused).status()).toBe(401);
    await expect(page.getByRole("alert")).toContainText("do not fit");
  }
  await page.getByLabel("Password").fill(person.password);
  const paused = page.waitForResponse((response) => response.request().method() === "POST");
  await page.getByRole("button", { name: "Sign in" }).click();
  expect((await paused).status()).toBe(429);
  expect(Number((await paused).headers()["retry-after"])).toBeGreaterThan(0);
  await expect(page.getByRole("alert")).toContainText("Too many tries");
  await eyes.look("too-many-tries");
  await page.goto(`${house.address}/o/whatever/transactions`);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("by keyboard: to the content, the menu opens and closes", async ({ signedIn: page, house }) => {
  await connectDemoBank(page, house);
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: /Girokonto/ }).click();
  await arrived(page, "Girokonto");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "To the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Add transaction" })).toBeFocused();
  const menu = page.locator(".page-head details.menu");
  await menu.locator("summary").press("Enter");
  await expect(menu).toHaveAttribute("open", "");
  await page.keyboard.press("Escape");
  await expect(menu).not.toHaveAttribute("open", "");
  await expect(menu.locator("summary")).toBeFocused();
});
