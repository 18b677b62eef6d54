// An account of 100 000 rows: how soon it is there, how it scrolls, finds, and changes. What is asserted is generous, since machines
// of all kinds run this; the figures are printed.
import type { Page } from "@playwright/test";
import { booksOf, cell, focusCell, row, said } from "../../support/books.ts";
import { expect, test } from "../../support/house.ts";
import { between } from "../../support/sql.ts";

const ROWS = 100_000;

/** Thirteen rows a day, forty payees, every amount its own; the account's kept sums go with them. */
const many = `
import datetime
(organization, account) = db.execute("SELECT organization_id, id FROM accounts").fetchone()
payees = [os.urandom(16) for _ in range(40)]
db.executemany("INSERT INTO payees VALUES (?, ?, ?, ?, 0)",
    [(organization, id, f"Payee {n:02}", f"payee {n:02}") for n, id in enumerate(payees)])
first = datetime.date(2004, 1, 1)
days = [(first + datetime.timedelta(days=n // 13)).isoformat() for n in range(${ROWS})]
ids = [n.to_bytes(16, "big") for n in range(1, ${ROWS} + 1)]
db.executemany("""INSERT INTO transactions (organization_id, id, account_id, status, amount_minor, dated_on, payee_id, moves_opening,
    position, seen_at, created_at, reviewed_at) VALUES (?, ?, ?, 'booked', ?, ?, ?, 0, ?, 0, 0, 0)""",
    [(organization, ids[n], account, -(n + 1), days[n], payees[n % 40], n) for n in range(${ROWS})])
db.executemany("INSERT INTO transaction_lines (organization_id, id, transaction_id, position, amount_minor) VALUES (?, ?, ?, 0, ?)",
    [(organization, id, id, -(n + 1)) for n, id in enumerate(ids)])
db.execute("UPDATE accounts SET booked_minor = ?, transaction_count = ?, revision = revision + 1",
    (-sum(range(1, ${ROWS} + 1)), ${ROWS}))
`;

/** Milliseconds between frames while the page scrolls by so many pixels a frame, and in how many of them a row stood empty. */
async function scroll(page: Page, pixels: number): Promise<{ median: number; late: number; frames: number; empty: number }> {
  return page.evaluate(async (step) => {
    const deltas: number[] = [];
    let empty = 0;
    await new Promise<void>((done) => {
      let last = performance.now();
      const end = last + 2000;
      const frame = (): void => {
        const now = performance.now();
        deltas.push(now - last);
        last = now;
        if (document.querySelector(".rows .row.is-loading:not([hidden])")) empty += 1;
        scrollBy(0, step);
        if (now < end) requestAnimationFrame(frame);
        else done();
      };
      requestAnimationFrame(frame);
    });
    deltas.sort((one, other) => one - other);
    const at = (part: number): number => Math.round((deltas[Math.floor(deltas.length * part)] ?? 0) * 10) / 10;
    return { median: at(0.5), late: at(0.95), frames: deltas.length, empty };
  }, pixels);
}

interface Opening {
  /** The page is here. */
  html: number;
  /** The first rows were asked for, and have come. */
  asked: number;
  answered: number;
  /** They are on screen. */
  first: number;
}

async function open(page: Page, address: string): Promise<Opening> {
  await page.goto(address);
  await page.locator("html[data-first]").waitFor({ state: "attached" });
  return page.evaluate(() => {
    const html = (performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming).responseEnd;
    const rows = performance.getEntriesByType("resource").find(({ name }) => name.includes("/transactions?")) as PerformanceResourceTiming;
    const parts = { html, asked: rows.startTime, answered: rows.responseEnd, first: Number(document.documentElement.dataset.first) };
    return Object.fromEntries(Object.entries(parts).map(([part, at]) => [part, Math.round(at)])) as unknown as Opening;
  });
}

async function timed(act: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await act();
  return Math.round(performance.now() - began);
}

test("100 000 rows", async ({ signedIn: page, house }) => {
  test.setTimeout(240_000);
  const books = await booksOf(page, house, []);
  await page.goto("about:blank");
  await between(house, many);
  const say = (what: string, figure: unknown): void => {
    process.stdout.write(`100 000 rows, ${what}: ${JSON.stringify(figure)}\n`);
  };
  await page.addInitScript(() => {
    document.addEventListener("bankside:register", () => requestAnimationFrame(() => (document.documentElement.dataset.first = String(performance.now()))));
  });
  // More than once: the first time the server has nothing of it in memory, and other programs come between.
  const openings: Opening[] = [];
  for (let times = 0; times < 4; times++) openings.push(await open(page, books.address));
  say("opened, ms after the address was asked for", openings);
  expect.soft(Math.min(...openings.map(({ first }) => first))).toBeLessThan(2000);
  await expect(page.locator(".found")).toHaveText("100,000 transactions");
  await expect(row(page, 0)).toContainText("1,000.00");

  for (const pixels of [8, 100, 900, 20_000]) say(`scrolling ${pixels} px a frame`, await scroll(page, pixels));
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await expect(row(page, ROWS - 1)).toContainText("Payee 00");
  await expect(row(page, ROWS - 1)).toContainText("0.01");
  await page.evaluate(() => scrollTo(0, 0));

  const found = page.locator(".found");
  say("a search, ms", await timed(async () => {
    await page.getByRole("searchbox", { name: "Search transactions" }).fill("payee 07");
    await expect(found).toHaveText(/^2,500 transactions/);
  }));
  await page.getByRole("searchbox", { name: "Search transactions" }).fill("");
  await expect(found).toHaveText("100,000 transactions");
  await focusCell(page, 0, "payee");
  await page.keyboard.press("f");
  const form = page.getByRole("group", { name: "Filter" });
  say("a filter, ms", await timed(async () => {
    await form.getByLabel("At most").fill("5.00");
    await page.keyboard.press("Tab");
    await expect(found).toHaveText("500 transactions · −1,252.50 EUR");
  }));
  await page.keyboard.press("Escape");

  await focusCell(page, 0, "payee");
  await page.keyboard.press("Control+a");
  const bar = page.getByRole("toolbar", { name: "With the selected rows" });
  await expect(bar).toContainText("500 selected");
  await page.keyboard.press("n");
  say("500 rows changed, ms", await timed(async () => {
    await bar.getByRole("textbox").fill("Pennies");
    await page.keyboard.press("Enter");
    await expect(said(page, "Note “Pennies”: 500 transactions.")).toBeVisible({ timeout: 30_000 });
    await expect(cell(page, 0, "note")).toHaveText("Pennies");
  }));
  expect((await books.list("&max=5.00")).map(({ note }) => note)).toEqual(Array(500).fill("Pennies"));
  expect((await books.list("&min=5.01")).every(({ note }) => note === null)).toBe(true);
  await focusCell(page, 0, "payee");
  say("and taken back, ms", await timed(async () => {
    await page.keyboard.press("Control+z");
    await expect(cell(page, 0, "note")).toHaveText("", { timeout: 30_000 });
  }));
  expect((await books.list("&max=5.00")).every(({ note }) => note === null)).toBe(true);
});
