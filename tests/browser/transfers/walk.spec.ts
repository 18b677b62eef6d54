// Transfers between own accounts: with a fee, over three days, in transit between; a wrong pair that is taken apart; and what only looks like one.
import type { Page } from "@playwright/test";
import { Api, type Account, type Transactions } from "../../support/api.ts";
import { cell, focusCell, live, row, said } from "../../support/books.ts";
import { connectDemoBank, type House, expect, organizationOf, test } from "../../support/house.ts";

interface Mark {
  state: string;
  account_name: string | null;
}

interface Rows {
  transactions: (Transactions["transactions"][number] & { transfer: Mark | null })[];
}

/** The working day that is so many working days before today. */
function workingDay(before: number): string {
  const day = new Date();
  const isOff = (): boolean => [0, 6].includes(day.getUTCDay());
  while (isOff()) day.setUTCDate(day.getUTCDate() - 1);
  for (let left = before; left > 0; ) {
    day.setUTCDate(day.getUTCDate() - 1);
    if (!isOff()) left -= 1;
  }
  return day.toISOString().slice(0, 10);
}

/** Brings rows into an account as its bank's file has them. */
async function bring(api: Api, account: string, name: string, rows: string): Promise<void> {
  const headers = { origin: api.house.address, "content-type": "text/csv" };
  const data = `Date,Payee,IBAN,Purpose,Amount\n${rows}\n`;
  const brought = await api.request.post(api.at(`accounts/${account}/files?name=${name}`), { headers, data });
  expect(brought.ok(), await brought.text()).toBe(true);
  const { id, stage } = (await brought.json()) as { id: string; stage: string };
  expect(stage).toBe("ready");
  await api.made(`accounts/${account}/files/${id}/import`, {});
}

/** The demo bank, whose rows name each other's numbers, with the ids of its two accounts and the number of the savings. */
async function twoAccounts(page: Page, house: House): Promise<{ api: Api; giro: string; savings: string; number: string }> {
  await connectDemoBank(page, house);
  const api = new Api(page.request, house, organizationOf(page));
  const accounts = await api.get<Account[]>("accounts");
  const id = (name: string): string => accounts.find((account) => account.name === name)?.id ?? "none";
  const [giro, savings] = [id("Girokonto"), id("Tagesgeld")];
  const { transactions } = await api.get<Rows>(`transactions?account=${giro}&search=Sparen&limit=1`);
  const detail = await api.get<{ bank_rows: { raw: string }[] }>(`transactions/${transactions[0]?.id}`);
  const number = /"creditorAccount":\{"iban":"(\w+)"/.exec(detail.bank_rows[0]?.raw.replace(/\s/g, "") ?? "")?.[1];
  expect(number).toBeTruthy();
  return { api, giro, savings, number: number ?? "" };
}

const panel = (page: Page) => page.getByRole("dialog");

test("a transfer with a fee over three days is in transit, then linked, taken apart and linked again", async ({ signedIn: page, house, eyes }) => {
  const { api, giro, savings, number } = await twoAccounts(page, house);
  const [left, came] = [workingDay(3), workingDay(0)];
  const flows = async () => (await api.get<{ months: { flow: { in: string; out: string } }[] }>("overview")).months.at(-1)?.flow;
  const before = await flows();
  await bring(api, giro, "giro.csv", `${left},Demo Household,${number},To the savings,-1003.50`);

  // Nothing is made up on the other side.
  await page.goto(`${house.address}/o/${api.organization}/accounts/${giro}?q=To the savings`);
  await live(page);
  await expect(cell(page, 0, "category")).toHaveText("In transit to Tagesgeld");
  await eyes.look("in-transit");
  await cell(page, 0, "state").click();
  await expect(panel(page).getByText("The bank names Tagesgeld as the other side. That row has not come yet.")).toBeVisible();
  await eyes.keep("in-transit-panel");
  expect((await api.get<Rows>(`transactions?account=${savings}&search=1000.00&from=${left}`)).transactions).toEqual([]);

  await bring(api, savings, "savings.csv", `${came},Demo Household,,From the giro,1000.00`);
  await page.reload();
  await live(page);
  await expect(cell(page, 0, "category")).toHaveText("Transfer to Tagesgeld");
  await eyes.look("linked");
  await cell(page, 0, "state").click();
  await expect(panel(page).getByText("The row that went out names the number of the account it came into.")).toBeVisible();
  await expect(panel(page).getByText("3.50 EUR less came in than went out: a fee.")).toBeVisible();
  await expect(panel(page).getByText("It came in 3 bank days later.")).toBeVisible();
  await expect(panel(page).getByText("linked by Bankside")).toBeVisible();
  await eyes.look("why");
  // What was lost on the way is all that was spent.
  const cents = (amount: string | undefined): number => Math.round(Number(amount) * 100);
  const after = await flows();
  const spansMonths = left.slice(0, 7) !== came.slice(0, 7);
  if (!spansMonths) expect([cents(after?.in), cents(after?.out)]).toEqual([cents(before?.in), cents(before?.out) - 350]);

  // The other side is one step away, and says where it came from.
  await panel(page).getByRole("button", { name: /^The other side: Tagesgeld/ }).click();
  await expect(panel(page).getByText("Transfer from Girokonto")).toBeVisible();

  await panel(page).getByRole("button", { name: "Break the pair" }).click();
  await expect(said(page, "Taken apart. Nobody asks about these two again.")).toBeVisible();
  await expect(cell(page, 0, "category")).toHaveText("In transit to Tagesgeld");
  await page.goto(`${house.address}/o/${api.organization}/suspicions`);
  await expect(page.getByRole("heading", { name: "Nothing is in doubt" })).toBeVisible();
  await page.getByRole("button", { name: "Look through all rows" }).click();
  await expect(page.getByText("No further transfer is there without a doubt.")).toBeVisible();
  await eyes.look("remembered");

  // Whoever took it apart by mistake takes that back.
  await page.goto(`${house.address}/o/${api.organization}/accounts/${giro}?q=To the savings`);
  await live(page);
  await focusCell(page, 0, "payee");
  await page.keyboard.press("Control+z");
  await expect(said(page, "Undone: Transfer taken apart.")).toBeVisible();
  await expect(cell(page, 0, "category")).toHaveText("Transfer to Tagesgeld");
});

test("what only looks like a transfer is proposed, and one is made by hand", async ({ signedIn: page, house, eyes }) => {
  const { api, giro } = await twoAccounts(page, house);
  const home = `${house.address}/o/${api.organization}`;
  const { id: cash } = await api.made<{ id: string }>("accounts", { name: "Cash box", kind: "cash", currency: "EUR" });
  const day = workingDay(1);
  const typed = (account: string, amount: string, payee: string) => api.made("transactions", { account, date: day, amount, payee });
  await typed(giro, "-81.37", "Cash machine");
  await typed(cash, "81.37", "From the machine");
  await typed(giro, "-47.11", "Market");
  await typed(cash, "47.11", "Found in a coat");

  await page.goto(`${home}/suspicions`);
  await expect(page.getByRole("heading", { name: "Suggested transfers" })).toBeVisible();
  const card = (amount: string) => page.getByRole("article", { name: `Girokonto to Cash box, ${amount} EUR` });
  await expect(card("81.37").getByText("They look like a transfer, but nothing says so for certain.")).toBeVisible();
  await eyes.look("suggested");
  await card("81.37").getByRole("button", { name: /^Link/ }).click();
  await expect(page.getByText("Decided.")).toBeVisible();
  await expect(card("81.37")).toHaveCount(0);
  await card("47.11").getByRole("button", { name: /^Not a transfer/ }).click();
  await expect(page.getByRole("heading", { name: "Nothing is in doubt" })).toBeVisible();
  await page.getByRole("link", { name: "Undo this" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(card("47.11")).toBeVisible();
  await card("47.11").getByRole("button", { name: /^Not a transfer/ }).click();

  // A row whose other side says another amount: nobody but a person knows. With the keyboard alone.
  await typed(giro, "-66.00", "Taxi to the bank");
  await typed(cash, "60.00", "Change");
  await page.goto(`${home}/accounts/${giro}?q=Taxi to the bank`);
  await live(page);
  await focusCell(page, 0, "payee");
  await page.keyboard.press("r");
  const dialog = page.getByRole("dialog", { name: "Make a transfer" });
  await expect(dialog.getByRole("listitem").first()).toBeVisible();
  await eyes.look("choose");
  await dialog.getByRole("searchbox").fill("change");
  await expect(dialog.getByRole("listitem")).toHaveCount(1);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(said(page, "Linked as a transfer.")).toBeVisible();
  await expect(cell(page, 0, "category")).toHaveText("Transfer to Cash box");
  await said(page, "Linked as a transfer.").getByRole("button", { name: "Undo" }).click();
  await expect(cell(page, 0, "category")).toHaveText("No category");

  // Two rows that are selected are the two sides.
  await page.goto(`${home}/transactions?q=66.00`);
  await live(page);
  await page.goto(`${home}/transactions`);
  await live(page);
  const taxi = page.locator(".rows .row").filter({ hasText: "Taxi to the bank" });
  const change = page.locator(".rows .row").filter({ hasText: /^(?!.*coat).*Change/ });
  // Rows that arrive meanwhile are drawn anew, and a click may meet one that is going.
  for (const one of [taxi, change]) await expect(() => one.getByRole("checkbox").first().check({ timeout: 1000 })).toPass();
  await page.getByRole("button", { name: "Make a transfer" }).click();
  await expect(said(page, "Linked as a transfer.")).toBeVisible();
  await expect(taxi.getByText("Transfer to Cash box")).toBeVisible();
  await expect(row(page, 0)).toBeVisible();
});
