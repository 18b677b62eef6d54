// The register as somebody uses it all day: by keyboard and by mouse, on rows that were typed and rows that a bank sent.
import type { Locator, Page } from "@playwright/test";
import { type Books, booksOf, cell, focusCell, live, row, said } from "../../support/books.ts";
import { connectDemoBank, expect, test } from "../../support/house.ts";

const rows: Books["rows"] = [
  { date: "2026-03-20", payee: "Baker", note: "Rolls", amount: "-3.40" },
  { date: "2026-03-19", payee: "Landlord", amount: "-800.00" },
  { date: "2026-03-18", payee: "Harbour office", amount: "2500.00" },
  { date: "2026-03-17", payee: "Grocer", amount: "-52.73", tags: ["week"] },
  { date: "2026-03-16", payee: "Cinema", amount: "-24.00" },
  { date: "2026-02-10", payee: "Insurer", amount: "-120.00" },
];

const editor = (page: Page): Locator => page.locator(".edit input");

test("cells are edited by keyboard, and what was done is undone and done again", async ({ signedIn: page, house, eyes }) => {
  const books = await booksOf(page, house, rows);
  await focusCell(page, 0, "payee");
  await page.keyboard.press("Enter");
  await expect(editor(page)).toHaveValue("Baker");
  await editor(page).fill("Bakery on the quay");
  await eyes.look("editor");
  await page.keyboard.press("Enter");
  // Enter saves and goes on below.
  await expect(editor(page)).toHaveValue("Landlord");
  await page.keyboard.press("Escape");
  await expect(editor(page)).toHaveCount(0);
  await expect(cell(page, 1, "payee")).toBeFocused();
  await expect(cell(page, 0, "payee")).toHaveText("Bakery on the quay");
  await expect.poll(async () => (await books.at(0)).payee).toBe("Bakery on the quay");

  await page.keyboard.press("Control+z");
  await expect(said(page, "Undone")).toBeVisible();
  await expect(cell(page, 0, "payee")).toHaveText("Baker");
  await page.keyboard.press("Control+Shift+z");
  await expect(said(page, "Done again")).toBeVisible();
  await expect(cell(page, 0, "payee")).toHaveText("Bakery on the quay");
  await page.keyboard.press("Control+y");
  await expect(said(page, "Nothing left to redo")).toBeVisible();

  // A category that does not exist yet, by its letter; Tab goes on to the next cell.
  await page.keyboard.press("k");
  await page.keyboard.press("c");
  await editor(page).fill("Treats");
  await page.keyboard.press("Tab");
  await expect(editor(page)).toHaveAttribute("aria-label", /Amount/);
  await page.keyboard.press("Shift+Tab");
  await expect(editor(page)).toHaveAttribute("aria-label", /Category/);
  await page.keyboard.press("Escape");
  await expect(cell(page, 0, "category")).toHaveText("Treats");
  await expect.poll(async () => (await books.at(0)).category).toBe("Treats");

  await page.keyboard.press("m");
  await editor(page).fill("much");
  await page.keyboard.press("Control+Enter");
  await expect(page.getByRole("alert").filter({ hasText: "That is no amount" })).toBeVisible();
  await editor(page).fill("-4.1");
  await page.keyboard.press("Control+Enter");
  await expect(cell(page, 0, "amount")).toHaveText("−4.10");
  await expect.poll(async () => (await books.at(0)).amount).toBe("-4.10");
  await page.keyboard.press("e");
  await page.keyboard.press("PageDown");
  await page.keyboard.press("Control+Enter");
  await expect.poll(async () => (await books.at(0)).date).toBe("2026-04-20");
  await page.keyboard.press("n");
  await editor(page).fill("");
  await page.keyboard.press("Control+Enter");
  await expect.poll(async () => (await books.at(0)).note).toBe(null);
  await page.keyboard.press("l");
  await expect(cell(page, 0, "state")).toHaveText("Cleared");
  await page.keyboard.press("l");
  await expect(cell(page, 0, "state")).toHaveText("Typed");
  await expect(page.locator(".unsaved")).toBeHidden();
});

test("new rows are typed one after the other", async ({ signedIn: page, house, eyes }) => {
  const books = await booksOf(page, house, rows.slice(0, 1), "120.50");
  await expect(page.locator(".figure")).toHaveText("117.10");
  await page.getByRole("link", { name: "Add transaction" }).click();
  const field = (name: string): Locator => page.getByLabel(`${name} of the new transaction`);
  await expect(field("Date")).toBeFocused();
  await eyes.look("new-row");
  await field("Payee").fill("<b>Baker</b> & Sons");
  await page.keyboard.press("Enter");
  await expect(page.getByText("The amount is missing.")).toBeVisible();
  await field("Amount").fill("-12.345");
  await page.keyboard.press("Enter");
  await expect(page.getByText(/That is no amount/)).toBeVisible();
  await field("Amount").fill("-12.34");
  await field("Date").fill("2026-03-21");
  await page.keyboard.press("Enter");
  await expect(cell(page, 0, "payee")).toHaveText("<b>Baker</b> & Sons");
  await expect(page.locator(".figure")).toHaveText("104.76");
  // The day stays for the next one.
  await expect(field("Amount")).toHaveValue("");
  await field("Payee").fill("Ferry");
  await field("Amount").fill("-9");
  await page.keyboard.press("Control+Enter");
  await expect(field("Date")).toBeHidden();
  expect((await books.list()).map(({ payee, date }) => [payee, date])).toContainEqual(["Ferry", "2026-03-21"]);
  await said(page, "Added Ferry").getByRole("button", { name: "Undo" }).click();
  await expect(row(page, 1)).toContainText("Baker");
  await expect.poll(async () => (await books.list()).length).toBe(2);

  // What was typed and not added is there after a reload.
  await focusCell(page, 0, "payee");
  await page.keyboard.press("t");
  await field("Payee").fill("Half a row");
  await page.reload();
  await expect(field("Payee")).toHaveValue("Half a row");
  await field("Payee").press("Escape");
  await expect(field("Payee")).toBeHidden();
});

test("many rows at once: selected, changed, copied, deleted, and back", async ({ signedIn: page, house, eyes }) => {
  const books = await booksOf(page, house, rows);
  await focusCell(page, 0, "payee");
  await page.keyboard.press("Space");
  await page.keyboard.press("j");
  await page.keyboard.press("Shift+Space");
  await page.keyboard.press("Shift+ArrowDown");
  const bar = page.getByRole("toolbar", { name: "With the selected rows" });
  await expect(bar).toContainText("3 selected");
  await expect(bar).toContainText("1,696.60 EUR");
  await eyes.look("bulk");
  await page.keyboard.press("n");
  await bar.getByRole("textbox").fill("Spring");
  await page.keyboard.press("Enter");
  await expect(said(page, "Note “Spring”: 3 transactions.")).toBeVisible();
  for (const at of [0, 1, 2]) await expect(cell(page, at, "note")).toHaveText("Spring");
  await said(page, "Note “Spring”").getByRole("button", { name: "Undo" }).click();
  await expect(cell(page, 0, "note")).toHaveText("Rolls");
  await expect(cell(page, 1, "note")).toHaveText("");

  await bar.getByRole("button", { name: "Category" }).click();
  await bar.getByRole("combobox").fill("Spring things");
  await page.keyboard.press("Enter");
  await expect(cell(page, 2, "category")).toHaveText("Spring things");
  await bar.getByRole("button", { name: "Add tags" }).click();
  await bar.getByRole("combobox").fill("#season, 2026");
  await page.keyboard.press("Enter");
  await expect(said(page, "Tags “#season #2026”: 3 transactions.")).toBeVisible();
  for (const at of [0, 1, 2]) expect((await books.at(at)).tags.sort()).toEqual(expect.arrayContaining(["2026", "season"]));
  await bar.getByRole("button", { name: "Duplicate" }).click();
  await expect(said(page, "3 transactions duplicated.")).toBeVisible();
  await expect.poll(async () => (await books.list()).length).toBe(9);
  await bar.getByRole("button", { name: "Clear selection" }).click();

  // All that a filter finds, also by marks.
  await page.keyboard.press("/");
  await page.keyboard.type("baker");
  await expect(page.locator(".found")).toContainText("2 transactions · −6.80 EUR");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  const sure = page.getByRole("dialog", { name: "Delete 2 transactions?" });
  await sure.getByRole("button", { name: "Delete 2" }).click();
  await expect(page.getByRole("heading", { name: "Nothing fits “baker”" })).toBeVisible();
  await eyes.look("nothing-found");
  await page.keyboard.press("Control+z");
  await expect(page.locator(".found")).toContainText("2 transactions");
  expect((await books.list()).length).toBe(9);
});

test("a row is split, and its lines unfold", async ({ signedIn: page, house, eyes }) => {
  const books = await booksOf(page, house, rows);
  await focusCell(page, 3, "payee");
  await page.keyboard.press("i");
  const panel = page.getByRole("dialog", { name: "Grocer" });
  await panel.getByRole("button", { name: "Split" }).click();
  await panel.getByLabel("Amount of line 1").fill("-40");
  await expect(panel.getByText("Left to assign: −12.73")).toBeVisible();
  await expect(panel.getByRole("button", { name: "Save split" })).toBeDisabled();
  await panel.getByLabel("Amount of line 2").fill("-12.73");
  await panel.getByLabel("Note of line 2").fill("Soap");
  await eyes.look("split");
  await panel.getByRole("button", { name: "Save split" }).click();
  await expect(panel.getByText("Split in 2")).toBeVisible();
  await panel.getByRole("button", { name: "Close" }).click();
  await cell(page, 3, "category").getByRole("button", { name: "Split in 2" }).click();
  await expect(row(page, 5)).toContainText("Soap");
  await expect(row(page, 6)).toContainText("Cinema");
  expect((await books.at(3)).lines).toBe(2);
  await page.keyboard.press("Control+z");
  await expect(cell(page, 3, "category")).toHaveText("No category");
  await expect(row(page, 4)).toContainText("Cinema");

  // Somebody else splits it meanwhile: whoever is second is asked, and no line is lost unasked.
  await page.route("**/events", (route) => route.abort());
  await page.reload();
  await live(page);
  await focusCell(page, 3, "payee");
  await page.keyboard.press("i");
  await panel.getByRole("button", { name: "Split" }).click();
  await panel.getByLabel("Amount of line 1").fill("-50");
  await panel.getByLabel("Amount of line 2").fill("-2.73");
  await books.change(3, { lines: [{ amount: "-30.00" }, { amount: "-20.00" }, { amount: "-2.73" }] });
  await panel.getByRole("button", { name: "Save split" }).click();
  const conflict = page.getByRole("alert").filter({ hasText: "meanwhile" });
  await expect(conflict).toContainText("Theirs: “split in 3”. Yours: “split in 2”.");
  expect((await books.at(3)).lines).toBe(3);
  await conflict.getByRole("button", { name: "Keep mine" }).click();
  await expect.poll(async () => (await books.at(3)).lines).toBe(2);
  eyes.complaints.length = 0;
});

test("filters narrow, add up, stand in the address, and are taken off", async ({ signedIn: page, house, eyes }) => {
  await booksOf(page, house, rows);
  const found = page.locator(".found");
  await focusCell(page, 0, "payee");
  await page.keyboard.press("f");
  const form = page.getByRole("group", { name: "Filter" });
  await form.getByLabel("From").fill("2026-03-01");
  await page.keyboard.press("Tab");
  await expect(found).toContainText("5 transactions");
  await form.getByLabel("At least").fill("50");
  await page.keyboard.press("Tab");
  await expect(found).toContainText("3 transactions · 1,647.27 EUR");
  await form.getByLabel("In or out").selectOption("Money out");
  await expect(found).toContainText("2 transactions · −852.73 EUR");
  await eyes.look("filter");
  await form.getByLabel("Tag").fill("week");
  await page.keyboard.press("Enter");
  await expect(found).toContainText("1 transaction ·");
  await page.reload();
  await live(page);
  await expect(found).toContainText("1 transaction ·");
  await page.getByRole("list", { name: "Filters" }).getByRole("button", { name: /#week.*remove/ }).click();
  await expect(found).toContainText("2 transactions");
  await page.getByRole("button", { name: "Clear all" }).click();
  await expect(found).toHaveText("6 transactions");
  const search = page.getByRole("searchbox", { name: "Search transactions" });
  for (const [text, count] of [["52.73", "1"], ["HARBOUR", "1"], ["week", "1"], ["100%_'; drop table", "0"]] as const) {
    await search.fill(text);
    await expect(found, text).toContainText(`${count} transaction`);
  }
  await page.getByRole("button", { name: "Clear all filters" }).click();
  await page.getByRole("button", { name: "Payee" }).click();
  await expect(cell(page, 0, "payee")).toHaveText("Baker");
  await expect(cell(page, 5, "payee")).toHaveText("Landlord");
  await page.getByRole("button", { name: "Payee" }).click();
  await expect(cell(page, 0, "payee")).toHaveText("Landlord");
});

test("an account is reconciled, and locked rows ask before they change", async ({ signedIn: page, house, eyes }) => {
  const books = await booksOf(page, house, rows.slice(0, 3), "100.00");
  await page.getByRole("button", { name: "Reconcile" }).click();
  const strip = page.getByRole("region", { name: "Reconcile" });
  await strip.getByLabel("Statement of").fill("2026-03-31");
  await strip.getByLabel("Its balance").fill("1796.60");
  await page.keyboard.press("Enter");
  await expect(strip).toContainText("Difference");
  const lock = strip.getByRole("button", { name: /^Lock/ });
  await expect(lock).toBeDisabled();
  await cell(page, 0, "state").click();
  await expect(cell(page, 0, "state")).toHaveText("Cleared");
  await page.keyboard.press("j");
  await page.keyboard.press("l");
  await page.keyboard.press("j");
  await page.keyboard.press("l");
  await expect(lock).toBeEnabled();
  await eyes.look("reconcile");
  await lock.click();
  await expect(said(page, "3 rows locked")).toBeVisible();
  await expect(cell(page, 0, "state")).toHaveText("Reconciled");

  // A statement says nothing of notes, but it does of amounts.
  await focusCell(page, 0, "note");
  await page.keyboard.press("Enter");
  await editor(page).fill("Two rolls");
  await page.keyboard.press("Control+Enter");
  await expect.poll(async () => (await books.at(0)).note).toBe("Two rolls");
  await page.keyboard.press("m");
  await editor(page).fill("-3.50");
  await page.keyboard.press("Control+Enter");
  const notice = page.getByRole("alert").filter({ hasText: "Baker is reconciled." });
  await eyes.look("locked");
  await notice.getByRole("button", { name: "Change it" }).click();
  await expect.poll(async () => (await books.at(0)).amount).toBe("-3.50");
  await expect(notice).toBeHidden();
  await expect(cell(page, 0, "state")).toHaveText("Cleared");
  await focusCell(page, 1, "payee");
  await page.keyboard.press("d");
  const sure = page.getByRole("dialog", { name: "Delete this transaction?" });
  await expect(sure).toContainText("reconciled");
  await sure.getByRole("button", { name: "Delete" }).click();
  await expect(cell(page, 1, "payee")).toHaveText("Harbour office");
});

test("what cannot be saved is kept, and nobody overwrites anybody", async ({ signedIn: page, house, eyes }) => {
  const books = await booksOf(page, house, rows);
  await page.route("**/transactions/*", (route) => (route.request().method() === "PATCH" ? route.abort() : route.fallback()));
  await focusCell(page, 0, "note");
  await page.keyboard.press("Enter");
  await editor(page).fill("Typed without a network");
  await page.keyboard.press("Control+Enter");
  const notice = page.getByRole("alert").filter({ hasText: "Not saved" });
  await expect(notice).toContainText("“Typed without a network”");
  await expect(cell(page, 0, "note")).toContainText("Typed without a network");
  eyes.complaints.length = 0;
  await eyes.look("not-saved");
  await page.reload();
  await live(page);
  await expect(notice).toContainText("The page was left before this was saved.");
  await page.unroute("**/transactions/*");
  await notice.getByRole("button", { name: "Try again" }).click();
  await expect(notice).toBeHidden();
  await expect.poll(async () => (await books.at(0)).note).toBe("Typed without a network");

  // Two pages: each sees what the other does, as it happens.
  const other = await page.context().newPage();
  eyes.watch(other);
  await other.goto(page.url());
  await live(other);
  await focusCell(other, 1, "payee");
  await other.keyboard.press("Enter");
  await editor(other).fill("Landlady");
  await other.keyboard.press("Control+Enter");
  await page.bringToFront();
  await expect(cell(page, 1, "payee")).toHaveText("Landlady");

  // A server that stops does not wait for those who look on, and they look on at the next one.
  const stopped = Date.now();
  await house.restart();
  expect(Date.now() - stopped).toBeLessThan(6_000);
  eyes.complaints.length = 0;
  await books.change(1, { payee: "Landlord" });
  await expect(cell(page, 1, "payee")).toHaveText("Landlord", { timeout: 20_000 });

  // What moves after the page was read, and before it hears the first word of what moves, is news too.
  let go = (): void => {};
  const held = new Promise<void>((resume) => (go = resume));
  await page.route("**/events", async (route) => {
    await held;
    await route.continue();
  });
  await page.reload();
  await live(page);
  await books.change(1, { payee: "Harbour master" });
  go();
  await expect(cell(page, 1, "payee")).toHaveText("Harbour master");
  await page.unroute("**/events");

  // Both write into the same field: whoever is second is asked.
  await page.route("**/events", (route) => route.abort());
  await page.reload();
  await live(page);
  await books.change(1, { payee: "Harbour homes" });
  await focusCell(page, 1, "payee");
  await page.keyboard.press("Enter");
  await editor(page).fill("Lighthouse homes");
  await page.keyboard.press("Control+Enter");
  const conflict = page.getByRole("alert").filter({ hasText: "meanwhile" });
  await expect(conflict).toContainText("Theirs: “Harbour homes”. Yours: “Lighthouse homes”.");
  await conflict.getByRole("button", { name: "Keep mine" }).click();
  await expect.poll(async () => (await books.at(1)).payee).toBe("Lighthouse homes");
  await expect(conflict).toBeHidden();
  eyes.complaints.length = 0;
});

test("rows of a bank: their marks, what the bank sent, and where each field comes from", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: /Girokonto/ }).click();
  await live(page);
  await expect(page.locator(".found")).toHaveText(/^\d+ transactions$/);
  await eyes.look("bank-rows");
  const booked = page.locator(".rows .row").filter({ hasText: "Cleared" }).first();
  const at = Number(await booked.getAttribute("data-position"));
  const before = await cell(page, at, "payee").locator(".name").textContent();
  await focusCell(page, at, "payee");
  await page.keyboard.press("Enter");
  await editor(page).fill("As I call them");
  await page.keyboard.press("Control+Enter");
  await expect(cell(page, at, "payee")).toContainText("edited");
  await page.keyboard.press("m");
  await expect(said(page, "The bank's amount stands.")).toBeVisible();

  await page.keyboard.press("i");
  const panel = page.getByRole("dialog", { name: "As I call them" });
  await expect(panel.locator('[data-field="payee"]')).toContainText(`You or a colleague wrote this. The bank says: “${before}”`);
  await expect(panel.locator('[data-field="date"]')).toContainText("From the bank.");
  await expect(panel.getByRole("heading", { name: "What the bank sent" })).toBeVisible();
  await expect(panel.locator(".bank-row").first()).toContainText(/through gocardless/i);
  await panel.getByText("As received").first().click();
  await expect(panel.locator("pre").first()).toContainText("transactionAmount");
  await expect(panel.locator(".history li").first()).toContainText("You");
  await expect(panel.locator(".history li li").first()).toHaveText(`payee: “${before}” → “As I call them”`);
  await eyes.look("panel");
  await panel.getByRole("button", { name: "Use the bank’s" }).click();
  await expect(page.getByRole("dialog").getByRole("heading", { level: 2 })).toHaveText(before ?? "");
  await expect(cell(page, at, "payee")).not.toContainText("edited");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);

  // Only the pending ones; marks as filters.
  await page.keyboard.press("f");
  await page.getByRole("group", { name: "Filter" }).getByLabel("State").selectOption("Pending");
  await expect(cell(page, 0, "state")).toHaveText("Pending");
  await expect(page.getByText("Opening balance")).toBeHidden();
  await page.getByRole("button", { name: /^Pending.*remove$/ }).click();
  await expect(page.getByText(/Opening balance The bank's balance less the rows since/)).toBeVisible();
});

test("the help lists the register's keys, and a viewer only reads", async ({ signedIn: page, house, eyes }) => {
  const books = await booksOf(page, house, rows);
  await focusCell(page, 0, "payee");
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  for (const says of ["New transaction", "Edit the cell", "Undo what I did last", "Select all", "Cleared or not"]) {
    await expect(help.getByText(says, { exact: true })).toBeVisible();
  }
  await page.keyboard.press("Escape");

  const { address } = books;
  await page.goto("about:blank");
  await books.demote();
  await page.goto(address);
  await live(page);
  await focusCell(page, 0, "payee");
  for (const key of ["p", "t", "l", "d", "Delete", "m"]) await page.keyboard.press(key);
  await expect(editor(page)).toHaveCount(0);
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.keyboard.press("Space");
  await expect(page.getByRole("toolbar", { name: "With the selected rows" })).toBeHidden();
  await page.keyboard.press("i");
  const panel = page.getByRole("dialog", { name: "Baker" });
  await expect(panel).toContainText("Rolls");
  await expect(panel.getByRole("button")).toHaveCount(1);
  await eyes.look("viewer");
});
