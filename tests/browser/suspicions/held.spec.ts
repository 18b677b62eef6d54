// Rows that were held back: a person decides about each, syncs keep to it, and it can be taken back.
import type { Page } from "@playwright/test";
import { connectDemoBank, expect, organizationOf, passDays, test } from "../../support/house.ts";
import { between } from "../../support/sql.ts";

// The bank sends other amounts under ids that are known: what is known of its latest three rows becomes another euro less.
const corrected = `
rows = db.execute("""SELECT v.id, t.id, t.account_id FROM feed_row_versions v
  JOIN claims k ON k.feed_row_id = v.feed_row_id AND k.state = 'applied' JOIN transactions t ON t.id = k.transaction_id
  WHERE v.status = 'booked' AND v.amount_minor < 0 AND v.provider_id_digest IS NOT NULL
  ORDER BY v.day DESC, v.id LIMIT 3""").fetchall()
for version, transaction, account in rows:
  db.execute("UPDATE feed_row_versions SET amount_minor = amount_minor - 100, raw_digest = randomblob(16), fingerprint = randomblob(16) WHERE id = ?", (version,))
  db.execute("UPDATE transactions SET amount_minor = amount_minor - 100 WHERE id = ?", (transaction,))
  db.execute("UPDATE transaction_lines SET amount_minor = amount_minor - 100 WHERE transaction_id = ?", (transaction,))
  db.execute("UPDATE accounts SET booked_minor = booked_minor - 100, revision = revision + 1 WHERE id = ?", (account,))
`;

async function sync(page: Page, home: string): Promise<void> {
  await page.goto(`${home}/banks`);
  await page.getByRole("button", { name: "Bank sync" }).click();
  await expect(page.getByRole("link", { name: "To the transactions" })).toBeVisible();
}

const cards = (page: Page) => page.getByRole("main").getByRole("article").filter({ has: page.getByRole("button", { name: /^Leave it out/ }) });

test("rows that were held back are decided one by one, and no sync asks again", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.goto(`${home}/suspicions`);
  await expect(page.getByRole("heading", { name: "Nothing is in doubt" })).toBeVisible();
  await eyes.look("nothing-in-doubt");

  await between(house, corrected);
  await sync(page, home);
  await expect(page.getByText("3 held back for you")).toBeVisible();
  await page.getByRole("link", { name: "To the suspicions" }).first().click();
  await expect(page.getByRole("heading", { name: "Suspicions", level: 1 })).toBeVisible();
  await expect(cards(page)).toHaveCount(3);
  await eyes.look("held-back");
  await page.goto(`${home}/overview`);
  await expect(page.getByText("3 suspicions", { exact: true })).toBeVisible();
  await eyes.look("overview-with-suspicions");
  await page.getByRole("link", { name: /^Decide.*3 suspicions/ }).click();

  // One of each; the last is taken back and decided another way.
  await cards(page).first().getByRole("button", { name: /^It is another row/ }).click();
  await expect(page.getByText("Decided.")).toBeVisible();
  await expect(cards(page)).toHaveCount(2);
  await eyes.look("decided");
  await cards(page).first().getByRole("button", { name: /^It is this row, corrected/ }).click();
  await expect(cards(page)).toHaveCount(1);
  await page.getByRole("button", { name: /^Leave it out/ }).click();
  await expect(page.getByRole("heading", { name: "Nothing is in doubt" })).toBeVisible();
  await page.getByRole("link", { name: "Undo this" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(cards(page)).toHaveCount(1);
  await page.getByRole("button", { name: /^Leave it out/ }).click();

  await passDays(house, 1);
  await sync(page, home);
  await page.goto(`${home}/suspicions`);
  await expect(page.getByRole("heading", { name: "Nothing is in doubt" })).toBeVisible();
});

test("a row of a locked period can only be left out, and the lock is named", async ({ signedIn: page, house, eyes }) => {
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  await between(house, `db.execute("UPDATE accounts SET locked_through = '2099-12-31'")`);
  await passDays(house, 3);
  await sync(page, home);
  await page.getByRole("link", { name: /Show the rows that came new/ }).first().click();
  await page.getByRole("link", { name: /^Decide about/ }).first().click();
  await expect(page.getByText("The books are locked up to 2099-12-31.").first()).toBeVisible();
  await expect(page.getByRole("button", { name: /^(It is another row|Bring it in)/ })).toHaveCount(0);
  await eyes.look("locked");
  await page.getByRole("button", { name: /^Leave it out/ }).first().click();
  await expect(page.getByText("Decided.")).toBeVisible();

  // Whoever only reads sees what waits, and decides nothing.
  await between(house, `db.execute("UPDATE members SET role = 'viewer'")`);
  await page.goto(`${home}/suspicions`);
  await expect(page.getByText(/Whoever may change the books/).first()).toBeVisible();
  await expect(page.getByRole("button", { name: /^Leave it out/ })).toHaveCount(0);
});
