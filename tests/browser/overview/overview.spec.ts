// The overview, and the sidebar that leads there.
import { connectDemoBank, expect, organizationOf, passDays, person, test } from "../../support/house.ts";
import type { Page } from "@playwright/test";

const side = (page: Page) => page.getByRole("complementary", { name: "Main" });
const open = (page: Page) => page.getByRole("navigation", { name: "Pages", exact: true }).getByRole("link", { name: "Overview" }).click();

/** Text of an amount as a number of cents. */
const cents = (text: string | null) => Number((text ?? "").replace("−", "-").replace(/[^\d-]/g, ""));

test("a house without accounts is shown the way to the first", async ({ signedIn: page, eyes }) => {
  await open(page);
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await expect(page.getByText("Nothing to look back on yet")).toBeVisible();
  await eyes.look("empty");
  await page.getByRole("main").getByRole("link", { name: "Add account" }).click();
  await expect(page.getByRole("heading", { name: "Add account" })).toBeVisible();
});

test("the overview adds up, and leads on", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  await open(page);
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await eyes.look("overview");

  // The figure is the sum of the sidebar.
  const total = side(page).getByRole("link", { name: /All accounts/ }).locator(".num");
  const worth = await page.locator(".figure").textContent();
  expect(worth).toBe(await total.textContent());
  await expect(page.getByRole("img", { name: /Net worth (grew|fell|stayed) from .* to / })).toBeVisible();
  await expect(page.getByRole("img", { name: /Money in and out/ })).toBeVisible();

  // What is left of the shown months is the change of net worth, to the cent.
  const flows = page.getByRole("table", { name: "Money in and out by month" });
  const left = await flows.locator("tfoot td").last().textContent();
  expect(cents(left)).toBe(cents(await page.locator(".worth .num > span").first().textContent()));
  for (const row of await flows.locator("tbody tr").all()) {
    const [into, out, rest] = await row.locator("td.num").allTextContents();
    expect(cents(into ?? "") + cents(out ?? "")).toBe(cents(rest ?? ""));
  }

  // A month back, and into the register without category.
  const title = page.locator("#categories-title");
  const now = await title.textContent();
  await page.getByRole("navigation", { name: "Month by category" }).getByRole("link").first().click();
  await expect(title).not.toHaveText(now ?? "");
  await page.getByRole("link", { name: "No category" }).first().click();
  await expect(page).toHaveURL(/transactions\?category=none&direction=out&from=\d{4}-\d\d-01&to=/);
  await page.goBack();
  await page.getByRole("link", { name: "This year" }).click();
  await expect(page.getByRole("link", { name: "This year" })).toHaveAttribute("aria-current", "true");

  // Every chart has its table.
  await page.getByText("Show month by month").click();
  await expect(page.getByRole("table", { name: "What each account held" })).toBeVisible();
  await page.getByText("Show as table").first().click();
  await expect(page.getByRole("table", { name: "Net worth by month" })).toBeVisible();
  await eyes.look("tables");

  await expect(page.getByText(/2 of 2 accounts with a bank proven/)).toBeVisible();
  await expect(page.getByText(/^Last sync: today \d\d:\d\d\.$/)).toBeVisible();
  // The daily import is off in this house.
  await expect(page.getByText("Imports when somebody presses Bank sync.")).toBeVisible();

  // What comes in later is new until somebody has looked.
  await passDays(house, 2);
  await page.getByRole("button", { name: "Bank sync" }).click();
  await expect(page.getByRole("link", { name: "To the transactions" })).toBeVisible();
  await open(page);
  await page.getByRole("link", { name: /^Look : \d+ new rows$/ }).click();
  await expect(page).toHaveURL(/transactions\?new=true/);
});

test("the sidebar folds, and stays folded", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  await open(page);
  const button = side(page).getByRole("button", { name: "Fold the sidebar" });
  const giro = side(page).getByRole("link", { name: /Girokonto/ });
  await expect(button).toHaveAttribute("aria-expanded", "true");
  await button.click();
  await expect(button).toHaveAttribute("aria-expanded", "false");
  await expect(giro).toBeHidden();
  await page.reload();
  await expect(giro).toBeHidden();
  await eyes.look("folded");
  await side(page).getByRole("link", { name: "Transactions" }).click();
  await expect(page.getByRole("heading", { name: "All accounts" })).toBeVisible();
  await side(page).getByRole("button", { name: "Fold the sidebar" }).click();
  await expect(giro).toBeVisible();

  await side(page).getByText(person.organization).click();
  await expect(side(page).getByText(`Signed in as ${person.name}`)).toBeVisible();
  await eyes.look("organization");
  await page.keyboard.press("Escape");
  await expect(side(page).getByText(`Signed in as ${person.name}`)).toBeHidden();
});

test("on a phone the accounts come in a drawer", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  await open(page);
  await page.setViewportSize({ width: 390, height: 844 });
  const button = side(page).getByRole("button", { name: "Accounts" });
  await button.click();
  const drawer = page.getByRole("dialog", { name: "Accounts" });
  await expect(drawer.getByRole("link", { name: /Girokonto/ })).toBeVisible();
  await eyes.look("drawer");
  await page.setViewportSize({ width: 390, height: 844 });
  // The focus stays in, Escape closes, and the focus is where it was.
  for (let steps = 0; steps < 12; steps++) {
    await page.keyboard.press("Tab");
    const isIn = await page.evaluate(() => document.activeElement === document.body || !!document.activeElement?.closest("dialog"));
    expect(isIn).toBe(true);
  }
  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();
  await expect(button).toBeFocused();
  await button.click();
  await drawer.getByRole("link", { name: /Girokonto/ }).click();
  await expect(page.getByRole("heading", { name: "Girokonto" })).toBeVisible();
});

test("balances beside the page follow the books, and the focus stays", async ({ signedIn: page, house, context }) => {
  await connectDemoBank(page, house);
  const giro = side(page).getByRole("link", { name: /Girokonto/ });
  const before = await giro.locator(".num").textContent();
  await giro.click();
  await expect(page.getByRole("heading", { name: "Girokonto" })).toBeVisible();
  const account = /accounts\/([^/?]+)/.exec(page.url())?.[1] ?? "";
  await giro.focus();
  const added = await context.request.post(`${house.address}/api/v1/organizations/${organizationOf(page)}/transactions`, {
    headers: { origin: house.address },
    data: { account, date: "2026-11-20", amount: "-1.00", payee: "Baker", note: "" },
  });
  expect(added.status()).toBe(201);
  await page.evaluate(() => window.dispatchEvent(new CustomEvent("bankside:books")));
  await expect(giro.locator(".num")).not.toHaveText(before ?? "");
  expect(cents(await giro.locator(".num").textContent())).toBe(cents(before) - 100);
  await expect(giro).toBeFocused();
  await expect(giro).toHaveAttribute("aria-current", "page");
});
