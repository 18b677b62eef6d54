// A person brings a statement file into an account: what it means is guessed and confirmed, what would come of it is shown, and it can be undone.
import type { Page } from "@playwright/test";
import { Api } from "../../support/api.ts";
import { type House, expect, openMenu, organizationOf, test } from "../../support/house.ts";
import { between } from "../../support/sql.ts";

/** A bank's export with notes around it, its own words for columns, a line that cannot be read, and letters of Windows. */
const dirty = Buffer.from(
  [
    '"Konto";"DE12 3456 Giro"',
    '"Zeitraum";"November"',
    "",
    '"Buchungstag";"Beg\u00fcnstigter";"Verwendungszweck";"Betrag (EUR)";"Saldo"',
    '"20.11.2026";"B\u00e4ckerei K\u00fchn";"Brot; zwei ""gro\u00dfe""";"-7,80";"1.204,20"',
    '"19.11.2026";"=HYPERLINK(""http://x"")";"Gehalt";"1.250,00";"1.212,00"',
    '"31.11.2026";"Niemand";"Nie";"-1,00";"-38,00"',
    '"18.11.2026";"Kiosk";"Zeitung";"-2,50";"-38,00"',
    '"Summe";"";"";"1.239,70";""',
    "",
  ].join("\r\n"),
  "latin1",
);

const asked = "Date,Description,Amount\n05/11/2026,Coffee,-1.50\n06/11/2026,Tea,-2.50\n";

async function bring(page: Page, name: string, content: Buffer | string): Promise<void> {
  await page.getByLabel("CSV file").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(content) });
  await page.getByRole("button", { name: "Read the file" }).click();
}

async function till(page: Page, house: House): Promise<string> {
  const api = new Api(page.request, house, organizationOf(page));
  const account = await api.made<{ id: string }>("accounts", { name: "Till", kind: "checking", currency: "EUR" });
  return `${house.address}/o/${organizationOf(page)}/accounts/${account.id}`;
}

test("a file is read, confirmed, looked at, imported once and undone", async ({ signedIn: page, house, eyes }) => {
  const account = await till(page, house);
  await page.goto(account);
  await openMenu(page, "Till");
  await page.getByRole("link", { name: "Import a file" }).click();
  await expect(page.getByRole("heading", { name: "Import a file", level: 1 })).toBeVisible();
  await eyes.look("bring");
  await bring(page, "photo.xlsx", "PK\u0003\u0004");
  await expect(page.getByText("This is a spreadsheet or an archive, not a CSV file.")).toBeVisible();
  await eyes.look("no-csv");

  await bring(page, "november.csv", dirty);
  await expect(page.getByRole("heading", { name: "november.csv", level: 1 })).toBeVisible();
  await expect(page.getByText("3 rows are new, +1,239.70 in all")).toBeVisible();
  await expect(page.getByText("1 line cannot be read", { exact: true })).toBeVisible();
  await page.getByText("The lines that cannot be read").click();
  await expect(page.getByText("Line 7, Buchungstag: “31.11.2026” – this is no date in the chosen order.")).toBeVisible();
  await expect(page.getByRole("cell", { name: /^Bäckerei Kühn Brot; zwei/ })).toBeVisible();
  await expect(page.getByRole("combobox", { name: "Betrag (EUR)" })).toHaveValue("amount");
  await eyes.look("looked-at");

  // A column that is chosen wrongly says so and writes nothing.
  await page.getByRole("combobox", { name: "Betrag (EUR)" }).selectOption("not used");
  await page.getByRole("button", { name: "Read it again" }).click();
  await expect(page.getByText("Say which column is the amount, or which two are the amounts out and in.")).toBeVisible();
  await page.getByRole("combobox", { name: "Betrag (EUR)" }).selectOption("amount");
  await page.getByRole("button", { name: "Read it again" }).click();

  // What cannot be read is left out knowingly, with the keyboard alone.
  await page.getByRole("checkbox", { name: "Import without the 1 line that cannot be read" }).focus();
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: "Import 3 rows" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("3 rows came in, of 3 rows in the file.")).toBeVisible();
  await eyes.look("imported");

  await page.getByRole("link", { name: "Import another file" }).click();
  await expect(page.getByRole("cell", { name: "3 rows came in" })).toBeVisible();
  await bring(page, "november.csv", dirty);
  await expect(page.getByText("3 rows are there already")).toBeVisible();
  await expect(page.getByText("Read as the last file of this account, which has the same columns.")).toBeVisible();
  await expect(page.getByText("There is nothing to import.")).toBeVisible();
  await expect(page.getByRole("button", { name: /^Import/ })).toHaveCount(0);
  await eyes.look("nothing-new");
  await page.getByRole("button", { name: "Let the file go" }).click();

  await page.getByRole("link", { name: "november.csv" }).click();
  await page.getByRole("link", { name: "Undo" }).click();
  await expect(page.getByRole("heading", { name: "Undo the import of november.csv?" })).toBeVisible();
  await expect(page.getByRole("radio", { name: "Bring them in again" })).toBeChecked();
  await page.getByRole("radio", { name: "Leave them out for good" }).check();
  await eyes.look("undo-file");
  await page.getByRole("button", { name: "Undo" }).click();
  const api = new Api(page.request, house, organizationOf(page));
  const left = await api.get<{ transactions: unknown[] }>(`transactions?account=${account.split("/").pop()}`);
  expect(left.transactions).toEqual([]);

  // The same file again: what was taken out for good is not said to be there.
  await page.goto(`${account}/files`);
  await bring(page, "november.csv", dirty);
  await expect(page.getByText("3 rows stay out: 3 you had taken out of the books")).toBeVisible();
  await expect(page.getByText(/there already/)).toHaveCount(0);
  await eyes.look("taken-out");
  expect(eyes.complaints).toEqual([]);
});

test("what a file does not say is asked", async ({ signedIn: page, house, eyes }) => {
  const account = await till(page, house);
  await page.goto(`${account}/files`);
  await bring(page, "card.csv", asked);
  await expect(page.getByText("Every date in this file is one with the day first and one with the month first.")).toBeVisible();
  await expect(page.getByLabel("Dates")).toHaveValue("");
  await eyes.look("asked");
  await page.getByLabel("Dates").selectOption("day_first");
  await page.getByRole("button", { name: "Show what would come of it" }).click();
  await expect(page.getByText("5 Nov 2026 to 6 Nov 2026")).toBeVisible();
  await page.getByText("The signs are the other way round").click();
  await page.getByRole("button", { name: "Read it again" }).click();
  await expect(page.getByText("2 rows are new, +4.00 in all")).toBeVisible();
  await page.getByRole("button", { name: "Let the file go" }).click();
  await expect(page.getByRole("heading", { name: "Import a file", level: 1 })).toBeVisible();
  expect(eyes.complaints).toEqual([]);
});

/** Rows of three accounts: one known by its name, one by nothing, one that is none of ours. */
const several = [
  "Auftragskonto;Buchungstag;Verwendungszweck;Betrag",
  "Mill till;05.11.2026;Flour;-3,50",
  "DE02120300000000202051;05.11.2026;Rent;900,00",
  "Mill till;31.11.2026;Never;-1,00",
  "Mill till;04.11.2026;Bread;2,50",
  "4711;03.11.2026;Nobody's;-1,00",
  "",
].join("\n");

/** An asset with one account, and one below it with another; gives the address of the upper one. */
async function mill(page: Page, house: House): Promise<string> {
  const api = new Api(page.request, house, organizationOf(page));
  const asset = { kind: "structuring", stage: "active" };
  const upper = await api.made<{ id: string }>("assets", { ...asset, name: "Spain" });
  const lower = await api.made<{ id: string }>("assets", { ...asset, name: "Mill", under: upper.id });
  const account = { kind: "checking", currency: "EUR" };
  await api.made("accounts", { ...account, name: "Rents", asset: upper.id });
  await api.made("accounts", { ...account, name: "Mill till", asset: lower.id });
  return `${house.address}/o/${organizationOf(page)}/assets/${upper.id}`;
}

test("a file of an asset is divided among its accounts", async ({ signedIn: page, house, eyes }) => {
  const asset = await mill(page, house);
  await page.goto(asset);
  await openMenu(page, "Spain");
  await page.getByRole("link", { name: "Import a file" }).click();
  await expect(page.getByText("2 open accounts belong to Spain and what lies below it.")).toBeVisible();
  await eyes.look("asset-bring");
  await bring(page, "all.csv", several);
  await expect(page.getByRole("heading", { name: "Which account is which" })).toBeVisible();
  await expect(page.getByRole("combobox", { name: /^Mill till/ })).toHaveText(/Mill till, EUR – Spain ▸ Mill/);
  await expect(page.getByRole("combobox", { name: /^DE0212/ })).toHaveValue("");
  await eyes.look("asset-accounts");

  await page.getByRole("combobox", { name: /^DE0212/ }).selectOption({ label: "Rents, EUR – Spain" });
  await page.getByRole("combobox", { name: /^4711/ }).selectOption("Leave out (1 line)");
  await page.getByRole("button", { name: "Show what would come of it" }).click();
  await expect(page.getByRole("row", { name: /Mill till 4 Nov 2026 to 5 Nov 2026 2 – – 1 −1\.00 EUR/ })).toBeVisible();
  await expect(page.getByText("1 line stays out with its account")).toBeVisible();
  await page.getByText("The lines that cannot be read").click();
  await expect(page.getByText("Line 4, Buchungstag: “31.11.2026” – this is no date in the chosen order.")).toBeVisible();
  await eyes.look("asset-looked-at");
  await page.getByRole("main").getByRole("link", { name: "Mill till" }).click();
  await expect(page.getByText("This came with rows of other accounts.")).toBeVisible();
  await eyes.look("asset-part");
  await page.getByRole("link", { name: "Go on with the whole file" }).click();

  await expect(page.getByRole("combobox", { name: /^4711/ })).toHaveValue("out");
  await page.getByRole("checkbox", { name: "Import without the 1 line that cannot be read" }).focus();
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: "Import 3 rows into 2 accounts" }).click();
  await expect(page.getByText("3 rows came into 2 accounts.")).toBeVisible();
  await eyes.look("asset-imported");

  // The next file of the asset knows which account is which.
  await page.getByRole("link", { name: "Import another file" }).click();
  await expect(page.getByRole("cell", { name: "3 rows came into 2 accounts" })).toBeVisible();
  await bring(page, "all.csv", several);
  await expect(page.getByText("as in the last file").first()).toBeVisible();
  await page.getByRole("button", { name: "Show what would come of it" }).click();
  await expect(page.getByText("There is nothing to import.")).toBeVisible();
  await page.getByRole("button", { name: "Let the file go" }).click();
  await page.getByRole("link", { name: "all.csv" }).click();
  await page.getByRole("link", { name: "Undo the import into Rents" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  const api = new Api(page.request, house, organizationOf(page));
  const left = await api.get<{ transactions: unknown[] }>("transactions");
  expect(left.transactions.length).toBe(2);
  expect(eyes.complaints).toEqual([]);
});

test("the balances of a file prove the books of an account without a bank", async ({ signedIn: page, house, eyes }) => {
  const account = await till(page, house);
  await page.goto(`${account}/files`);
  const lines = "Status;Datum;Zweck;Betrag;Saldo\nVorgemerkt;06.11.2026;Hotel;-80,00;\nGebucht;05.11.2026;Kaffee;-3,50;96,50\nGebucht;04.11.2026;Brot;-2,00;100,00\n";
  await bring(page, "giro.csv", lines);
  await expect(page.getByText("2 days have a balance: the books are checked against it")).toBeVisible();
  await expect(page.getByText("1 line is pending and stays out until a file has it booked")).toBeVisible();
  await eyes.look("balances-looked-at");
  await page.getByRole("button", { name: "Import 2 rows" }).click();
  await page.getByRole("link", { name: "To the transactions" }).click();
  await page.getByRole("link", { name: /balance check of Till/ }).click();
  await expect(page.getByText("From the start the bank says 102.00 more than the ledger; every row since fits.")).toBeVisible();
  await eyes.look("balances-apart");
  expect(eyes.complaints).toEqual([]);
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("a file comes in", async ({ signedIn: page, house }) => {
    const account = await till(page, house);
    await page.goto(`${account}/files`);
    await bring(page, "november.csv", dirty);
    await page.getByRole("checkbox", { name: /^Import without the 1 line/ }).check();
    await page.getByRole("button", { name: "Import 3 rows" }).click();
    await expect(page.getByText("3 rows came in, of 3 rows in the file.")).toBeVisible();
    await page.getByRole("link", { name: "To the transactions" }).click();
    await expect(page.getByText("Kiosk")).toBeVisible();
  });
});

test("a long file says how far it is, and the page goes on by itself", async ({ signedIn: page, house, eyes }) => {
  const account = await till(page, house);
  await page.goto(`${account}/files`);
  await bring(page, "november.csv", dirty);
  await expect(page.getByText("3 rows are new, +1,239.70 in all")).toBeVisible();
  // As a worker leaves it that is in the middle of it.
  const file = page.url();
  await page.goto("about:blank");
  const midway = "stage = 'reading', rows_done = 12000, rows_total = 30000, lease_until = 4102444800000000";
  await between(house, `db.execute("UPDATE statement_files SET ${midway}")`);
  await page.goto(file);
  const bar = page.getByRole("progressbar");
  await expect(bar).toHaveAttribute("value", "12000");
  await expect(bar).toHaveAttribute("max", "30000");
  await expect(page.getByText("12,000 rows of 30,000 rows").first()).toBeVisible();
  await expect(page.getByRole("main")).toContainText("You can leave this page and come back.");
  await eyes.look("busy");
  // The worker falls silent, and the next one takes the file up: the page that is open shows by itself what came of it.
  await page.goto("about:blank");
  await between(house, `import time\ndb.execute(f"UPDATE statement_files SET lease_until = {int((time.time() + 10) * 1000000)}")`);
  await page.goto(file);
  await expect(page.getByText("3 rows are new, +1,239.70 in all")).toBeVisible({ timeout: 30_000 });
  expect(eyes.complaints).toEqual([]);
});
