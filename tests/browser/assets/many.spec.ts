// 2 000 assets and 500 accounts: no page writes the tree out in full, and each is there at once. What is asserted of time is generous,
// since machines of all kinds run this; the figures are printed. With BANKSIDE_FOREST_ROWS=1000000 a bank feeds each of the accounts, they
// have so many rows together, and every page has to be there within 200 ms; that is measured on a machine that does nothing else, with a
// program that was built for release (BANKSIDE_BIN), on SQLite and on PostgreSQL (BANKSIDE_WALKS_ON=postgres beside tests/postgres).
import { gzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { Api } from "../../support/api.ts";
import { expect, organizationOf, setUpCompany, test } from "../../support/house.ts";
import { between } from "../../support/sql.ts";
import { ACCOUNTS, ASSETS, forest, ROWS, RUN } from "../../support/forest.ts";

/** Bytes of a page as they travel, compressed; scripts and styles, which a browser keeps, are weighed elsewhere. */
const MOST_BYTES = 50_000;
const TIMES = ROWS > 0 ? 9 : 3;
/** In milliseconds. */
const LONGEST = ROWS > 0 ? 200 : 1_000;

const id = (number: number): string => `00000000-0000-0000-0000-${number.toString(16).padStart(12, "0")}`;

/** What everybody sees, and what takes a right. */
const READ = ["overview", "transactions", `accounts/${id(2)}`, `accounts/${id(2)}/balance`, "sidebar",
  "cashflow", "cashflow/unmapped", "cashflow/mapped", "cashflow/plan", "cashflow/rates", `assets/${id(2)}/cashflow`, "categories",
  "suspicions", "inbox", "inbox/hidden", "assets", "assets?find=site", `assets/${id(2)}`, "palette?q=site", "settings"];
const MANAGED = ["people", "banks", "runs", `accounts/${id(250)}`, `accounts/${id(250)}/asset`, `accounts/${id(250)}/lock`, "add-account",
  "rules", "rules/new", "rules/apply", "rules/history", "rules/text", `assets/${id(2)}/move`, `assets/${id(2)}/close`, `assets/${id(2)}/files`,
  `assets?turn=${id(1)}`];
/** What there is only where a bank feeds the accounts. */
const FED = [`accounts/${id(250)}/feed`, `accounts/${id(250)}/move`, `runs/${RUN}`, `runs/${RUN}/rows`];

/** Each page some times: how long the median took, and how large it is. */
async function measure(page: Page, home: string, pages: string[], whose: string): Promise<void> {
  for (const at of pages) {
    const times: number[] = [];
    let bytes = 0;
    for (let time = 0; time < TIMES; time++) {
      const began = performance.now();
      const answer = await page.request.get(`${home}/${at}`);
      const body = await answer.body();
      times.push(performance.now() - began);
      expect(answer.status(), at).toBe(200);
      bytes = gzipSync(body).length;
    }
    times.sort((one, other) => one - other);
    const median = Math.round(times[Math.floor(TIMES / 2)] ?? 0);
    process.stdout.write(`${ASSETS} assets, ${ACCOUNTS} accounts, ${ROWS} rows, ${whose}, ${at}: ${median} ms, ${Math.round(bytes / 1000)} kB\n`);
    expect.soft(bytes, `${at}: bytes`).toBeLessThan(MOST_BYTES);
    expect.soft(median, `${whose}, ${at}: ms`).toBeLessThan(LONGEST);
  }
}

test("many assets", async ({ page, house, eyes, browser }) => {
  test.setTimeout(300_000 + ROWS);
  await setUpCompany(page, house.address);
  const home = `${house.address}/o/${organizationOf(page)}`;
  // Somebody who will see one country of the ten.
  const api = new Api(page.request, house, organizationOf(page));
  const context = await browser.newContext();
  const theirs = await context.newPage();
  await page.goto(`${home}/people`);
  await page.getByLabel("Email addresses").fill("ada@example.org");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await theirs.goto((await page.locator(".raw").textContent()) ?? "");
  await theirs.getByLabel("Your name").fill("Ada");
  await theirs.getByLabel("Password").fill("another boat");
  await theirs.getByRole("button", { name: "Join" }).click();
  await expect(theirs.getByRole("heading", { name: "Overview" })).toBeVisible();
  await page.goto("about:blank");
  await theirs.goto("about:blank");
  await between(house, forest);
  const rules = Array.from({ length: 50 }, (_, at) => `rule "Rule ${at}"\nif payee is "Payee A${String.fromCharCode(97 + at % 20)}"\nthen add tag "tag ${at % 9}"\n`);
  expect((await api.send("PUT", "rules/text", { text: rules.join("\n") })).ok()).toBe(true);
  await measure(page, home, [...READ, ...MANAGED, ...(ROWS > 0 ? FED : [])], "owner");
  await measure(theirs, home, READ, "member of one country");
  await context.close();
  if (ROWS > 10_000) {
    // What looks at every row takes its time, and says so at once.
    const began = performance.now();
    await page.goto(`${home}/rules/apply`);
    await expect(page.getByRole("status")).toContainText(/Every rule looks at .* rows/);
    await eyes.keep("rules-looking");
    await expect(page.getByRole("form", { name: "What they would do" })).toContainText(/together they would change/, { timeout: 300_000 });
    process.stdout.write(`50 rules looked at ${ROWS} rows: ${Math.round((performance.now() - began) / 100) / 10} s\n`);
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
