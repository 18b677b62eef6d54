// Cashflow of an asset and of the organization: figures lead to the rows behind them, other currencies are converted by rates, and a plan stands beside.
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { Api } from "../../support/api.ts";
import { arrived, type House, expect, organizationOf, person, test } from "../../support/house.ts";

const YEAR = new Date().getFullYear();
const main = (page: Page) => page.getByRole("main");
const home = (page: Page, house: House) => `${house.address}/o/${organizationOf(page)}`;

interface World {
  api: Api;
  mill: string;
  site: string;
  taxes: string;
  property: string;
}

/** A mill with a site below it, an account at each, rows of January and February with and without categories. */
async function world(page: Page, house: House): Promise<World> {
  const api = new Api(page.request, house, organizationOf(page));
  const mill = (await api.made<{ id: string }>("assets", { name: "Mill", kind: "structuring", stage: "active" })).id;
  const site = (await api.made<{ id: string }>("assets", { name: "Site 1", kind: "production", stage: "active", under: mill })).id;
  const taxes = (await api.made<{ id: string }>("categories", { name: "Local taxes" })).id;
  const property = (await api.made<{ id: string }>("categories", { name: "On property", parent: taxes })).id;
  const account = async (name: string, asset: string, currency: string): Promise<string> => {
    const { id } = await api.made<{ id: string }>("accounts", { name, kind: "checking", currency, asset });
    return id;
  };
  const [upper, lower, dollars] = [await account("Upper", mill, "EUR"), await account("Lower", site, "EUR"), await account("Dollars", site, "USD")];
  const rows: [string, string, string, string | null][] = [
    [upper, `${YEAR - 1}-01-15`, "1000.00", null],
    [upper, `${YEAR - 1}-02-03`, "-120.50", property],
    [lower, `${YEAR - 1}-02-10`, "-30.00", taxes],
    [lower, `${YEAR - 1}-02-11`, "-9.99", null],
    [dollars, `${YEAR - 1}-02-12`, "-100.00", taxes],
  ];
  for (const [account, date, amount, category] of rows) {
    await api.made("transactions", { account, date, amount, payee: "Somebody", ...(category ? { category_id: category } : {}) });
  }
  return { api, mill, site, taxes, property };
}

const cells = async (page: Page, row: string, place = 0): Promise<string[]> =>
  page.locator(".flow-months").nth(place).getByRole("row", { name: new RegExp(`^${row}`) }).first().getByRole("cell").allTextContents();

test("figures by category and month lead to the rows behind them, and are a file", async ({ signedIn: page, house, eyes }) => {
  const { mill } = await world(page, house);
  await page.goto(`${home(page, house)}/assets/${mill}/cashflow?year=${YEAR - 1}`);
  await arrived(page, "Mill");
  await eyes.look("asset");
  // Each page of it has the same head.
  for (const name of ["Unmapped", "Mapped", "Plan"]) {
    await page.getByRole("navigation", { name: "Cashflow" }).getByRole("link", { name: new RegExp(`^${name}`) }).click();
    await expect(page).toHaveURL(new RegExp(`/${name.toLowerCase()}$`));
    await expect(page.getByRole("heading", { level: 1, name: "Mill" })).toBeVisible();
    await expect(main(page).getByRole("link", { name: person.organization })).toHaveAttribute("href", /\/cashflow$/);
  }
  await page.goto(`${home(page, house)}/assets/${mill}/cashflow?year=${YEAR - 1}`);
  // Everything below counts: both accounts in euros, in February.
  expect((await cells(page, "Local taxes")).slice(0, 3)).toEqual(["–", "−150.50", "–"]);
  expect((await cells(page, "On property"))[1]).toBe("−120.50");
  expect((await cells(page, "Without a subcategory"))[1]).toBe("−30.00");
  expect((await cells(page, "Unmapped")).slice(0, 2)).toEqual(["1,000.00", "−9.99"]);
  expect((await cells(page, "Left")).at(-1)).toBe("839.51");
  // One picture of two is shown: the wide one, or in a small window the other.
  await expect(page.getByRole("img", { name: /Money in and out by month: in 1,000.00 EUR, out 160.49 EUR, left 839.51 EUR/ })).toBeVisible();

  await main(page).getByRole("link", { name: "−150.50" }).first().click();
  await expect(page.locator(".found")).toContainText("2 transactions · −150.50 EUR");
  await expect(page.getByText("Cashflow of Mill")).toBeVisible();
  await eyes.keep("rows-behind");
  await page.goBack();

  await page.getByRole("link", { name: "This asset only" }).click();
  expect((await cells(page, "Local taxes"))[1]).toBe("−120.50");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download CSV" }).click()]);
  expect(download.suggestedFilename()).toBe(`cashflow-mill-${YEAR - 1}.csv`);
  const text = readFileSync(await download.path(), "utf8");
  expect(text).toContain(`EUR,Local taxes,On property,0.00,-120.50,`);
  expect(text).toContain("EUR,Unmapped,,1000.00,0.00,");
  expect(text).not.toContain("Without a subcategory");
  expect(eyes.complaints).toEqual([]);
});

test("currencies stand by themselves until there are rates, and a rate that was used is frozen", async ({ signedIn: page, house, eyes }) => {
  await world(page, house);
  await page.goto(`${home(page, house)}/cashflow?year=${YEAR - 1}`);
  await expect(page.getByRole("heading", { name: "In USD" })).toBeVisible();
  await page.getByRole("link", { name: "All in EUR" }).click();
  await expect(page.getByText(`rates are needed of USD for Feb ${YEAR - 1}`)).toBeVisible();
  await eyes.look("rates-missing");
  await page.getByRole("link", { name: "Set rates" }).click();
  await arrived(page, "Rates into EUR");
  const set = async (rate: string, date: string): Promise<void> => {
    await page.getByLabel("One unit of").fill("USD");
    await page.getByLabel("is worth in EUR").fill(rate);
    await page.getByLabel("For the figures of").fill(`${YEAR - 1}-02`);
    await page.getByLabel("Stated for the day").fill(date);
    await page.getByLabel("Source").fill("ECB reference rate");
    await page.getByRole("button", { name: "Set the rate" }).click();
  };
  await set("0", `${YEAR - 1}-02-28`);
  await expect(page.getByRole("alert")).toContainText("a rate is a number above zero");
  await set("0.9", `${YEAR - 1}-02-28`);
  await expect(page.getByText("1 rate taken: 1 new.")).toBeVisible();
  await set("0.92", `${YEAR - 1}-02-28`);
  await expect(page.getByText("1 rate taken: 1 changed.")).toBeVisible();

  await page.goto(`${home(page, house)}/cashflow?year=${YEAR - 1}&in=EUR`);
  expect((await cells(page, "Local taxes"))[1]).toBe("−242.50");
  await expect(page.getByRole("table", { name: "Rates that these figures" }).getByText("1, frozen")).toBeVisible();
  await eyes.look("converted");
  await page.getByRole("link", { name: "All rates into EUR" }).click();
  await page.getByLabel("CSV file").setInputFiles({
    name: "rates.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(`month;currency;rate;date;source\n${YEAR - 1}-02;USD;0,93;${YEAR - 1}-02-27;Own bank\n${YEAR - 1}-03;XYZ;1;${YEAR - 1}-03-31;x\n`),
  });
  await page.getByRole("button", { name: "Take the rates" }).click();
  await expect(page.getByText("Line 3, currency: This currency is not known here.")).toBeVisible();
  await eyes.look("rates");
  await page.getByLabel("CSV file").setInputFiles({
    name: "rates.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(`month;currency;rate;date;source\n${YEAR - 1}-02;USD;0,93;${YEAR - 1}-02-27;Own bank\n`),
  });
  await page.getByRole("button", { name: "Take the rates" }).click();
  await expect(page.getByText("1 beside one that figures were shown with, which stays")).toBeVisible();
  await page.goto(`${home(page, house)}/cashflow?year=${YEAR - 1}&in=EUR`);
  expect((await cells(page, "Local taxes"))[1]).toBe("−243.50");
  await expect(page.getByText("1, held before version 2")).toBeVisible();
  // The file has the converted figures, and below them each rate behind them: the one that holds, and the one that was shown before.
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download CSV" }).click()]);
  const lines = readFileSync(await download.path(), "utf8").trimEnd().split(/\r?\n/);
  expect(lines.filter((line) => line.startsWith("EUR,Local taxes,,"))[0]).toMatch(/^EUR,Local taxes,,0\.00,-243\.50,(0\.00,){10}-243\.50$/);
  expect(lines.filter((line) => line.startsWith("USD,"))).toEqual([]);
  expect(lines.slice(lines.indexOf(""))).toEqual([
    "",
    "Month,One unit of,Is worth,In,Stated for,Source,Version",
    `${YEAR - 1}-02,USD,0.93,EUR,${YEAR - 1}-02-27,Own bank,2`,
    `${YEAR - 1}-02,USD,0.92,EUR,${YEAR - 1}-02-28,ECB reference rate,1`,
  ]);
  expect(eyes.complaints).toEqual([]);
});

test("a plan is looked at first, stands beside what came, and can be brought back", async ({ signedIn: page, house, eyes }) => {
  const { mill } = await world(page, house);
  await page.goto(`${home(page, house)}/assets/${mill}/cashflow`);
  await page.getByRole("link", { name: "Plan", exact: true }).click();
  await expect(page.getByRole("heading", { name: "No plan for this year" })).toBeVisible();
  const bring = async (name: string, text: string): Promise<void> => {
    await page.getByLabel("CSV file").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
    await page.getByRole("button", { name: "Read the file" }).click();
  };
  await bring("wrong.csv", `month,category,amount\n${YEAR - 1}-02,Local taxes,-100\n${YEAR - 1}-14,Rent,x\n`);
  await expect(page.getByText("Line 3, month: this is no month, such as 2026-11")).toBeVisible();
  await expect(page.getByText("Line 3, category: there is no such category")).toBeVisible();
  await eyes.look("wrong-lines");
  await bring("budget.csv", `month,category,amount\n${YEAR - 1}-01,,900\n${YEAR - 1}-02,Local taxes ▸ On property,-100\n`);
  await expect(page.getByRole("heading", { name: "budget.csv: look at it first" })).toBeVisible();
  await eyes.look("look-first");
  await page.getByRole("button", { name: "Make it the plan" }).click();
  await page.goto(`${home(page, house)}/assets/${mill}/cashflow/plan?month=${YEAR - 1}-02`);
  // February, and January with it: actual, plan and difference, and the plan of the year.
  expect(await cells(page, "On property")).toEqual(["−120.50", "−100.00", "−20.50", "−120.50", "−100.00", "−20.50", "−100.00"]);
  expect((await cells(page, "Unmapped")).slice(3)).toEqual(["990.01", "900.00", "+90.01", "900.00"]);
  await eyes.look("beside");

  await bring("second.csv", `month;category;amount\n${YEAR - 1}-02;Local taxes;-1,5\n`);
  await page.getByRole("button", { name: "Replace the plan with it" }).click();
  await expect(page.getByRole("button", { name: "Remove second.csv" })).toBeVisible();
  await page.getByRole("button", { name: "Bring back budget.csv" }).click();
  await expect(page.getByRole("button", { name: "Remove budget.csv" })).toBeVisible();
  // Whoever still sees the other plan ends nothing.
  const other = await page.context().newPage();
  await other.goto(page.url());
  await page.getByRole("button", { name: "Bring back second.csv" }).click();
  await expect(page.getByRole("button", { name: "Remove second.csv" })).toBeVisible();
  await other.getByRole("button", { name: "Remove budget.csv" }).click();
  await expect(other.getByText("This plan does not hold any more: look again.")).toBeVisible();
  await other.close();
  await page.getByRole("button", { name: "Bring back budget.csv" }).click();
  await page.getByRole("button", { name: "Remove budget.csv" }).click();
  await expect(page.getByRole("heading", { name: "No plan for this year" })).toBeVisible();
  expect(eyes.complaints).toEqual([]);
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("figures lead to their rows", async ({ signedIn: page, house }) => {
    await world(page, house);
    await page.goto(`${home(page, house)}/cashflow?year=${YEAR - 1}`);
    await main(page).getByRole("link", { name: "−150.50" }).first().click();
    await expect(page.getByText("2 found · −150.50 EUR")).toBeVisible();
  });
});
