// Walk 7: finAPI, where everything at the bank happens on the provider's own page: which bank, the terms, the sign-in, and each way to
// confirm it.
import type { Page } from "@playwright/test";
import type { Eyes } from "../../support/eyes.ts";
import { Api, type Run } from "../../support/api.ts";
import { addAsset, arrived, expect, organizationOf, passDays, setUpCompany, test, type House } from "../../support/house.ts";
import { between } from "../../support/sql.ts";

/** Lets something happen at the simulator. */
async function happen(house: House, event: object): Promise<void> {
  const happened = await fetch(`${house.sandbox}/_control/finapi/events`, { method: "POST", body: JSON.stringify(event) });
  expect(happened.status, await happened.text()).toBe(200);
}

/** From the empty overview to the page that asks for a name. */
async function typeKeys(page: Page, house: House): Promise<void> {
  await page.getByLabel("Client ID").fill(house.finapi.credentials.clientId);
  await page.getByLabel("Client secret").fill(house.finapi.credentials.clientSecret);
  await page.getByRole("button", { name: "Test and save" }).click();
}

/** Opens the page of the provider that a waiting page leads to. */
async function opened(page: Page): Promise<Page> {
  const link = await page.getByRole("link", { name: "Link bank in browser" }).getAttribute("href");
  const tab = await page.context().newPage();
  await tab.goto(link ?? "");
  return tab;
}

/** Types the keys on their own page; the organization's address. */
async function withKeys(page: Page, house: House): Promise<string> {
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.goto(`${home}/providers/finapi/keys`);
  await typeKeys(page, house);
  await arrived(page, "Sync with a bank");
  return home;
}

/** Names a sync, and opens the page of the provider. */
async function named(page: Page): Promise<Page> {
  await page.getByLabel("Sync name").fill("Household");
  await page.getByRole("button", { name: "Next" }).click();
  return opened(page);
}

/** A step of that page, with what is to be typed there. */
async function typed(tab: Page, title: string, fields: Record<string, string> = {}): Promise<void> {
  await arrived(tab, title);
  for (const [label, text] of Object.entries(fields)) await tab.getByLabel(label).fill(text);
  await tab.getByRole("button", { name: "Continue" }).click();
}

async function acceptTerms(tab: Page): Promise<void> {
  await arrived(tab, "Terms of use");
  await tab.getByLabel(/I accept the terms/).check();
  await tab.getByRole("button", { name: "Continue" }).click();
}

async function confirmBy(tab: Page, method: string): Promise<void> {
  await arrived(tab, "Choose a way to confirm");
  await tab.getByLabel(method).check();
  await tab.getByRole("button", { name: "Continue" }).click();
}

/** Looks at a page of the provider's where somebody asks for pictures: what can be measured is the same on all of them. */
async function glance(eyes: Eyes, name: string, tab: Page): Promise<void> {
  if (process.env.BANKSIDE_PICTURES) await eyes.look(name, tab);
}

/** The person comes back, and the page that waited has gone on by itself. */
async function cameBack(tab: Page, house: House): Promise<void> {
  await tab.waitForURL(`${house.address}/**`);
  await tab.close();
}

test("a named sync, the provider's form, accounts of an asset, a day that passes, an end that nears, one account more, one less, rows that are mapped, and Unsync", async ({ page, house, eyes }) => {
  test.slow();
  await setUpCompany(page, house.address);
  const organization = organizationOf(page);
  const overview = `${house.address}/o/${organization}/banks`;
  const api = new Api(page.request, house, organization);

  // 1. Keys, from the overview of syncs.
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: "Bank integrations" }).click();
  await page.getByRole("link", { name: "Sync with a bank" }).click();
  await page.getByLabel("Country").selectOption("DE");
  await page.waitForURL(/country=DE/);
  await page.getByRole("link", { name: "Set up finAPI for bank sync" }).click();
  await arrived(page, "Set up finAPI for bank sync");
  await page.getByLabel("Client ID").fill("nobody");
  await page.getByLabel("Client secret").fill("nobody");
  await page.getByRole("button", { name: "Test and save" }).click();
  await expect(page.getByRole("alert")).toContainText("finAPI does not accept this client ID and client secret");
  await eyes.look("keys-refused");
  await typeKeys(page, house);

  // 2. A name, and nothing else, is asked for here.
  await arrived(page, "Sync with a bank");
  await expect(page.getByRole("main").getByText("Bank integrations ▸ finAPI")).toBeVisible();
  await eyes.look("name");
  await page.getByLabel("Sync name").fill("Household");
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByText("on the page of finAPI")).toBeVisible();
  await eyes.look("to-the-form");

  // 3. The bank is looked for on the provider's page, where nothing fits at first.
  const tab = await opened(page);
  await arrived(tab, "Choose your bank");
  await expect(tab.getByText("Household")).toBeVisible();
  await tab.getByLabel("Name, bank code, BIC, IBAN or city").fill("Nowhere");
  await tab.getByRole("button", { name: "Search" }).click();
  await expect(tab.getByRole("alert")).toContainText("No bank fits");
  await tab.getByLabel("Name, bank code, BIC, IBAN or city").fill("Prüftal");
  await tab.getByRole("button", { name: "Search" }).click();
  await expect(tab.getByRole("radio")).toHaveCount(2);
  await eyes.look("form-banks", tab);
  await tab.getByLabel(/finAPI Test Bank/).check();
  await tab.getByRole("button", { name: "Continue" }).click();
  await tab.getByRole("button", { name: "Continue" }).click();
  await expect(tab.getByRole("alert")).toContainText("Accept the terms");
  await glance(eyes, "form-terms", tab);
  await acceptTerms(tab);
  await typed(tab, "Sign in to finAPI Test Bank", { "Sign-in name": "demo", PIN: "not demo" });
  await expect(tab.getByRole("alert")).toContainText("does not accept this sign-in");
  await glance(eyes, "form-sign-in", tab);
  await typed(tab, "Sign in to finAPI Test Bank", { "Sign-in name": "demo", PIN: "demo" });
  await arrived(tab, "Choose a way to confirm");
  await glance(eyes, "form-methods", tab);

  // 4. A wrong code once, and the right one.
  await confirmBy(tab, "chipTAN QR");
  await expect(tab.getByRole("img", { name: /chipTAN QR/ })).toBeVisible();
  await typed(tab, "Enter the code", { Code: "654321" });
  await expect(tab.getByRole("alert")).toContainText("does not accept this code");
  await eyes.look("form-code", tab);
  await happen(house, { event: "download", of: "*", seconds: 3 });
  await typed(tab, "Enter the code", { Code: "123456" });
  await cameBack(tab, house);

  // 5. The bank is read first; then its accounts are there, and the overview has all that is to be known of each.
  await expect(page.getByText("finAPI is reading finAPI Test Bank")).toBeVisible();
  await eyes.look("reading");
  await happen(house, { event: "download", of: "*", seconds: 0 });
  await arrived(page, "Link accounts");
  await expect(page.getByText("3 accounts found")).toBeVisible();
  await eyes.look("accounts");
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: "Assets" }).click();
  await addAsset(page, "Germany");
  await arrived(page, "Germany");
  await addAsset(page, "Site 1", "Production");
  await arrived(page, "Site 1");
  await page.goto(overview);
  const sync = page.getByRole("region", { name: "Household" });
  await expect(page.getByRole("link", { name: "Sync with a bank" })).toBeVisible();
  await expect(sync).toContainText("finAPI Test Bank · finAPI");
  await expect(sync).toContainText(/Session expires .*, 1[78]\d days left/);
  await expect(sync).toContainText("3 accounts found.");
  await expect(sync.getByRole("link", { name: "Unsync Household" })).toBeVisible();
  for (const verb of ["Get accounts of Household", "Resync Household"]) await expect(sync.getByRole("button", { name: verb })).toBeVisible();
  const giro = sync.getByRole("row").filter({ hasText: "Girokonto" }).first();
  await expect(giro).toContainText(/[\d.,]+ EUR/);
  for (const label of ["Bank account", "Holder", "Balance", "Linked asset"]) {
    await expect(sync.getByRole("columnheader", { name: label, exact: true })).toBeVisible();
  }
  await expect(giro.locator("td[data-label]").evaluateAll((cells) => cells.map((cell) => cell.getAttribute("data-label")))).resolves.toEqual([
    "Holder",
    "Balance",
    "Linked asset",
  ]);
  await expect(giro).toContainText("Not linked");
  await eyes.look("eleven-elements");

  // 6. One syncs with an asset, the others are linked; a day passes, and the daily import asks the bank.
  await giro.getByRole("link", { name: /^Sync with asset/ }).click();
  await page.getByLabel("Site 1").check();
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("button", { name: "Sync with asset" }).click();
  await expect(page.getByText(/1 account, \d+ rows: \d+ new/)).toBeVisible();
  await page.goto(overview);
  await expect(giro.getByRole("link", { name: "Germany ▸ Site 1" })).toBeVisible();
  await expect(giro.getByRole("link", { name: /^Sync with asset/ })).toHaveCount(0);
  await page.getByRole("link", { name: "Link accounts" }).click();
  await page.getByRole("button", { name: "Link accounts" }).click();
  await expect(page.getByText(/accounts, \d+ rows: \d+ new/)).toBeVisible();
  await passDays(house, 1);
  await page.goto("about:blank");
  house.environment.BANKSIDE_FEATURES__DAILY_IMPORT = "true";
  await between(house, `db.execute("UPDATE runs SET created_at = created_at - 93600000000, finished_at = finished_at - 93600000000")`);
  const latest = async () => (await api.get<(Run & { trigger: string })[]>("runs?limit=1"))[0];
  await expect.poll(latest).toMatchObject({ trigger: "schedule", state: "finished", outcome: "done" });
  await page.goto(overview);
  await expect(sync).toContainText(/Last import today \d\d:\d\d/);
  await expect(sync).toContainText(/Next import/);

  // 7. Access ends soon: it is said here, in the navigation, and what helps.
  await page.goto("about:blank");
  await between(house, `db.execute("UPDATE connections SET consent_valid_until = consent_valid_until - 172 * 86400000000")`);
  await page.goto(overview);
  await expect(page.getByRole("heading", { name: "Needs you" })).toBeVisible();
  await expect(sync).toContainText(/Renew by/);
  await expect(page.getByRole("navigation", { name: "Pages", exact: true }).getByRole("link", { name: /Bank integrations.*1 to do/ })).toBeVisible();
  await eyes.look("ends-soon");

  // 8. An account is opened at the bank: getting the accounts does not show it, and says what does.
  await happen(house, { event: "open_account", of: "280001" });
  await sync.getByRole("button", { name: "Get accounts" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Household: 3 accounts." })).toContainText("finAPI shows accounts that were opened since only after another sign-in.");
  await eyes.look("got-accounts");

  // 9. A Resync that is called off changes nothing; the next one finds the account, confirmed by a photograph.
  await sync.getByRole("button", { name: "Resync" }).click();
  await arrived(page, "Resync finAPI Test Bank");
  const aborted = await opened(page);
  await arrived(aborted, "Sign in to finAPI Test Bank");
  await aborted.getByRole("button", { name: "Cancel" }).click();
  await cameBack(aborted, house);
  await expect(page.getByText("You cancelled at finAPI. Nothing has changed.")).toBeVisible();
  await page.goto(overview);
  await expect(sync.getByRole("row").filter({ hasText: /Girokonto|Tagesgeld|Depot|Kreditkarte|konto/i })).not.toHaveCount(0);
  await sync.getByRole("button", { name: "Resync" }).click();
  await arrived(page, "Resync finAPI Test Bank");
  const again = await opened(page);
  await typed(again, "Sign in to finAPI Test Bank", { "Sign-in name": "demo", PIN: "demo" });
  await confirmBy(again, "photoTAN");
  await expect(again.getByRole("img", { name: /photoTAN/ })).toBeVisible();
  await typed(again, "Enter the code", { Code: "123456" });
  await happen(house, { event: "download", of: "*", seconds: 0 });
  await cameBack(again, house);
  await expect(page.getByText("3 accounts were recognised. Links and rows are as they were.")).toBeVisible();
  await eyes.look("resynced");

  // 10. It waits for a link. The bank closes it again: that is told, and the page that lies open elsewhere hears of it by itself.
  await page.goto(overview);
  const tagesgeld = sync.getByRole("row").filter({ hasText: "Tagesgeld" });
  await expect(tagesgeld).toContainText("Not linked");
  await eyes.look("one-more");
  const beside = await page.context().newPage();
  await beside.goto(overview);
  await expect(beside.getByRole("row").filter({ hasText: "Tagesgeld" })).toBeVisible();
  await happen(house, { event: "close_account", of: "280001" });
  await sync.getByRole("button", { name: "Get accounts" }).click();
  await expect(page.getByRole("status").filter({ hasText: "1 is not shown any more" })).toBeVisible();
  await expect(beside.getByRole("row").filter({ hasText: "Tagesgeld" })).toHaveCount(0);
  await eyes.look("one-less");

  // 11. What came in is left to be mapped, asset by asset.
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: "Assets" }).click();
  await page.getByRole("main").getByRole("link", { name: /Site 1/ }).click();
  await arrived(page, "Site 1");
  await page.getByRole("main").getByRole("link", { name: "Cashflow" }).first().click();
  const view = (name: RegExp) => page.getByRole("navigation", { name: "Cashflow" }).getByRole("link", { name });
  await view(/^Unmapped/).click();
  const unmapped = page.getByRole("region", { name: "Unmapped rows" }).locator("tr[data-line]");
  const first = unmapped.first();
  await expect(first).toContainText("Germany ▸ Site 1");
  const said = (await first.getAttribute("aria-label")) ?? "";
  await first.getByRole("combobox").selectOption({ index: 1 });
  await first.getByRole("button", { name: `Map ${said}`, exact: true }).click();
  await expect(page.getByRole("main").getByRole("status")).toContainText("1 row mapped to");
  await view(/^Mapped/).click();
  await expect(page.getByRole("region", { name: "Mapped rows" }).getByRole("row", { name: said }).first()).toContainText("Germany ▸ Site 1");
  await eyes.look("mapped");

  // 12. Unsync says what it does, and deletes what finAPI has; the page beside hears of that, too.
  await page.goto(overview);
  await page.getByRole("link", { name: "Unsync" }).click();
  await eyes.look("unsync");
  await page.getByRole("button", { name: "Unsync" }).click();
  await expect(page.getByRole("heading", { name: "No bank is connected" })).toBeVisible();
  await expect(beside.getByRole("heading", { name: "No bank is connected" })).toBeVisible();
  await beside.close();
});

test("called off, a page that was loaded again, and a bank that was found here, by telephone and by application", async ({ signedIn: page, house, eyes }) => {
  test.slow();
  const home = await withKeys(page, house);

  // 1. Whoever cancels at the provider is back where they can begin again.
  const cancelled = await named(page);
  await cancelled.getByRole("button", { name: "Cancel" }).click();
  await cameBack(cancelled, house);
  await expect(page.getByText("You cancelled at finAPI. Nothing has changed.")).toBeVisible();
  await eyes.look("called-off");

  // 2. A bank that is found here; its form begins with the terms. A code's page that is loaded again ends it.
  await page.goto(`${home}/providers/finapi/sync`);
  await page.getByRole("link", { name: "Look for the bank here instead" }).click();
  await expect(page.getByPlaceholder("Name, bank code, BIC, IBAN or city")).toBeVisible();
  await eyes.look("look-here");
  await page.getByLabel("Search banks").fill("DE02 9990 0001 0000 1234 56");
  await expect(page.getByRole("button", { name: /Nordhafen Bank/ })).toBeVisible();
  await eyes.look("found-here");
  await page.getByRole("button", { name: /Nordhafen Bank/ }).click();
  const interrupted = await opened(page);
  await acceptTerms(interrupted);
  await typed(interrupted, "Sign in to Nordhafen Bank", { "Sign-in name": "robin", PIN: "boat" });
  await confirmBy(interrupted, "smsTAN");
  await arrived(interrupted, "Enter the code");
  await interrupted.reload();
  await cameBack(interrupted, house);
  await expect(page.getByText(/loaded again where it must not be/)).toBeVisible();
  await eyes.look("loaded-again");

  // 3. The same by telephone, to its end.
  await page.goto(`${home}/providers/finapi/banks?q=Nordhafen`);
  await page.getByRole("button", { name: /Nordhafen Bank/ }).click();
  const telephone = await opened(page);
  await acceptTerms(telephone);
  await typed(telephone, "Sign in to Nordhafen Bank", { "Sign-in name": "robin", PIN: "boat" });
  await confirmBy(telephone, "smsTAN");
  await typed(telephone, "Enter the code", { Code: "123456" });
  await happen(house, { event: "download", of: "*", seconds: 0 });
  await cameBack(telephone, house);
  await arrived(page, "Link accounts");
  await page.getByRole("button", { name: "Link accounts" }).click();
  await expect(page.getByText(/2 accounts, \d+ rows: \d+ new/)).toBeVisible();

  // 4. The bank wants the person: the sync says so, and signing in again by its application heals that.
  await happen(house, { event: "withdraw", of: "*" });
  await page.goto(`${home}/banks`);
  await page.getByRole("button", { name: "Bank sync" }).click();
  await expect(page.getByText("Nordhafen Bank wants you to sign in again")).toHaveCount(1);
  await eyes.look("wants-the-person");
  await page.goto(`${home}/banks`);
  await expect(page.getByRole("heading", { name: "Needs you" })).toBeVisible();
  await eyes.look("needs-you");
  await page.getByRole("button", { name: "Resync" }).click();
  const application = await opened(page);
  await typed(application, "Sign in to Nordhafen Bank", { "Sign-in name": "robin", PIN: "boat" });
  await confirmBy(application, "pushTAN");
  await typed(application, "Confirm in the application");
  await expect(application.getByRole("alert")).toContainText("still waits for you to confirm");
  await glance(eyes, "form-application", application);
  const telephoneOf = application.context().waitForEvent("page");
  await application.getByRole("link", { name: "a page of the sandbox" }).click();
  const app = await telephoneOf;
  await arrived(app, "Confirm the sign-in?");
  await glance(eyes, "form-application-confirm", app);
  await app.getByRole("button", { name: "Confirm" }).click();
  await app.close();
  await typed(application, "Confirm in the application");
  await happen(house, { event: "download", of: "*", seconds: 0 });
  await cameBack(application, house);
  await expect(page.getByText("2 accounts were recognised. Links and rows are as they were.")).toBeVisible();
  await page.goto(`${home}/banks`);
  await expect(page.getByRole("heading", { name: "In order" })).toBeVisible();
});

test("filled in, and everything closed before it led back", async ({ signedIn: page, house, eyes }) => {
  test.slow();
  const home = await withKeys(page, house);
  const tab = await named(page);

  // 1. The page that waits is closed, and the one of the provider never arrives where it leads.
  await page.goto("about:blank");
  await tab.route(`${house.address}/**`, (route) => route.fulfill({ body: "closed" }));
  await tab.getByLabel("Name, bank code, BIC, IBAN or city").fill("Nordhafen");
  await tab.getByRole("button", { name: "Search" }).click();
  await tab.getByLabel(/Nordhafen Bank/).check();
  await tab.getByRole("button", { name: "Continue" }).click();
  await acceptTerms(tab);
  await typed(tab, "Sign in to Nordhafen Bank", { "Sign-in name": "robin", PIN: "boat" });
  await confirmBy(tab, "smsTAN");
  await typed(tab, "Enter the code", { Code: "123456" });
  await tab.waitForURL(`${house.address}/**`);
  await tab.close();

  // 2. The provider has told of it, so the sync is there when somebody looks.
  await expect(async () => {
    await page.goto(`${home}/banks`);
    await expect(page.getByRole("region", { name: "Household" })).toContainText("2 accounts found.", { timeout: 1000 });
  }).toPass();
  await eyes.look("connected-by-itself");
});
