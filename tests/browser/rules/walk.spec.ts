// A rule is made from a row, tried, applied and undone; one reviews; two that are in each other's way are told; rules go out as text and
// come back.
import type { Page } from "@playwright/test";
import { Api } from "../../support/api.ts";
import { cell, live } from "../../support/books.ts";
import { expect, organizationOf, test } from "../../support/house.ts";
import { between } from "../../support/sql.ts";

interface Row {
  id: string;
  payee: string | null;
  category: string | null;
  tags: string[];
}

const main = (page: Page) => page.getByRole("main");
const notice = (page: Page) => main(page).getByRole("status").first();
const tried = (page: Page) => page.getByRole("region", { name: "What it would do" });

/** An account with rows of one shop under many names, and one of another. */
async function shops(api: Api): Promise<string> {
  const { id } = await api.made<{ id: string }>("accounts", { name: "Purse", kind: "cash", currency: "EUR" });
  for (let number = 0; number < 9; number++) {
    await api.made("transactions", { account: id, payee: `AMZN Mktp ${4300 + number}`, amount: `-${10 + number}.00`, date: `2026-10-${10 + number}` });
  }
  await api.made("transactions", { account: id, payee: "Bakery", amount: "-4.20", date: "2026-10-20" });
  return id;
}

const rowsOf = async (api: Api): Promise<Row[]> => (await api.get<{ transactions: Row[] }>("transactions?limit=50")).transactions;

test("a rule from a row, with what it would do, applied and undone", async ({ signedIn: page, house, eyes }) => {
  test.slow();
  const api = new Api(page.request, house, organizationOf(page));
  const home = `${house.address}/o/${api.organization}`;
  const purse = await shops(api);
  const categories = await api.get<{ id: string; path: string }[]>("categories");
  const food = categories.find((one) => one.path === "Food ▸ Supermarket")?.id ?? "";
  expect(food).not.toBe("");

  // Nothing is there yet.
  await page.goto(`${home}/settings`);
  await page.getByRole("link", { name: "Open the rules" }).click();
  await expect(main(page)).toContainText("No rule yet");
  await eyes.look("none");

  // From a row that somebody has mapped.
  const first = (await rowsOf(api)).find((row) => row.payee === "AMZN Mktp 4308");
  expect((await api.send("PATCH", `transactions/${first?.id}`, { category_id: food })).ok()).toBe(true);
  await page.goto(`${home}/accounts/${purse}?q=AMZN Mktp 4308`);
  await live(page);
  await cell(page, 0, "state").click();
  await eyes.keep("panel");
  await page.getByRole("dialog").getByRole("link", { name: "Always for AMZN Mktp 4308 …" }).click();

  // How many rows it reaches is said before anything else.
  await expect(page.getByRole("heading", { level: 1, name: "New rule" })).toBeVisible();
  await expect(tried(page)).toContainText("It holds for 1 of 10 rows");
  await page.getByLabel("Name").fill("Shop on the web");
  const condition = page.getByRole("group", { name: "Condition 1", exact: true });
  await condition.getByLabel("How").selectOption("starts with");
  await condition.getByLabel("Compare with").fill("amzn");
  const second = page.getByRole("group", { name: "What follows 2" });
  await second.getByLabel("Do").selectOption("Add tag");
  await second.getByLabel("Value or pattern").fill("web");
  await page.getByRole("button", { name: "Try it" }).click();
  await expect(tried(page)).toContainText("It holds for 9 of 10 rows and would change 9.");
  await expect(tried(page).getByRole("row").nth(2)).toContainText("Food ▸ Supermarket");
  expect((await rowsOf(api)).filter((row) => row.tags.length > 0)).toEqual([]);
  await eyes.look("tried");

  await page.getByRole("button", { name: "Save and apply to 9 rows" }).click();
  await expect(notice(page)).toContainText("9 rows were changed.");
  await expect(main(page)).toContainText("Shop on the web");
  await eyes.look("applied");
  expect((await rowsOf(api)).filter((row) => row.category === "Food ▸ Supermarket" && row.tags.includes("web"))).toHaveLength(9);

  // A row that comes is looked at; what it says is told with the rule.
  await api.made("transactions", { account: purse, payee: "AMZN Mktp 9999", amount: "-1.00", date: "2026-10-25" });
  expect((await rowsOf(api)).find((row) => row.payee === "AMZN Mktp 9999")?.category).toBe("Food ▸ Supermarket");
  await page.goto(`${home}/accounts/${purse}?q=AMZN Mktp 9999`);
  await live(page);
  await cell(page, 0, "state").click();
  await expect(page.getByRole("dialog")).toContainText("The rule “Shop on the web” set this.");

  // The history takes it back, and only that.
  await page.goto(`${home}/rules/history`);
  await expect(main(page).getByRole("row")).toHaveCount(3);
  await eyes.look("history");
  await main(page).getByRole("row").nth(2).getByRole("link", { name: /^Undo/ }).click();
  await main(page).getByRole("button", { name: "Undo" }).click();
  await expect(main(page).getByRole("row").nth(2)).toContainText("undone");
  expect((await rowsOf(api)).filter((row) => row.tags.includes("web"))).toHaveLength(1);
  expect((await rowsOf(api)).filter((row) => row.category !== null).map((row) => row.payee).sort()).toEqual(["AMZN Mktp 4308", "AMZN Mktp 9999"]);
  expect(eyes.complaints).toEqual([]);
});

test("a rule that reviews: the inbox is shorter by its rows, and undoing brings them back", async ({ signedIn: page, house, eyes }) => {
  const api = new Api(page.request, house, organizationOf(page));
  const home = `${house.address}/o/${api.organization}`;
  const { id: giro } = await api.made<{ id: string }>("accounts", { name: "Giro", kind: "checking", currency: "EUR", opening: "9000.00" });
  await api.bring(giro, "Date,Payee,Amount", ["2026-09-01,History,-1.00"]);
  await api.send("PUT", "inbox/switch", { is_on: true });
  await api.bring(giro, "Date,Payee,Amount", ["2026-10-01,Account fee,-2.00", "2026-10-02,Card fee,-3.00", "2026-10-03,Bakery,-4.00"]);
  const mark = page.getByRole("navigation", { name: "Pages", exact: true }).getByRole("link", { name: /^Inbox/ }).locator(".count");
  const waiting = page.locator("tr[data-row] td.lead > b");
  await page.goto(`${home}/inbox`);
  await expect(mark).toHaveText(/^3/);

  await page.goto(`${home}/rules/new`);
  await page.getByLabel("Name").fill("Fees");
  const condition = page.getByRole("group", { name: "Condition 1", exact: true });
  await condition.getByLabel("Look at").selectOption("Payee");
  await condition.getByLabel("How").selectOption("ends with");
  await condition.getByLabel("Compare with").fill("fee");
  await page.getByRole("group", { name: "What follows 1", exact: true }).getByLabel("Do").selectOption("Mark as reviewed");
  await page.getByRole("button", { name: "Try it" }).click();
  await expect(tried(page)).toContainText("It holds for 2 of 4 rows and would change 2.");
  await expect(tried(page).getByRole("row").nth(1)).toContainText("Reviewed no");
  await eyes.look("reviews");
  await page.getByRole("button", { name: "Save and apply to 2 rows" }).click();
  await expect(notice(page)).toContainText("2 rows were changed.");
  await expect(main(page)).toContainText("mark as reviewed");
  await expect(mark).toHaveText(/^1/);

  // What comes later is looked at before anybody sees it.
  await api.bring(giro, "Date,Payee,Amount", ["2026-10-04,Wire fee,-5.00", "2026-10-05,Kiosk,-6.00"]);
  await page.goto(`${home}/inbox`);
  await expect(waiting).toHaveText(["Kiosk", "Bakery"]);
  expect((await api.get<{ text: string }>("rules/text")).text).toBe('rule "Fees"\nif payee ends with "fee"\nthen mark as reviewed\n');

  await page.goto(`${home}/rules/history`);
  await main(page).getByRole("row").nth(2).getByRole("link", { name: /^Undo/ }).click();
  await main(page).getByRole("button", { name: "Undo" }).click();
  await expect(main(page).getByRole("row").nth(2)).toContainText("undone");
  await page.goto(`${home}/inbox`);
  await expect(waiting).toHaveText(["Kiosk", "Bakery", "Card fee", "Account fee"]);
  await expect(mark).toHaveText(/^4/);
  expect(eyes.complaints).toEqual([]);
});

test("all rules together: counted and shown before and after, then applied as they were seen, or not at all", async ({ signedIn: page, house, eyes }) => {
  const api = new Api(page.request, house, organizationOf(page));
  const home = `${house.address}/o/${api.organization}`;
  const purse = await shops(api);
  const bring = async (text: string) => expect((await api.send("PUT", "rules/text", { text })).ok()).toBe(true);
  await bring('rule "Web" in stage before\nif payee matches "^AMZN"\nthen add tag "web"\n\nrule "Books"\nif amount is below -14\nthen set category "Food ▸ Supermarket"\n\nrule "Presents"\nif amount is below -16\nthen set category "Family ▸ Presents"\n\nrule "Rent"\nif payee is "Landlord"\nthen add tag "rent"');
  await page.goto(`${home}/rules`);
  await page.getByRole("link", { name: "See what all rules would change" }).click();
  const would = page.getByRole("form", { name: "What they would do" });
  await expect(would).toContainText("At least one rule holds for 9 of 10 rows and together they would change 9.");
  await expect(would).toContainText("Category of 2 rows: Books and Presents set it differently, and Presents wins, since it comes later.");
  await expect(would.getByRole("row").nth(1)).toContainText(/Tags blank →\s*becomes #web by Web/);
  const each = page.getByRole("region", { name: "Rule by rule" });
  await expect(each.getByRole("row")).toHaveText([/Rule/, /Web\s*9\s*9/, /Books\s*4\s*2/, /Presents\s*2\s*2/]);
  await expect(each).toContainText("Rent holds for no row.");
  await eyes.look("all");
  expect(await api.made("rules/try", {})).toMatchObject({ changed: 9, rules: [{ name: "Web", changed: 9 }, { name: "Books" }, { name: "Presents" }, { name: "Rent", matched: 0 }] });

  // As many rows by now, and another rule for them: nothing is done, and what they would do by now is shown.
  await bring('rule "Presents"\nif amount is below -16\nthen set category "Food > Eating out"');
  await page.getByRole("button", { name: "Apply to 9 rows" }).click();
  await expect(page.getByRole("alert")).toHaveText("Since you looked, something else has come to change: 9 rows by now. Look again.");
  await eyes.look("all-otherwise");
  const rowsBefore = await rowsOf(api);
  expect(rowsBefore.filter((row) => row.category !== null)).toEqual([]);
  await page.getByRole("button", { name: "Apply to 9 rows" }).click();
  await expect(notice(page)).toContainText("9 rows were changed.");
  expect((await rowsOf(api)).filter((row) => row.category === "Food ▸ Eating out" && row.tags.includes("web"))).toHaveLength(2);
  await page.getByRole("link", { name: "See what all rules would change" }).click();
  await expect(would).toContainText("together they would change none.");
  await expect(page.getByRole("button", { name: /^Apply/ })).toHaveCount(0);

  // The server ended while all rules were applied: the page says so, and what to press.
  await between(house, `db.execute("UPDATE batches SET summary = summary || ' to a part of the rows' WHERE summary = 'All rules applied'")`);
  await page.goto(`${home}/rules`);
  const cutOff = main(page).getByRole("note");
  await expect(cutOff).toContainText(/All rules were applied \(.*\), and not all rows have been reached/);
  await eyes.look("cut-off");
  await page.goto(`${home}/rules/history`);
  await expect(main(page).getByRole("row").nth(1)).toContainText("a part of the rows");
  await cutOff.getByRole("link", { name: "See what is left" }).click();
  await page.getByRole("button", { name: "Nothing is left: finish it" }).click();
  await expect(notice(page)).toContainText("No row had to be changed.");
  await expect(cutOff).toHaveCount(0);

  // One rule keeps its word, too: it is not applied to rows that nobody was shown.
  await page.getByRole("link", { name: "Change Rent" }).click();
  await page.getByRole("group", { name: "Condition 1", exact: true }).getByLabel("Compare with").fill("Bakery");
  await page.getByRole("button", { name: "Try it" }).click();
  await expect(tried(page)).toContainText("It holds for 1 of 10 rows and would change 1.");
  await api.made("transactions", { account: purse, payee: "Bakery", amount: "-4.40", date: "2026-10-21" });
  await page.getByRole("button", { name: "Save and apply to 1 row" }).click();
  await expect(page.getByRole("alert")).toHaveText("By now it would change 2 rows. Look again.");
  expect((await rowsOf(api)).filter((row) => row.tags.includes("rent"))).toEqual([]);
  await page.getByRole("button", { name: "Save and apply to 2 rows" }).click();
  await expect(notice(page)).toContainText("2 rows were changed.");
  expect(eyes.complaints).toEqual([]);
});

test("the history page by page, and of one rule", async ({ signedIn: page, house, eyes }) => {
  const api = new Api(page.request, house, organizationOf(page));
  const home = `${house.address}/o/${api.organization}`;
  const { id: purse } = await api.made<{ id: string }>("accounts", { name: "Purse", kind: "cash", currency: "EUR" });
  await api.made("rules", { text: 'rule "Often"\nif payee starts with "Shop"\nthen add tag "often"' });
  const { id: seldom } = await api.made<{ id: string }>("rules", { text: 'rule "Seldom"\nif payee is "Shop 0"\nthen add tag "seldom"' });
  // Each row that comes is a change of its own: 52 of the one rule, and the first of them of the other, too.
  for (let number = 0; number < 52; number++) await api.made("transactions", { account: purse, payee: `Shop ${number}`, amount: "-1.00", date: "2026-10-10" });
  expect(await api.get<unknown[]>("rules/history")).toHaveLength(50);
  expect(await api.get<unknown[]>("rules/history?offset=50")).toHaveLength(3);
  expect(await api.get<unknown[]>(`rules/history?rule=${seldom}`)).toEqual([expect.objectContaining({ name: "Seldom", matched: 1, changed: 1 })]);

  await page.goto(`${home}/rules`);
  await expect(page.getByRole("link", { name: "52 changes by Often" })).toBeVisible();
  await page.getByRole("link", { name: "History" }).click();
  const hits = main(page).getByRole("row");
  await expect(hits).toHaveCount(51);
  await eyes.look("history-long");
  await page.getByRole("link", { name: "Older" }).click();
  await expect(hits).toHaveCount(4);
  await expect(hits.last()).toContainText("Seldom");
  await eyes.look("history-older");
  // Whoever takes something back from there is there again.
  await hits.nth(1).getByRole("link", { name: /^Undo/ }).click();
  await main(page).getByRole("button", { name: "Undo" }).click();
  await expect(page).toHaveURL(/page=2/);
  await expect(hits.nth(1)).toContainText("undone");
  await page.getByRole("link", { name: "Newer" }).click();
  await page.getByLabel("Rule", { exact: true }).selectOption("Seldom");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(hits).toHaveCount(2);
  await expect(hits.nth(1).getByRole("link", { name: /^Undo/ })).toBeVisible();
  // What a rule did that is gone can be found and taken back as before.
  await api.send("DELETE", `rules/${seldom}`);
  await page.reload();
  await expect(page.getByLabel("Rule", { exact: true }).locator("option:checked")).toHaveText("Seldom (deleted)");
  await expect(hits).toHaveCount(2);
  await page.goto(`${home}/rules/history?page=9`);
  await expect(main(page)).toContainText("Nothing here");
  expect(eyes.complaints).toEqual([]);
});

test("rules in each other's way, their order, and as text", async ({ signedIn: page, house, eyes }) => {
  const api = new Api(page.request, house, organizationOf(page));
  const home = `${house.address}/o/${api.organization}`;
  await shops(api);
  const rule = async (text: string): Promise<string> => (await api.made<{ id: string }>("rules", { text })).id;
  await rule('rule "Food"\nif payee starts with "AMZN"\nthen set category "Food ▸ Supermarket"');
  await rule('rule "Clean" in stage before\nif payee matches "^AMZN"\nthen replace in payee " \\d+$" with ""');

  await page.goto(`${home}/rules/new`);
  await page.getByLabel("Name").fill("Presents");
  const condition = page.getByRole("group", { name: "Condition 1", exact: true });
  await condition.getByLabel("Look at").selectOption("Amount (out is negative)");
  await condition.getByLabel("How").selectOption("contains");
  await condition.getByLabel("Compare with").fill("-14");
  const action = page.getByRole("group", { name: "What follows 1", exact: true });
  await action.getByLabel("Do").selectOption("Set category");
  await action.getByLabel("Value or pattern").fill("Family ▸ Present");
  await page.getByRole("button", { name: "Try it" }).click();
  await expect(page.getByRole("alert").first()).toContainText("After amount comes one of these");
  await expect(page.getByRole("alert").last()).toContainText("There is no category called “Family ▸ Present”.");
  await eyes.look("wrong");
  await condition.getByLabel("How").selectOption("is below");
  await action.getByLabel("Value or pattern").fill("Family ▸ Presents");
  await page.getByRole("button", { name: "Try it" }).click();
  await expect(tried(page)).toContainText("Category of 4 rows: Food and Presents set it differently, and Presents wins, since it comes later.");
  await eyes.look("conflict");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(notice(page)).toContainText("Presents is saved.");

  // By the keyboard alone: earlier, and the button keeps the focus.
  const names = main(page).locator(".rule-list b");
  await expect(names).toHaveText(["Clean", "Food", "Presents"]);
  await page.getByRole("button", { name: "Earlier Presents" }).focus();
  await page.keyboard.press("Enter");
  await expect(names).toHaveText(["Clean", "Presents", "Food"]);
  await expect(page.getByRole("button", { name: "Later Presents" })).toBeFocused();
  await page.getByRole("button", { name: "Turn off Food" }).click();
  await expect(main(page).getByRole("row").filter({ hasText: "Food ▸ Supermarket" })).toContainText("off");
  await eyes.look("list");

  await page.getByRole("link", { name: "As text" }).click();
  const text = await page.getByLabel("Rules", { exact: true }).inputValue();
  expect(text).toContain('rule "Clean" in stage before\nif payee matches "^AMZN"\nthen replace in payee " \\d+$" with ""\n');
  expect(text).toContain('rule "Food", off');
  await page.getByLabel("Rules", { exact: true }).fill(`${text}\nrule "New"\nif payee has "x"\nthen add tag "x"`);
  await page.getByRole("button", { name: "Bring these rules" }).click();
  await expect(page.getByRole("alert")).toContainText(/Line \d+, column 10: After payee comes one of these/);
  await eyes.look("text");
  await page.getByLabel("Rules", { exact: true }).fill(`${text}\nrule "New"\nif payee contains "x"\nthen add tag "x"`);
  await page.getByRole("button", { name: "Bring these rules" }).click();
  await expect(notice(page)).toContainText("1 rule added, 0 rules changed.");
  await expect(names).toHaveText(["Clean", "Presents", "Food", "New"]);
  expect((await api.get<{ text: string }>("rules/text")).text.startsWith(text.trimEnd())).toBe(true);
  expect(eyes.complaints).toEqual([]);
});
