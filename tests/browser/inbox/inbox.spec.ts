// The inbox: fifty rows to zero by the keyboard alone, the strong ones at once, a colleague who is asked, and who wants none of it.
import type { Browser, Page } from "@playwright/test";
import { Api } from "../../support/api.ts";
import { type House, expect, organizationOf, test } from "../../support/house.ts";

const main = (page: Page) => page.getByRole("main");
const rows = (page: Page) => page.locator("tr[data-row]");
const status = (page: Page) => main(page).getByRole("status").first();
const pages = (page: Page) => page.getByRole("navigation", { name: "Pages", exact: true });
const mark = (page: Page) => pages(page).getByRole("link", { name: /^Inbox/ }).locator(".count");

/** Payees, what each costs, and the category that was chosen for it before. */
const KNOWN: [payee: string, cents: number, category: string][] = [
  ["REWE", 4510, "Food ▸ Supermarket"],
  ["Stadtwerke", 8800, "Home ▸ Energy and water"],
  ["Bahn", 4900, "Transport ▸ Public transport"],
];

interface Category {
  id: string;
  path: string;
}

const line = (day: number, payee: string, cents: number) =>
  `2026-10-${String(day).padStart(2, "0")},about ${payee},${payee},-${(cents / 100).toFixed(2)}`;

/** An account with a history in which twelve rows of each payee have their category. */
async function history(page: Page, house: House): Promise<[Api, string]> {
  const api = new Api(page.request, house, organizationOf(page));
  const { id: account } = await api.made<{ id: string }>("accounts", { name: "Giro", kind: "checking", currency: "EUR", opening: "9000.00" });
  const past = KNOWN.flatMap(([payee, cents]) => [...Array(12).keys()].map((number) => `2026-0${1 + (number % 8)}-${10 + number},about ${payee},${payee},-${((cents + 7 * number) / 100).toFixed(2)}`));
  await api.bring(account, "Date,Description,Payee,Amount", past);
  const categories = await api.get<Category[]>("categories");
  const { lines } = await api.get<{ lines: { line: string; transaction: { payee: string } }[] }>("mapping?limit=100");
  const mapped = lines.map(({ line, transaction }) => {
    const [, , path] = KNOWN.find(([payee]) => payee === transaction.payee) ?? ["", 0, ""];
    return { line, category_id: categories.find((category) => category.path === path)?.id };
  });
  await api.made("mapping", mapped);
  return [api, account];
}

/** Somebody joins, and has a page of their own. */
async function colleague(browser: Browser, page: Page, house: House, name: string): Promise<Page> {
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.goto(`${home}/people`);
  await page.getByLabel("Email addresses").fill(`${name.toLowerCase()}@example.org`);
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  const link = await page.locator(".raw").textContent();
  const theirs = await (await browser.newContext()).newPage();
  await theirs.goto(link ?? "");
  await theirs.getByLabel("Your name").fill(name);
  await theirs.getByLabel("Password").fill("another boat");
  await theirs.getByRole("button", { name: "Join" }).click();
  await expect(theirs.getByRole("heading", { name: "Overview" })).toBeVisible();
  return theirs;
}

test("fifty rows to zero by the keyboard, with a search, an undo, and all strong ones at once", async ({ signedIn: page, house, eyes }) => {
  test.slow();
  const [api, account] = await history(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  // Off, until somebody turns it on; what is there is reviewed.
  await expect(pages(page).getByRole("link", { name: /^Inbox/ })).toHaveCount(0);
  await page.goto(`${home}/inbox`);
  await eyes.look("off");
  await page.getByRole("button", { name: "Turn it on" }).click();
  await expect(page.getByRole("switch", { name: "Inbox" })).toHaveAttribute("aria-checked", "true");
  await eyes.look("settings");
  await page.getByRole("link", { name: "Open the inbox" }).click();
  await expect(main(page)).toContainText("All is reviewed");
  await expect(mark(page)).toBeHidden();

  const coming = [...Array(44).keys()].map((number) => {
    const [payee, cents] = KNOWN[number % 3] ?? ["", 0];
    return line(1 + (number % 28), payee, cents + number);
  });
  const odd = [line(5, "REWE", 20000), line(6, "Kiosk am Hafen", 350), line(7, "Kiosk am Hafen", 350), line(8, "Bäcker Jansen", 280), line(9, "Apotheke", 1290), line(10, "Stadtwerke", 990)];
  await api.bring(account, "Date,Description,Payee,Amount", [...coming, ...odd]);
  // The page that is open hears of it.
  await expect(rows(page)).toHaveCount(50);
  await expect(mark(page)).toHaveText(/^50/);
  await expect(page.getByRole("button", { name: "Accept all strong (44)" })).toBeVisible();
  await eyes.look("fifty");

  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toContainText("Accept the row: with what is chosen");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  // Single keys do nothing while something is typed.
  await page.keyboard.press("/");
  await page.keyboard.type("20xy0");
  await expect(page.getByLabel("Text or amount")).toHaveValue("20xy0");
  await page.getByLabel("Text or amount").fill("200.00");
  await page.keyboard.press("Enter");
  await expect(rows(page)).toHaveCount(1);
  await page.keyboard.press("j");
  await expect(rows(page).first()).toBeFocused();
  await expect(rows(page).first()).toContainText("unusual amount");
  await page.keyboard.press("w");
  await expect(rows(page).first()).toContainText(/\d+ earlier rows of this payee lie between 45\.10 and \d+\.\d\d EUR\./);
  await eyes.look("why");
  await page.keyboard.press("w");
  await page.keyboard.press("Shift+R");
  await expect(page).toHaveURL(/\/rules\/new\?like=/);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("rule");
  await page.goBack();
  await page.keyboard.press("j");
  // Hidden, and shown again.
  await page.keyboard.press("x");
  await expect(status(page)).toContainText("1 row hidden. They stay in the books.");
  await expect(main(page)).toContainText("Nothing fits");
  await page.goto(`${home}/inbox/hidden`);
  await eyes.look("hidden");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(status(page)).toContainText("1 row shown in the inbox again.");

  await page.goto(`${home}/inbox`);
  await expect(rows(page)).toHaveCount(50);
  // Nothing is done while the focus is not in the list.
  await page.keyboard.press("Shift+Y");
  await page.keyboard.press("y");
  await page.keyboard.press("j");
  await expect(rows(page).first()).toBeFocused();
  await expect(rows(page)).toHaveCount(50);
  // What the sidebar counts comes with the page, and waits for nothing else.
  await page.route(/\/sidebar\b/, (route) => route.fulfill({ status: 204 }));
  await page.keyboard.press("Shift+Y");
  await expect(status(page)).toContainText("44 rows accepted.");
  await expect(rows(page)).toHaveCount(6);
  await expect(mark(page)).toHaveText(/^6/);
  await page.unroute(/\/sidebar\b/);
  await page.keyboard.press("z");
  await expect(status(page)).toContainText("Taken back");
  await expect(rows(page)).toHaveCount(50);
  await expect(mark(page)).toHaveText(/^50/);

  // One after the other: known ones are accepted, others are chosen for, or accepted as they are.
  for (let left = 50; left > 0; left--) {
    const row = rows(page).first();
    await expect(row).toBeFocused();
    const payee = await row.locator("td.lead > b").textContent();
    if (payee === "Apotheke") {
      await page.keyboard.press("c");
      await page.keyboard.type("Pharm");
      await page.keyboard.press("Enter");
    } else if ((await row.locator("[data-take]").count()) > 0 && left % 3 === 0) await page.keyboard.press("1");
    else await page.keyboard.press(left % 2 === 0 ? "y" : "Enter");
    await expect(status(page)).toContainText("1 row accepted.");
    await expect(rows(page)).toHaveCount(left - 1);
    if (left === 4) await eyes.keep("few-left");
  }
  await expect(main(page)).toContainText("All is reviewed");
  await expect(mark(page)).toBeHidden();
  await eyes.look("zero");
  const { transactions } = await api.get<{ transactions: { payee: string; category: string | null }[] }>("transactions?limit=100&from=2026-10-01");
  const without = transactions.filter(({ category }) => category === null).map(({ payee }) => payee);
  expect(without.sort()).toEqual(["Bäcker Jansen", "Kiosk am Hafen", "Kiosk am Hafen"]);
  expect(transactions.find(({ payee }) => payee === "Apotheke")?.category).toBe("Health ▸ Pharmacy");
});

test("a row of many that cost the same is opened by itself, and split", async ({ signedIn: page, house, eyes }) => {
  const [api, account] = await history(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  await api.send("PUT", "inbox/switch", { is_on: true });
  await api.bring(account, "Date,Description,Payee,Amount", [line(3, "Kiosk am Hafen", 1000), line(4, "Kiosk am Markt", 1000), line(5, "Kiosk am Tor", 1000)]);
  const markt = rows(page).filter({ hasText: "Kiosk am Markt" });
  const panel = page.getByRole("dialog").filter({ hasText: "Kiosk am Markt" });
  const alone = async (): Promise<void> => {
    await expect(page.getByRole("grid").getByRole("row").filter({ hasText: "Kiosk" })).toHaveCount(1);
    await expect(main(page)).toContainText("This transaction alone");
    await expect(panel).toBeVisible();
  };
  await page.goto(`${home}/inbox`);
  await markt.locator("summary").click();
  await eyes.look("why-with-links");
  await markt.getByRole("link", { name: /^Open it in the register/ }).click();
  await alone();
  await expect(panel.getByRole("region", { name: "Split" })).toHaveCount(0);
  await eyes.look("opened");
  await page.goBack();
  await markt.locator("summary").click();
  await markt.getByRole("link", { name: /^Split it/ }).click();
  await alone();
  const split = panel.getByRole("region", { name: "Split" });
  await split.getByLabel("Amount of line 1").fill("-4.00");
  await split.getByLabel("Amount of line 2").fill("-6.00");
  await eyes.look("splitting");
  await panel.getByRole("button", { name: "Save split" }).click();
  await expect(split).toHaveCount(0);
  // The row shows the split before it has arrived.
  const inTwo = async (): Promise<string[]> => {
    const { transactions } = await api.get<{ transactions: { payee: string; lines: number }[] }>("transactions?search=Kiosk");
    return transactions.filter((row) => row.lines === 2).map((row) => row.payee);
  };
  await expect.poll(inTwo).toEqual(["Kiosk am Markt"]);
  // All of the account are a step away, and whoever has split a row has looked at it.
  await page.getByRole("button", { name: /^This transaction alone ?, remove$/ }).click();
  await expect(page.getByRole("grid").getByRole("row").filter({ hasText: "Kiosk" })).toHaveCount(3);
  await page.goto(`${home}/inbox`);
  await expect(rows(page).locator("td.lead > b")).toHaveText(["Kiosk am Tor", "Kiosk am Hafen"]);
  expect(eyes.complaints).toEqual([]);
});

test("keys go from account to account, ask, and accept what is ticked; switched off, none does anything", async ({ signedIn: page, house, browser }) => {
  const [api, account] = await history(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  await api.send("PUT", "inbox/switch", { is_on: true });
  const theirs = await colleague(browser, page, house, "Ada");
  await theirs.context().close();
  const { id: purse } = await api.made<{ id: string }>("accounts", { name: "Purse", kind: "cash", currency: "EUR" });
  await api.bring(purse, "Date,Description,Payee,Amount", [line(1, "Before", 100)]);
  await api.bring(purse, "Date,Description,Payee,Amount", [line(2, "Market", 700)]);
  await api.bring(account, "Date,Description,Payee,Amount", [line(3, "Kiosk am Hafen", 350), line(4, "REWE", 4600), line(5, "Bahn", 4910)]);
  const names = rows(page).locator("td.lead > b");
  const chosen = page.getByRole("combobox", { name: "Account", exact: true });
  await page.goto(`${home}/inbox`);
  await expect(names).toHaveText(["Bahn", "REWE", "Kiosk am Hafen", "Market"]);

  // To the next account and back, past the last to all of them.
  await page.keyboard.press("]");
  await expect(names).toHaveText(["Bahn", "REWE", "Kiosk am Hafen"]);
  await expect(chosen.locator("option:checked")).toHaveText("Giro");
  await page.keyboard.press("]");
  await expect(names).toHaveText(["Market"]);
  await page.keyboard.press("[");
  await expect(names).toHaveText(["Bahn", "REWE", "Kiosk am Hafen"]);
  await page.keyboard.press("[");
  await expect(names).toHaveCount(4);

  // Asking is about the row that has the focus.
  await page.keyboard.press("p");
  await expect(names).toHaveCount(4);
  for (const key of ["j", "j", "j", "p"]) await page.keyboard.press(key);
  await expect(page.getByRole("heading", { level: 1, name: "Ask a colleague" })).toBeVisible();
  await expect(main(page)).toContainText("Kiosk am Hafen");
  await page.goBack();
  await expect(names).toHaveCount(4);

  // Off: no letter does anything, and the page does not speak of them.
  const hint = page.locator("[data-keys]");
  await expect(hint).toBeVisible();
  const letters = page.getByRole("dialog").getByRole("switch", { name: /Single-letter shortcuts/ });
  await page.keyboard.press("?");
  await letters.click();
  await page.keyboard.press("Escape");
  await expect(hint).toBeHidden();
  await rows(page).first().focus();
  for (const key of ["j", "y", "Enter", "x", "1", "p", "w", "z", "]", "Space", "Shift+Y", "Shift+R"]) await page.keyboard.press(key);
  await expect(rows(page).first()).toBeFocused();
  await expect(page.getByRole("checkbox", { checked: true })).toHaveCount(0);
  await expect(page.locator("details.why[open]")).toHaveCount(0);
  await expect(main(page).getByRole("status")).toHaveCount(0);
  await expect(page).toHaveURL(/\/inbox[^/]*$/);
  expect((await api.get<{ waiting: number }>("inbox")).waiting).toBe(4);
  await page.reload();
  await expect(names).toHaveCount(4);
  await expect(hint).toBeHidden();
  await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
  await letters.click();
  await page.keyboard.press("Escape");
  await expect(hint).toBeVisible();

  // Those that are ticked, and only those, although others are strong.
  await rows(page).first().focus();
  for (const key of ["j", "j", "Space", "j", "Space"]) await page.keyboard.press(key);
  await expect(page.getByRole("checkbox", { checked: true })).toHaveCount(2);
  await page.keyboard.press("Shift+Y");
  await expect(status(page)).toContainText("2 rows accepted.");
  await expect(names).toHaveText(["Bahn", "REWE"]);
});

test("a colleague is asked, two people do not do the same twice, and who wants none of it has none", async ({ signedIn: page, house, eyes, browser }) => {
  test.slow();
  const [api, account] = await history(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  await api.send("PUT", "inbox/switch", { is_on: true });
  const theirs = await colleague(browser, page, house, "Ada");
  eyes.watch(theirs);
  await api.bring(account, "Date,Description,Payee,Amount", [line(3, "Kiosk am Hafen", 350), line(4, "REWE", 4600), line(5, "Bahn", 4910)]);
  // Ada wants no inbox beside her pages.
  await theirs.goto(`${home}/settings`);
  await theirs.getByRole("switch", { name: "Among my pages" }).click();
  await expect(theirs.getByRole("switch", { name: "Among my pages" })).toHaveAttribute("aria-checked", "false");
  await expect(pages(theirs).getByRole("link", { name: /^Inbox/ })).toHaveCount(0);

  await page.goto(`${home}/inbox`);
  await page.getByRole("link", { name: /^Ask a colleague about Kiosk/ }).click();
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await expect(page.getByRole("alert")).toHaveText("Choose whom to ask.");
  await page.getByLabel("Whom").selectOption("Ada");
  await page.getByLabel("What").fill("Was this you?");
  await eyes.look("ask");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await expect(status(page)).toContainText("Ada is asked.");
  await expect(rows(page).filter({ hasText: "Kiosk" })).toContainText("You ask Ada");

  // She has it first, with who asks and what, although she has switched the inbox off.
  await theirs.goto(`${home}/overview`);
  await pages(theirs).getByRole("link", { name: /^Inbox/ }).click();
  await expect(rows(theirs).first()).toContainText("Robin asks you");
  await expect(rows(theirs).first()).toContainText("Was this you?");
  await expect(main(theirs)).toContainText("You are asked");
  await eyes.look("asked", theirs);
  // Whoever turns the inbox off for all does not hide what she is asked.
  await api.send("PUT", "inbox/switch", { is_on: false });
  await theirs.goto(`${home}/inbox?search=Kiosk`);
  await expect(main(theirs)).toContainText("You are asked");
  await api.send("PUT", "inbox/switch", { is_on: true });
  await theirs.goto(`${home}/inbox`);
  await rows(theirs).first().getByRole("button", { name: /^Accept/ }).click();
  await expect(status(theirs)).toContainText("1 row accepted.");
  // The other page hears of it by itself.
  await expect(rows(page)).toHaveCount(2);

  // Both decide about the same row: the second is told by whom, and the rest goes through.
  await page.getByRole("checkbox", { name: /^Choose REWE/ }).check();
  await page.getByRole("checkbox", { name: /^Choose Bahn/ }).check();
  await rows(theirs).filter({ hasText: "REWE" }).getByRole("button", { name: /^Accept/ }).click();
  await expect(rows(theirs)).toHaveCount(1);
  await page.getByRole("button", { name: "Accept those" }).click();
  await expect(status(page)).toContainText("1 row accepted. 1 row was reviewed or hidden by Ada meanwhile, so nothing was done with it.");
  await eyes.keep("second");
  await expect(main(page)).toContainText("All is reviewed");
  await expect(main(theirs)).toContainText("All is reviewed");
  await theirs.context().close();
});

test.describe("without a script", () => {
  test.use({ javaScriptEnabled: false });

  test("rows are reviewed by forms alone", async ({ signedIn: page, house }) => {
    const [api, account] = await history(page, house);
    const home = `${house.address}/o/${organizationOf(page)}`;
    await api.send("PUT", "inbox/switch", { is_on: true });
    await api.bring(account, "Date,Description,Payee,Amount", [line(3, "Kiosk am Hafen", 350), line(4, "REWE", 4600), line(5, "Bahn", 4910)]);
    await page.goto(`${home}/inbox`);
    await expect(rows(page)).toHaveCount(3);
    const kiosk = rows(page).filter({ hasText: "Kiosk" });
    // The register has that row alone, and the others are a step away.
    await kiosk.locator("summary").click();
    await kiosk.getByRole("link", { name: /^Open it in the register/ }).click();
    const all = main(page).getByRole("table").getByRole("row");
    await expect(all).toHaveCount(2);
    await expect(all.nth(1)).toContainText("Kiosk am Hafen");
    await main(page).getByRole("link", { name: "Clear" }).click();
    await expect(all.nth(3)).toBeVisible();
    await page.goto(`${home}/inbox`);
    await kiosk.getByRole("combobox").selectOption("Eating out");
    await kiosk.getByRole("button", { name: /^Accept/ }).click();
    await expect(status(page)).toContainText("1 row accepted.");
    await page.getByRole("button", { name: "Accept all strong (2)" }).click();
    await expect(status(page)).toContainText("2 rows accepted.");
    await expect(main(page)).toContainText("All is reviewed");
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(status(page)).toContainText("Taken back");
    await expect(rows(page)).toHaveCount(2);
    await page.getByRole("button", { name: "Hide those" }).click();
    await expect(page.getByRole("alert")).toHaveText("Choose rows first: tick them.");
    // At Enter in a tick nothing is accepted.
    await page.getByRole("checkbox").last().press("Enter");
    await expect(page.getByRole("alert")).toHaveText("Nothing was done: press the button of a row, or one below for all that are ticked.");
    await expect(rows(page)).toHaveCount(2);
    for (const box of await page.getByRole("checkbox").all()) await box.check();
    await page.getByRole("button", { name: "Hide those" }).click();
    await expect(status(page)).toContainText("2 rows hidden.");
    await page.getByRole("link", { name: "Hidden rows" }).click();
    await rows(page).first().getByRole("button", { name: /^Show again/ }).click();
    await expect(status(page)).toContainText("1 row shown in the inbox again.");
    await page.goto(`${home}/inbox?search=rewe`);
    const { rows: waiting } = await api.get<{ rows: { is_strong: boolean }[] }>("inbox");
    expect(waiting).toEqual([expect.objectContaining({ is_strong: true })]);
  });
});
