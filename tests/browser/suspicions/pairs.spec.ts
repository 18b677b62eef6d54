// Two rows that may be one: merged with what a person chooses, or told apart for ever. And what banks stopped showing.
import { connectDemoBank, expect, organizationOf, test } from "../../support/house.ts";
import { Api, type Account, type Transactions } from "../../support/api.ts";
import { between } from "../../support/sql.ts";

// A pending row, and a booked one of a tenth more with the same payee; and pending rows that the bank will not show again.
const settlementOf = (pending: string) => `
pending, account, day, payee, minor = db.execute("""SELECT id, account_id, dated_on, payee_id, amount_minor FROM transactions
  WHERE status = 'pending' AND ${pending} AND payee_id IS NOT NULL AND amount_minor < -100 ORDER BY id LIMIT 1""").fetchone()
booked, before = db.execute("""SELECT id, amount_minor FROM transactions WHERE status = 'booked' AND account_id = ? AND dated_on <= ?
  AND deleted_at IS NULL AND provider_dated_on IS NOT NULL AND id NOT IN (SELECT l.transaction_id FROM transaction_lines l
  JOIN field_layers y ON y.entity_id = l.id) ORDER BY dated_on DESC LIMIT 1""", (account, day)).fetchone()
more = minor + minor // 10
db.execute("UPDATE transactions SET dated_on = ?, payee_id = ?, amount_minor = ? WHERE id = ?", (day, payee, more, booked))
db.execute("UPDATE transaction_lines SET amount_minor = ? WHERE transaction_id = ?", (more, booked))
db.execute("UPDATE accounts SET booked_minor = booked_minor + ?, revision = revision + 1 WHERE id = ?", (more - before, account))
`;
const unshown = `
db.execute("""UPDATE feed_row_versions SET amount_minor = amount_minor - 900000, raw_digest = randomblob(16), fingerprint = randomblob(16),
  provider_id_digest = NULL, bank_id_digest = NULL, reference_digest = NULL WHERE status = 'pending'""")
`;

test("twins are merged or told apart, a doubtful settlement is settled, and what vanished is told", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const api = new Api(page.request, house, organizationOf(page));
  const home = `${house.address}/o/${api.organization}`;
  const giro = (await api.get<Account[]>("accounts")).find((account) => account.name === "Girokonto");
  const { transactions } = await api.get<Transactions>(`transactions?account=${giro?.id}&limit=200`);
  const isAlone = (row: { payee?: string; amount: string }) =>
    transactions.filter((other) => other.payee === row.payee && other.amount === row.amount).length === 1;
  const sent = transactions.filter((row) => row.status === "booked" && row.payee && isAlone(row)).slice(0, 2);
  for (const row of sent) {
    const typed = { account: giro?.id, date: row.date, amount: row.amount, payee: row.payee, note: "typed by hand" };
    await api.made("transactions", typed);
  }
  const before = (await api.get<Transactions>("transactions?limit=1")).total;
  await page.goto(`${home}/suspicions`);
  const same = page.getByRole("button", { name: /^They are the same/ });
  await expect(same).toHaveCount(2);
  await eyes.look("twins");

  // The typed note is proposed; of the first pair the bank's is chosen.
  const first = page.getByRole("article").first();
  await expect(first.getByRole("radio", { name: "typed by hand" })).toBeChecked();
  await first.getByRole("row").filter({ hasText: "Note" }).getByRole("radio").first().check();
  await same.first().click();
  await expect(page.getByText("Decided.")).toBeVisible();
  await expect(same).toHaveCount(1);
  expect((await api.get<Transactions>("transactions?limit=1")).total).toBe(before - 1);
  await page.getByRole("link", { name: "Undo this" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(same).toHaveCount(2);
  await same.first().click();
  await page.getByRole("button", { name: /^Different for ever/ }).click();
  await expect(page.getByRole("heading", { name: "Nothing is in doubt" })).toBeVisible();
  expect((await api.get<Transactions>("transactions?limit=1")).total).toBe(before - 1);

  for (const row of transactions.filter((row) => row.status === "pending")) {
    const noted = await api.send("PATCH", `transactions/${row.id}`, { note: "written while it was pending" });
    expect(noted.ok(), await noted.text()).toBe(true);
  }
  await between(house, unshown);
  const [{ id }] = await api.made<[{ id: string }]>("sync");
  await api.finished(id);
  await page.goto(`${home}/suspicions`);
  await expect(page.getByRole("region", { name: "Vanished rows" })).toBeVisible();
  await eyes.look("vanished");

  await between(house, settlementOf("deleted_at IS NULL"));
  await page.goto(`${home}/suspicions`);
  // Of some days the bank has two pending rows that went, and then either may be asked about: each pair is looked for by what it is.
  const about = (words: string) => page.getByRole("article").filter({ hasText: words }).first();
  const settlement = about("A pending row, and soon after it a booked one");
  await expect(settlement).toBeVisible();
  await eyes.look("settlement");
  await settlement.getByRole("button", { name: /^They are the same/ }).click();
  await expect(page.getByText("Decided.")).toBeVisible();
  expect((await api.get<Transactions>("transactions?limit=1")).total).toBe(before - 2);

  // Of one that went before it was booked, what somebody wrote on it is asked about.
  await between(house, settlementOf("deleted_at IS NOT NULL AND id IN (SELECT transaction_id FROM claims WHERE state = 'superseded')"));
  await page.goto(`${home}/suspicions`);
  const gone = about("The bank no longer shows a pending row that you wrote on");
  await expect(gone).toBeVisible();
  await expect(gone.getByRole("radio", { name: "written while it was pending" })).toBeChecked();
  await eyes.look("went-before-it-was-booked");
  await gone.getByRole("button", { name: /^They are the same/ }).click();
  await expect(page.getByText("Decided.")).toBeVisible();
  const { transactions: noted } = await api.get<Transactions>("transactions?search=written while it was pending");
  expect(noted.map((row) => row.status)).toEqual(["booked"]);
  expect((await api.get<Transactions>("transactions?limit=1")).total).toBe(before - 2);
});
