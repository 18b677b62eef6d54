// The register by mouse, its columns and marks, and the keys that other walks have no use for.
import type { Locator, Page } from "@playwright/test";
import { Api, type Account, type Transactions } from "../../support/api.ts";
import { type Books, booksOf, cell, focusCell, live, row, said } from "../../support/books.ts";
import { ACCOUNTS, forest } from "../../support/forest.ts";
import { arrived, connectDemoBank, expect, organizationOf, passDays, test } from "../../support/house.ts";
import { between } from "../../support/sql.ts";

const rows: Books["rows"] = [
  { date: "2026-03-20", payee: "Baker", note: "Rolls", amount: "-3.40" },
  { date: "2026-03-19", payee: "Landlord", amount: "-800.00" },
  { date: "2026-03-18", payee: "Harbour office", amount: "2500.00" },
];

const editor = (page: Page): Locator => page.locator(".edit input");
const head = (page: Page, name: string): Locator => page.getByRole("columnheader", { name });

test("cells are edited by mouse alone", async ({ signedIn: page, house }) => {
  const books = await booksOf(page, house, rows);
  await cell(page, 0, "note").click();
  await expect(editor(page)).toHaveValue("Rolls");
  await page.keyboard.type("Two rolls");
  // A click elsewhere saves, and opens what was clicked.
  await cell(page, 1, "payee").click();
  await expect(editor(page)).toHaveValue("Landlord");
  await expect.poll(async () => (await books.at(0)).note).toBe("Two rolls");
  await page.getByRole("option", { name: "Baker" }).click();
  await page.getByRole("heading", { level: 1 }).click();
  await expect(editor(page)).toHaveCount(0);
  await expect.poll(async () => (await books.at(1)).payee).toBe("Baker");
  // A state opens the row, and a box selects it: up to another with Shift.
  await cell(page, 2, "state").click();
  await expect(page.getByRole("dialog", { name: "Harbour office" })).toBeVisible();
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await row(page, 0).locator(".tick").click();
  await row(page, 2).locator(".tick").click({ modifiers: ["Shift"] });
  const bar = page.getByRole("toolbar", { name: "With the selected rows" });
  await expect(bar).toContainText("3 selected");
  await page.getByRole("checkbox", { name: "Select all" }).click();
  await expect(bar).toBeHidden();
});

test("columns are shown and hidden, and the choice stays", async ({ signedIn: page, house, eyes }) => {
  await booksOf(page, house, rows);
  await expect(head(page, "Note")).toBeVisible();
  await expect(head(page, "Tags")).toHaveCount(0);
  const more = page.locator(".toolbar > .menu").last();
  await more.locator("summary").click();
  await more.getByLabel("Note").uncheck();
  await more.getByLabel("Tags").check();
  await expect(head(page, "Note")).toHaveCount(0);
  await expect(head(page, "Tags")).toBeVisible();
  await more.getByLabel("Payment and deposit apart").click();
  await expect(cell(page, 0, "payment")).toHaveText("3.40");
  await expect(cell(page, 0, "deposit")).toHaveText("");
  await expect(cell(page, 2, "deposit")).toHaveText("2,500.00");
  await eyes.keep("columns");
  await page.reload();
  await live(page);
  await expect(head(page, "Deposit")).toBeVisible();
  await expect(head(page, "Note")).toHaveCount(0);
  // A figure without a sign is money out in the one column, and money in in the other.
  await cell(page, 1, "payment").click();
  await editor(page).fill("810");
  await page.keyboard.press("Control+Enter");
  await expect(cell(page, 1, "payment")).toHaveText("810.00");
});

test("the letters of a row, the keys of a day, and up instead of down", async ({ signedIn: page, house }) => {
  const books = await booksOf(page, house, rows);
  await books.send("POST", "accounts", { name: "Purse", kind: "cash", currency: "EUR", opening: "0.00" });
  await focusCell(page, 1, "note");
  await page.keyboard.press("p");
  await editor(page).fill("Landlady");
  await page.keyboard.press("Shift+Enter");
  await expect(editor(page)).toHaveValue("Baker");
  await page.keyboard.press("Escape");
  await expect.poll(async () => (await books.at(1)).payee).toBe("Landlady");

  await page.keyboard.press("e");
  const day = editor(page);
  await expect(day).toHaveValue(/20 Mar/);
  await page.keyboard.press("+");
  await expect(day).toHaveValue(/21 Mar/);
  await page.keyboard.press("-");
  await page.keyboard.press("-");
  await expect(day).toHaveValue(/19 Mar/);
  await page.keyboard.press("PageUp");
  await expect(day).toHaveValue(/19 Feb/);
  await page.keyboard.press("t");
  const today = await page.locator("bankside-register").getAttribute("data-today");
  await page.keyboard.press("Control+Enter");
  await expect.poll(async () => (await books.list()).some(({ payee, date }) => payee === "Baker" && date === today)).toBe(true);

  await focusCell(page, 0, "payee");
  await page.keyboard.press("u");
  await expect(said(page, "1 transaction duplicated.")).toBeVisible();
  await expect.poll(async () => (await books.list()).length).toBe(4);
  // The account's column is not on its own page, so its field opens in the panel.
  await page.keyboard.press("a");
  const panel = page.getByRole("dialog", { name: "Baker" });
  await panel.getByRole("combobox", { name: "account" }).fill("Purse");
  await expect(page.getByRole("option", { name: /Purse/ })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await books.list()).length).toBe(3);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);

  // Two rows that nobody's bank has sent are two.
  await focusCell(page, 0, "payee");
  await page.keyboard.press("g");
  await expect(said(page, "Select the two rows that are one, and no other.")).toBeVisible();
  await page.keyboard.press("Space");
  await page.keyboard.press("j");
  await page.keyboard.press("Space");
  await page.keyboard.press("g");
  await expect(said(page, "Only two rows of one account can be one")).toBeVisible();
  expect((await books.list()).length).toBe(3);
});

test("rows of a bank: new ones are marked, a typed twin is merged by G, and the feed line says bank and ledger", async ({ signedIn: page, house }) => {
  await connectDemoBank(page, house);
  const api = new Api(page.request, house, organizationOf(page));
  await passDays(house, 7);
  const [{ id: run }] = await api.made<[{ id: string }]>("sync");
  await api.finished(run);
  const giro = (await api.get<Account[]>("accounts")).find(({ name }) => name === "Girokonto");
  const { transactions } = await api.get<Transactions>(`transactions?account=${giro?.id}&limit=200`);
  const isAlone = ({ payee, amount }: { payee?: string; amount: string }) => transactions.filter((other) => other.payee === payee && other.amount === amount).length === 1;
  const sent = transactions.find((candidate) => candidate.status === "booked" && candidate.payee && isAlone(candidate));
  if (!sent) throw new Error("the demo bank sends nothing of its kind");
  await api.made("transactions", { account: giro?.id, date: sent.date, amount: sent.amount, payee: sent.payee, note: "typed by hand" });
  await page.goto(`${house.address}/o/${api.organization}/accounts/${giro?.id}`);
  await live(page);

  // The words of the feed line, with what the account says of itself.
  const feed = page.getByRole("list", { name: "Bank against ledger" }).getByRole("listitem");
  await expect(feed.locator(".feed")).toHaveText(/^bank −?[\d,]+\.\d\d·ledger −?[\d,]+\.\d\d·as of .+$/);
  const ledger = ((await feed.locator(".feed b").nth(1).textContent()) ?? "").replace("−", "-").replace(/,/g, "");
  expect(ledger).toBe((await api.get<Account[]>("accounts")).find(({ id }) => id === giro?.id)?.balance);

  // Told apart by a word, and not by a colour alone; gone once somebody has looked.
  const marked = page.locator(".rows .row.is-new:not([hidden])").first();
  await expect(marked.locator(".tag.is-new")).toHaveText("new");
  const at = Number(await marked.getAttribute("data-position"));
  await focusCell(page, at, "payee");
  await page.keyboard.press("i");
  await page.getByRole("dialog").getByRole("button", { name: "Reviewed" }).click();
  await expect(row(page, at).locator(".tag.is-new")).toHaveCount(0);
  await page.keyboard.press("Escape");

  const total = async () => (await api.get<Transactions>(`transactions?account=${giro?.id}&limit=1`)).total;
  const before = await total();
  await page.getByRole("searchbox", { name: "Search transactions" }).fill(sent.amount.replace("-", ""));
  const both = page.locator(".rows .row:not([hidden])").filter({ hasText: sent.payee ?? "" });
  await expect(both).toHaveCount(2);
  for (const which of [0, 1]) await both.nth(which).locator(".tick").click();
  await focusCell(page, 0, "payee");
  await page.keyboard.press("g");
  await expect(said(page, "Two rows are one now.")).toBeVisible();
  expect(await total()).toBe(before - 1);
  await said(page, "Two rows are one now.").getByRole("button", { name: "Undo" }).click();
  await expect.poll(total).toBe(before);
});

test("Ctrl I leads to where a file is taken, or says what to open first", async ({ signedIn: page, house }) => {
  const books = await booksOf(page, house, rows);
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("Control+i");
  await expect(page).toHaveURL(`${books.address}/files`);
  await page.goto(`${house.address}/o/${books.organization}/overview`);
  await arrived(page, "Overview");
  await page.keyboard.press("Control+i");
  await expect(said(page, "A file belongs to an account or an asset")).toBeVisible();
});

test("everything that a filter finds is duplicated at once, after a question with the count", async ({ signedIn: page, house }) => {
  const books = await booksOf(page, house, []);
  await page.goto("about:blank");
  await between(house, more);
  await page.goto(`${books.address}?direction=out`);
  await live(page);
  await expect(page.locator(".found")).toContainText("600 transactions");
  await focusCell(page, 0, "payee");
  await page.keyboard.press("Control+a");
  await expect(page.getByRole("toolbar", { name: "With the selected rows" })).toContainText("All 600 selected");
  await page.keyboard.press("u");
  const sure = page.getByRole("dialog", { name: "Duplicate 600 transactions?" });
  await sure.getByRole("button", { name: "Duplicate 600" }).click();
  await expect(said(page, "600 transactions duplicated.")).toBeVisible();
  await expect(page.locator(".found")).toContainText("1,200 transactions");
  await said(page, "600 transactions duplicated.").getByRole("button", { name: "Undo" }).click();
  await expect(page.locator(".found")).toContainText("600 transactions");
});

const more = `
(organization, account) = db.execute("SELECT organization_id, id FROM accounts").fetchone()
ids = [n.to_bytes(16, "big") for n in range(1, 601)]
db.executemany("""INSERT INTO transactions (organization_id, id, account_id, status, amount_minor, dated_on, moves_opening,
    position, seen_at, created_at, reviewed_at) VALUES (?, ?, ?, 'booked', -100, '2026-03-01', 0, ?, 0, 0, 0)""",
    [(organization, id, account, n) for n, id in enumerate(ids)])
db.executemany("INSERT INTO transaction_lines (organization_id, id, transaction_id, position, amount_minor) VALUES (?, ?, ?, 0, -100)",
    [(organization, id, id) for id in ids])
db.execute("UPDATE accounts SET booked_minor = -60000, transaction_count = 600, revision = revision + 1")
`;

test("among 500 accounts one is found by a part of its name, and stands in a chip", async ({ signedIn: page, house, eyes }) => {
  const organization = organizationOf(page);
  await page.goto("about:blank");
  await between(house, forest);
  const api = new Api(page.request, house, organization);
  const accounts = await api.get<Account[]>("accounts");
  expect(accounts.length).toBe(ACCOUNTS);
  for (const name of ["Account 321", "Account 004"]) {
    const account = accounts.find((candidate) => candidate.name === name)?.id;
    await api.made("transactions", { account, date: "2026-03-01", amount: "-1.00", payee: `Of ${name}` });
  }
  await page.goto(`${house.address}/o/${organization}/transactions`);
  await live(page);
  await expect(page.locator(".found")).toHaveText("2 transactions");
  await page.locator(".filter-menu > summary").click();
  const field = page.getByRole("group", { name: "Filter" }).getByRole("combobox", { name: "Account" });
  await field.fill("321");
  const options = page.getByRole("listbox", { name: "Suggestions" }).getByRole("option");
  await expect(options.filter({ hasText: "Account 321" })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.locator(".found")).toHaveText("1 transaction");
  await expect(cell(page, 0, "payee")).toHaveText("Of Account 321");
  await page.keyboard.press("Escape");
  const chip = page.getByRole("list", { name: "Filters" }).getByRole("button", { name: /^Account Account 321.*remove$/ });
  await expect(chip).toBeVisible();
  await eyes.look("account-chip");
  await page.reload();
  await live(page);
  await expect(chip).toBeVisible();
  await expect(cell(page, 0, "payee")).toHaveText("Of Account 321");

  // Without a script the same address shows the same rows.
  const plain = await page.request.get(page.url());
  const text = await plain.text();
  expect(text).toContain("Of Account 321");
  expect(text).not.toContain("Of Account 004");
  expect(text).toContain("Account Account 321");
  await chip.click();
  await expect(page.locator(".found")).toHaveText("2 transactions");
});
