// An account of 100 000 rows, or of as many as BANKSIDE_ROWS says: how soon it is there, how it scrolls, finds, and changes. What is
// asserted is generous, since machines of all kinds run this; the figures are printed.
import type { Page } from "@playwright/test";
import { booksOf, cell, focusCell, row, said } from "../../support/books.ts";
import { expect, test } from "../../support/house.ts";
import { between } from "../../support/sql.ts";
import { many, ROWS } from "../../support/many.ts";

const grouped = (count: number) => new Intl.NumberFormat("en-GB").format(count);
const amount = (minor: number) => new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2 }).format(minor / 100);

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
  /** It is painted, the first rows in it: the server's table. */
  painted: number;
  /** The rows of the grid were asked for, and have come. */
  asked: number;
  answered: number;
  /** The grid stands in the place of the table. */
  first: number;
}

async function open(page: Page, address: string): Promise<Opening> {
  await page.goto(address);
  await page.locator("html[data-first]").waitFor({ state: "attached" });
  return page.evaluate(() => {
    const html = (performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming).responseEnd;
    const rows = performance.getEntriesByType("resource").find(({ name }) => name.includes("/transactions?")) as PerformanceResourceTiming;
    const painted = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0;
    const parts = { html, painted, asked: rows.startTime, answered: rows.responseEnd, first: Number(document.documentElement.dataset.first) };
    return Object.fromEntries(Object.entries(parts).map(([part, at]) => [part, Math.round(at)])) as unknown as Opening;
  });
}

async function timed(act: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await act();
  return Math.round(performance.now() - began);
}

test("a long register", async ({ signedIn: page, house }) => {
  test.setTimeout(240_000 + ROWS / 2);
  const books = await booksOf(page, house, []);
  await page.goto("about:blank");
  await between(house, many);
  const say = (what: string, figure: unknown): void => {
    process.stdout.write(`${grouped(ROWS)} rows, ${what}: ${JSON.stringify(figure)}\n`);
  };
  await page.addInitScript(() => {
    document.addEventListener("bankside:register", () => requestAnimationFrame(() => (document.documentElement.dataset.first = String(performance.now()))));
  });
  // More than once: the first time the server has nothing of it in memory, and other programs come between.
  const openings: Opening[] = [];
  for (let times = 0; times < 4; times++) openings.push(await open(page, books.address));
  say("opened, ms after the address was asked for", openings);
  expect.soft(Math.min(...openings.map(({ first }) => first))).toBeLessThan(2000);
  await expect(page.locator(".found")).toHaveText(`${grouped(ROWS)} transactions`);
  await expect(row(page, 0)).toContainText(amount(ROWS));

  for (const pixels of [8, 100, 900, 20_000]) say(`scrolling ${pixels} px a frame`, await scroll(page, pixels));
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await expect(row(page, ROWS - 1)).toContainText("Payee 00");
  await expect(row(page, ROWS - 1)).toContainText("0.01");
  await page.evaluate(() => scrollTo(0, 0));

  const found = page.locator(".found");
  say("a search, ms", await timed(async () => {
    await page.getByRole("searchbox", { name: "Search transactions" }).fill("payee 07");
    await expect(found).toContainText(`${grouped(ROWS / 40)} transactions`);
  }));
  await page.getByRole("searchbox", { name: "Search transactions" }).fill("");
  await expect(found).toHaveText(`${grouped(ROWS)} transactions`);
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
