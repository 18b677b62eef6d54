// Rows are mapped by the keyboard alone, many alike at once, and given back; categories are merged, and what is used is not deleted.
import type { Page } from "@playwright/test";
import { Api } from "../../support/api.ts";
import { expect, organizationOf, person, test } from "../../support/house.ts";

const main = (page: Page) => page.getByRole("main");
const rows = (page: Page) => page.locator("tr[data-line]");
const tab = (page: Page, name: string) => page.getByRole("navigation", { name: "Cashflow" }).getByRole("link", { name: new RegExp(`^${name}`) });
const status = (page: Page) => main(page).getByRole("status").first();

/** Payees, and the beginning of the category that each is for. */
const KNOWN: [payee: string, types: string, category: string][] = [
  ["Bäcker Jansen", "Eating", "Food ▸ Eating out"],
  ["REWE", "Superm", "Food ▸ Supermarket"],
  ["Stadtwerke", "Energy", "Home ▸ Energy and water"],
  ["Bahn", "Public", "Transport ▸ Public transport"],
  ["Apotheke am Markt", "Pharm", "Health ▸ Pharmacy"],
];

async function account(api: Api, name: string): Promise<string> {
  return (await api.made<{ id: string }>("accounts", { name, kind: "cash", currency: "EUR" })).id;
}

async function spend(api: Api, account: string, payee: string, amount: string, date: string): Promise<void> {
  await api.made("transactions", { account, payee, amount, date });
}

test("fifty rows are mapped by the keyboard", async ({ signedIn: page, house, eyes }) => {
  test.slow();
  const api = new Api(page.request, house, organizationOf(page));
  const purse = await account(api, "Purse");
  for (let number = 0; number < 50; number++) {
    const [payee] = KNOWN[number % KNOWN.length] ?? ["", "", ""];
    const day = String(1 + (number % 28)).padStart(2, "0");
    await spend(api, purse, payee, `-${3 + number}.10`, `2026-10-${day}`);
  }
  await page.goto(`${house.address}/o/${organizationOf(page)}/overview`);
  await page.getByRole("navigation", { name: "Pages", exact: true }).getByRole("link", { name: "Cashflow" }).click();
  await tab(page, "Unmapped").click();
  // It is headed as the other pages of the cashflow are.
  await expect(page.getByRole("heading", { level: 1, name: person.organization })).toBeVisible();
  await expect(tab(page, "Unmapped")).toContainText("50");
  await expect(rows(page)).toHaveCount(50);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toContainText("Take the first suggestion");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.keyboard.press("j");
  await expect(rows(page).first()).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(rows(page).nth(1)).toBeFocused();
  await page.keyboard.press("k");

  for (let left = 50; left > 0; left--) {
    const row = rows(page).first();
    await expect(row).toBeFocused();
    const payee = await row.locator("td.lead b").textContent();
    const [, types, category] = KNOWN.find(([name]) => name === payee) ?? ["", "", ""];
    if ((await row.locator("[data-take]").count()) > 0) {
      // What was decided before is suggested, with how often.
      await expect(row.locator('[data-take="1"]')).toContainText(category);
      await page.keyboard.press(left % 2 === 0 ? "1" : "Enter");
    } else {
      await page.keyboard.press("c");
      await page.keyboard.type(types);
      await page.keyboard.press("Enter");
    }
    await expect(status(page)).toHaveText(new RegExp(`1 row mapped to ${category}`));
    await expect(rows(page)).toHaveCount(left - 1);
    if (left === 40) {
      await expect(rows(page).first().locator("td.choose")).toContainText(/[12] of [12] times? with this payee/);
      await eyes.look("unmapped");
    }
    if (left === 26) await expect(rows(page).first().locator("td.choose")).toContainText(/4 of 4 times|5 of 5 times/);
  }
  await expect(main(page)).toContainText("Everything is mapped");
  expect((await api.get<{ without_category: number }>("transactions/unfinished")).without_category).toBe(0);
  await eyes.keep("all-mapped");

  // Given back, and back again.
  await tab(page, "Mapped").click();
  await expect(rows(page)).toHaveCount(50);
  await eyes.look("mapped");
  await page.keyboard.press("j");
  await page.keyboard.press("Delete");
  await expect(status(page)).toContainText("1 row un-mapped.");
  await expect(rows(page)).toHaveCount(49);
  await page.keyboard.press("z");
  await expect(status(page)).toContainText("Taken back");
  await expect(rows(page)).toHaveCount(50);
  // Many at once: two are ticked and get another category.
  await page.keyboard.press("Space");
  await page.keyboard.press("j");
  await page.keyboard.press("Space");
  await page.keyboard.press("c");
  await page.keyboard.type("Presents");
  await page.keyboard.press("Enter");
  await expect(status(page)).toContainText("2 rows mapped to Family ▸ Presents.");
  expect(eyes.complaints).toEqual([]);
});

test("what moves between own accounts wants no category, but for the fee", async ({ signedIn: page, house, eyes }) => {
  const organization = organizationOf(page);
  const api = new Api(page.request, house, organization);
  const [purse, box] = [await account(api, "Purse"), await account(api, "Cash box")];
  const typed = async (of: string, payee: string, amount: string, date: string): Promise<string> =>
    (await api.made<{ id: string }>("transactions", { account: of, payee, amount, date })).id;
  const link = async (out: string, into: string): Promise<unknown> => api.made(`transactions/${out}/transfer`, { other: into });
  await link(await typed(purse, "To the box", "-50.00", "2026-10-05"), await typed(box, "From the purse", "50.00", "2026-10-05"));
  await link(await typed(purse, "To the box, by courier", "-80.00", "2026-10-06"), await typed(box, "By courier", "78.50", "2026-10-07"));
  await spend(api, purse, "Bahn", "-49.00", "2026-10-08");
  await page.goto(`${house.address}/o/${organization}/cashflow/unmapped`);
  await expect(tab(page, "Unmapped")).toContainText("2");
  await expect(rows(page).locator("td.lead b")).toHaveText(["Bahn", "To the box, by courier"]);
  await expect(rows(page).last().locator("td.lead")).toContainText("Transfer to Cash box");
  await eyes.look("unmapped-transfer-with-a-fee");
  await rows(page).last().getByRole("combobox").selectOption("Bank charges");
  await rows(page).last().getByRole("button", { name: /^Map/ }).click();
  await expect(rows(page)).toHaveCount(1);
  await rows(page).first().getByRole("combobox").selectOption("Public transport");
  await rows(page).first().getByRole("button", { name: /^Map/ }).click();
  await expect(main(page)).toContainText("Everything is mapped");
  await expect(tab(page, "Unmapped")).toHaveText(/^Unmapped\s*0$/);
  expect((await api.get<{ without_category: number }>("transactions/unfinished")).without_category).toBe(0);
  // The figures have nothing without a category either: what moved is no part of them.
  await tab(page, "Cashflow").click();
  await expect(main(page).getByRole("row", { name: /^Bank charges/ }).first()).toContainText("−1.50");
  await expect(main(page).getByRole("row", { name: /^Unmapped/ }).getByRole("cell").filter({ hasText: /\d/ })).toHaveCount(0);
  await tab(page, "Mapped").click();
  await expect(rows(page)).toHaveCount(2);
  expect(eyes.complaints).toEqual([]);
});

test("all that are alike, and what becomes of their category", async ({ signedIn: page, house, eyes }) => {
  test.slow();
  const organization = organizationOf(page);
  const api = new Api(page.request, house, organization);
  const purse = await account(api, "Purse");
  for (let number = 0; number < 12; number++) await spend(api, purse, `REWE sagt danke ${4300 + number}`, `-${10 + number}.00`, `2026-10-${10 + number}`);
  await spend(api, purse, "REWE sagt danke 99", "5.00", "2026-10-02");
  const home = `${house.address}/o/${organization}`;
  await page.goto(`${home}/cashflow/unmapped`);
  await page.keyboard.press("j");
  await page.keyboard.press("a");
  // The money that came back is not like the money that went out.
  await expect(page.getByRole("heading", { name: "All like REWE sagt danke 4311: 12 rows" })).toBeVisible();
  await expect(main(page)).toContainText("−186.00 EUR");
  await expect(main(page).getByRole("row")).toHaveCount(11);
  await eyes.look("all-alike");
  await page.getByRole("button", { name: "Map all 12 rows" }).click();
  await expect(page.getByRole("alert")).toHaveText("Choose a category first.");
  // One comes in while somebody thinks: the count is told anew.
  await spend(api, purse, "REWE sagt danke 5000", "-1.00", "2026-10-25");
  await page.getByLabel("Category").selectOption("Supermarket");
  await page.getByRole("button", { name: "Map all 12 rows" }).click();
  await expect(page.getByRole("alert")).toHaveText(/There are 13 transactions by now/);
  await page.getByRole("button", { name: "Map all 13 rows" }).click();
  await expect(status(page)).toContainText("13 rows mapped to Food ▸ Supermarket.");
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(status(page)).toContainText("Taken back");
  await expect(rows(page)).toHaveCount(14);
  await rows(page).first().getByRole("link", { name: /All like this \(13\)/ }).click();
  await page.getByLabel("Category").selectOption("Supermarket");
  await page.getByRole("button", { name: "Map all 13 rows" }).click();
  await expect(rows(page)).toHaveCount(1);

  // The filter, and a row that nothing is like.
  await page.getByLabel("Text or amount").fill("nothing at all");
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(main(page)).toContainText("Nothing fits");
  await eyes.keep("nothing-fits");
  await page.getByRole("link", { name: "Clear" }).click();

  // Settings ▸ Categories: what is used stays, and says by what.
  await page.goto(`${home}/settings`);
  await page.getByRole("link", { name: "Open the categories" }).click();
  await expect(page.getByRole("row", { name: /Supermarket/ })).toContainText("13 transactions");
  await eyes.look("categories");
  await page.getByRole("link", { name: "Change Food ▸ Supermarket" }).click();
  await eyes.look("category");
  await page.getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("alert")).toHaveText("Supermarket is used by 13 transactions. Merge it into another one instead.");
  await page.getByLabel("Into").selectOption("Food ▸ Eating out");
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(main(page)).toContainText("13 transactions become Food ▸ Eating out.");
  await eyes.look("merge");
  await page.getByRole("button", { name: "Merge" }).click();
  await expect(status(page)).toContainText("Food ▸ Supermarket is merged: 13 transactions have the other category.");
  await expect(page.getByRole("row", { name: /Supermarket/ })).toHaveCount(0);
  await page.getByRole("link", { name: "Undo" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("row", { name: /Supermarket/ })).toContainText("13 transactions");

  // A new one, one of that name again, and its end.
  await page.getByLabel("Name").fill("Markets");
  await page.getByLabel("Place").selectOption("Below Food");
  await page.getByRole("button", { name: "Add category" }).click();
  await page.getByLabel("Name").fill("markets");
  await page.getByLabel("Place").selectOption("Below Food");
  await page.getByRole("button", { name: "Add category" }).click();
  await expect(main(page)).toContainText("markets is there already, at the same place.");
  await page.getByRole("link", { name: "Change Food ▸ Markets" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await expect(status(page)).toContainText("Food ▸ Markets is deleted.");

  // A company has the seven, beside what was there.
  await page.goto(`${home}/settings`);
  await page.getByRole("button", { name: "Make it a company" }).click();
  await page.getByRole("link", { name: "Open the categories" }).click();
  await expect(page.getByRole("row", { name: /^(Income|OPEX|CAPEX|Financing|Depreciation and amortization|Taxes|Other costs) stays/ })).toHaveCount(7);
  await expect(page.getByLabel("Place").getByRole("option", { name: "Main category" })).toHaveCount(0);
  await eyes.keep("categories-of-a-company");
  expect(eyes.complaints).toEqual([]);
});

test.describe("without a script", () => {
  test.use({ javaScriptEnabled: false });

  test("rows are mapped by forms alone", async ({ signedIn: page, house }) => {
    const organization = organizationOf(page);
    const api = new Api(page.request, house, organization);
    const purse = await account(api, "Purse");
    for (const day of ["01", "02", "03"]) await spend(api, purse, "Bahn", "-49.00", `2026-10-${day}`);
    await page.goto(`${house.address}/o/${organization}/cashflow/unmapped`);
    const row = rows(page).first();
    await row.getByRole("combobox").selectOption("Public transport");
    await row.getByRole("button", { name: /^Map/ }).click();
    await expect(status(page)).toContainText("1 row mapped to Transport ▸ Public transport.");
    await rows(page).first().getByRole("button", { name: /Public transport ?, 1 of 1 time with this payee/ }).click();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(status(page)).toContainText("Taken back");
    // At Enter in a tick no row is mapped that nobody meant.
    await page.getByRole("checkbox").last().press("Enter");
    await expect(page.getByRole("alert")).toHaveText("Nothing was mapped: press the button of a row, or one below for all that are ticked.");
    await expect(rows(page)).toHaveCount(2);
    for (const box of await page.getByRole("checkbox").all()) await box.check();
    await page.getByRole("combobox", { name: "Category of those that are ticked" }).selectOption("Holidays");
    await page.getByRole("button", { name: "Map those" }).click();
    await expect(status(page)).toContainText("2 rows mapped to Leisure ▸ Holidays.");
    await expect(main(page)).toContainText("Everything is mapped");
    await page.goto(`${house.address}/o/${organization}/cashflow/mapped?search=bahn&from=2026-10-02`);
    await expect(rows(page)).toHaveCount(2);
    await rows(page).first().getByRole("button", { name: /^Un-map/ }).click();
    await expect(status(page)).toContainText("1 row un-mapped.");
    await expect(rows(page)).toHaveCount(1);
    // Undo goes back to where it was done.
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(status(page)).toContainText("Taken back");
    await expect(page.getByLabel("Text or amount")).toHaveValue("bahn");
    await expect(rows(page)).toHaveCount(2);
    await page.getByRole("button", { name: "Change those" }).click();
    await expect(page.getByRole("alert")).toHaveText("Choose rows first: tick them.");
  });
});
