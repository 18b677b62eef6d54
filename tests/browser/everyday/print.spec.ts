// On paper a register is all that its filter finds, not what somebody has scrolled past.
import type { Page } from "@playwright/test";
import { booksOf, live } from "../../support/books.ts";
import { expect, test } from "../../support/house.ts";
import { many } from "../../support/many.ts";
import { between } from "../../support/sql.ts";

/** Prints, and keeps what stood on the paper: the browser tells the page before and after. */
async function printed(page: Page, act: () => Promise<unknown>): Promise<{ caption: string; first: string; last: string; rows: number; says: string; height: number }> {
  await page.evaluate(() => {
    addEventListener("beforeprint", () => {
      const rows = document.querySelectorAll<HTMLElement>(".on-paper tbody tr");
      const text = (element: Element | null | undefined): string => element?.textContent ?? "";
      document.documentElement.dataset.paper = JSON.stringify({
        caption: text(document.querySelector(".on-paper caption")),
        first: text(rows[0]),
        last: text(rows[rows.length - 1]),
        rows: rows.length,
        says: text(document.querySelector(".on-paper-says")),
      });
    }, { once: true });
  });
  await act();
  return JSON.parse((await page.locator("html").getAttribute("data-paper")) ?? "null") as Awaited<ReturnType<typeof printed>>;
}

/** What the browser tells a page that is to be printed, without laying out its pages, which takes long. */
const told = (page: Page): Promise<boolean> => page.evaluate(() => dispatchEvent(new Event("beforeprint")));

const pagesOf = (pdf: Buffer): number => pdf.toString("latin1").match(/\/Type\s*\/Page[^s]/g)?.length ?? 0;

test("all rows of the filter are printed in the order of the list, and what is left out is said", async ({ signedIn: page, house }) => {
  test.setTimeout(240_000);
  const books = await booksOf(page, house, []);
  await page.goto("about:blank");
  await between(house, many);
  await page.goto(books.address);
  await live(page);

  // 2,500 of them, of which no more than some hundred are here.
  await page.getByRole("searchbox", { name: "Search transactions" }).fill("payee 07");
  await expect(page.locator(".found")).toContainText("2,500 transactions");
  let pdf: Buffer = Buffer.alloc(0);
  const found = await printed(page, async () => (pdf = await page.pdf()));
  expect(found).toMatchObject({ caption: "2,500 transactions", rows: 2500, says: "" });
  expect(found.first).toContain("−999.68");
  expect(found.last).toContain("−0.08");
  expect(pagesOf(pdf), "so many rows fill many pages").toBeGreaterThan(30);
  // The screen is as it was.
  await expect(page.locator(".on-paper")).toHaveCount(0);

  await page.getByRole("button", { name: "Amount" }).click();
  await expect(page.locator(".rows .row[data-position='0']")).toContainText("−0.08");
  const smallest = await printed(page, () => told(page));
  expect(smallest).toMatchObject({ rows: 2500 });
  expect(smallest.first, "in the order of the list").toContain("−0.08");
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  await page.getByRole("button", { name: "Date" }).click();

  // More than are printed at once; from the menu, as on a phone.
  await page.getByRole("searchbox", { name: "Search transactions" }).fill("");
  await expect(page.locator(".found")).toHaveText("100,000 transactions");
  await page.evaluate(() => (window.print = () => dispatchEvent(new Event("beforeprint"))));
  const some = await printed(page, async () => {
    await page.locator(".toolbar > .menu > summary").last().click();
    await page.getByRole("button", { name: "Print The first 5,000 of these rows" }).click();
  });
  expect(some).toMatchObject({ caption: "5,000 of 100,000 transactions", rows: 5000 });
  expect(some.says).toBe("At most 5,000 rows are printed at once. 95,000 more are left out: filter by days to print them.");
  await page.emulateMedia({ media: "print" });
  await expect(page.locator(".on-paper-says")).toBeVisible();
  await expect(page.locator(".desk")).toBeHidden();
  await page.emulateMedia({ media: "screen" });
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));

  // A server that does not answer leaves what is here, and that is said.
  await page.route("**/transactions?*", (route) => route.abort());
  const few = await printed(page, () => told(page));
  expect(few.rows).toBeGreaterThan(0);
  expect(few.says).toBe("The server did not answer: these are the rows that were here.");
});
