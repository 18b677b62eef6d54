// 2 000 assets and 500 accounts: no page writes the tree out in full, and each is there at once. What is asserted of time is generous,
// since machines of all kinds run this; the figures are printed. With BANKSIDE_FOREST_ROWS=1000000 a bank feeds each of the accounts, they
// have so many rows together, and every page has to be there within 200 ms; that is measured on a machine that does nothing else, with a
// program that was built for release (BANKSIDE_BIN), on SQLite and on PostgreSQL (BANKSIDE_WALKS_ON=postgres beside tests/postgres).
import { expect, organizationOf, setUp, test } from "../../support/house.ts";
import { between } from "../../support/sql.ts";
import { ACCOUNTS, ASSETS, forest, ROWS } from "../../support/forest.ts";

/** Bytes before they are compressed. */
const MOST_BYTES = 150_000;
const TIMES = ROWS > 0 ? 9 : 3;
/** In milliseconds. */
const LONGEST = ROWS > 0 ? 200 : 1_000;

test("many assets", async ({ page, house, eyes }) => {
  test.setTimeout(240_000 + ROWS);
  await setUp(page, house.address);
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.goto("about:blank");
  await between(house, forest);
  const id = (number: number): string => `00000000-0000-0000-0000-${number.toString(16).padStart(12, "0")}`;
  const pages = ["overview", "transactions", `accounts/${id(250)}`, `accounts/${id(250)}/asset`, "banks", "settings", "sidebar",
    "cashflow", "cashflow/unmapped", "cashflow/mapped", "cashflow/plan", `assets/${id(2)}/cashflow`, "categories",
    "people", "suspicions", "runs", "assets", "assets?find=site", `assets/${id(2)}`, `assets/${id(2)}/move`, `assets/${id(2)}/close`, `assets?turn=${id(1)}`];
  for (const at of pages) {
    const times: number[] = [];
    let bytes = 0;
    for (let time = 0; time < TIMES; time++) {
      const began = performance.now();
      const answer = await page.request.get(`${home}/${at}`);
      const body = await answer.body();
      times.push(performance.now() - began);
      expect(answer.status(), at).toBe(200);
      bytes = body.length;
    }
    times.sort((one, other) => one - other);
    const median = Math.round(times[Math.floor(TIMES / 2)] ?? 0);
    process.stdout.write(`${ASSETS} assets, ${ACCOUNTS} accounts, ${ROWS} rows, ${at}: ${median} ms, ${Math.round(bytes / 1000)} kB\n`);
    // Each row to map has all categories to choose from, which compress to little.
    expect.soft(bytes, `${at}: bytes`).toBeLessThan(at.endsWith("mapped") ? 3 * MOST_BYTES : MOST_BYTES);
    expect.soft(median, `${at}: ms`).toBeLessThan(LONGEST);
  }
  await page.goto(`${home}/accounts/${id(250)}`);
  await eyes.keep("account-among-many");
  await page.goto(`${home}/banks`);
  await eyes.keep("syncs-of-many");
  await page.goto(`${home}/assets`);
  await page.getByRole("button", { name: "Below Country 3" }).click();
  await page.getByRole("button", { name: "Below Fund 3.1" }).click();
  await page.getByRole("button", { name: "Below Project 3.1.2" }).click();
  await expect(page.getByRole("main").getByRole("link", { name: /^Site/ }).first()).toBeVisible();
  await eyes.look("tree-of-many");
  // The picker finds as somebody types.
  await page.goto(`${home}/accounts/${id(250)}/asset`);
  await page.getByLabel("Search assets").pressSequentially("country 7 site 0047");
  await expect(page.getByText("1 asset found.")).toBeVisible();
  await eyes.keep("picker-of-many");
});
