// A rule is made from a row, tried, applied and undone; one reviews; two that are in each other's way are told; rules go out as text and
// come back.
import type { Page } from "@playwright/test";
import { Api } from "../../support/api.ts";
import { cell, live } from "../../support/books.ts";
import { expect, organizationOf, test } from "../../support/house.ts";

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
