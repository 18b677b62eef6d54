// Every page that can be reached in a connected house: nothing is hard to read or to reach, and nothing sticks out sideways, also at
// 360 px and at 320 px, which is what 400 % makes of a common screen. A new page is added to this list.
import type { Page } from "@playwright/test";
import { type Account, Api, type Transactions } from "../../support/api.ts";
import { wrongIn } from "../../support/axe.ts";
import { picture, sticksOut } from "../../support/eyes.ts";
import { connectDemoBank, expect, organizationOf, person, register, setUp, test } from "../../support/house.ts";

/** Addresses below the organization, where {what} is only known once the house stands; the links that are followed from there, one after the other; what the page is called. */
const screens: { name: string; at: string; then?: RegExp[]; title: string | RegExp }[] = [
  { name: "overview", at: "overview", title: "Overview" },
  { name: "transactions", at: "transactions", title: "All accounts" },
  { name: "account", at: "transactions", then: [/\/accounts\/[^/]+$/], title: "Girokonto" },
  { name: "balance", at: "transactions", then: [/\/accounts\/[^/]+$/, /\/balance$/], title: "Balance check" },
  { name: "bank feed", at: "transactions", then: [/\/accounts\/[^/]+$/, /\/feed$/], title: "Bank feed" },
  { name: "lock a period", at: "transactions", then: [/\/accounts\/[^/]+$/, /\/lock$/], title: "Lock a period" },
  { name: "files of an account", at: "transactions", then: [/\/accounts\/[^/]+$/, /\/files$/], title: "Import a file" },
  { name: "files of an asset", at: "assets", then: [/\/assets\/0[^/]+$/, /\/assets\/[^/]+\/files$/], title: "Import a file" },
  { name: "connect a bank", at: "connect-bank", title: "Connect a bank" },
  { name: "move feed", at: "transactions", then: [/\/accounts\/[^/]+$/, /\/feed$/, /\/move$/], title: "Move feed" },
  { name: "new transaction", at: "transactions", then: [/\/accounts\/[^/]+$/, /\/transactions\/new$/], title: "Add transaction" },
  { name: "add account", at: "add-account", title: "Add account" },
  { name: "without a bank", at: "add-account/without-bank", title: "Account without a bank" },
  { name: "keys", at: "providers/gocardless/keys", title: "Set up GoCardless for bank sync" },
  { name: "reset keys", at: "providers/gocardless/reset", title: "Reset GoCardless credentials?" },
  { name: "choose a bank", at: "providers/gocardless/banks?country=DE", title: "Choose your bank" },
  { name: "bank integrations", at: "banks", title: "Bank integrations" },
  { name: "link accounts", at: "banks", then: [/\/connections\/[^/]+\/link$/], title: "Link accounts" },
  { name: "unsync", at: "banks", then: [/\/connections\/[^/]+\/unsync$/], title: "Unsync Nordhafen Bank?" },
  { name: "rename", at: "banks", then: [/\/connections\/[^/]+\/rename$/], title: "Rename Nordhafen Bank" },
  { name: "link an account", at: "accounts/{cash}/link", title: /./ },
  { name: "bills", at: "accounts/{cash}/bills", title: "Bills" },
  { name: "flow step", at: "flows/{flow}", title: /./ },
  { name: "sync with asset", at: "banks", then: [/\/bank-accounts\/[^/]+\/asset$/], title: "Sync with asset" },
  { name: "assets", at: "assets", title: "Assets" },
  { name: "new asset", at: "assets/new", title: "Add asset" },
  { name: "asset", at: "assets", then: [/\/assets\/0[^/]+$/], title: "Lindenweg 8" },
  { name: "change an asset", at: "assets", then: [/\/assets\/0[^/]+$/, /\/edit$/], title: "Rename or change" },
  { name: "move an asset", at: "assets", then: [/\/assets\/0[^/]+$/, /\/assets\/[^/]+\/move$/], title: "Move Lindenweg 8" },
  { name: "close an asset", at: "assets", then: [/\/assets\/0[^/]+$/, /\/close$/], title: "Close Lindenweg 8" },
  { name: "an account's asset", at: "transactions", then: [/\/accounts\/[^/]+$/, /\/accounts\/[^/]+\/asset$/], title: "Asset" },
  { name: "runs", at: "runs", title: "Runs" },
  { name: "run", at: "runs", then: [/\/runs\/[^/]+$/], title: /./ },
  { name: "rows that came new", at: "runs", then: [/\/runs\/[^/]+$/, /\/rows$/], title: /^New from the bank/ },
  { name: "suspicions", at: "suspicions", title: "Suspicions" },
  { name: "inbox", at: "inbox", title: "Inbox" },
  { name: "hidden in the inbox", at: "inbox/hidden", title: "Hidden" },
  { name: "undo", at: "runs", then: [/\/runs\/[^/]+$/, /\/batches\/[^/]+\/undo$/], title: /^Undo/ },
  { name: "settings", at: "settings", title: "Settings" },
  { name: "cashflow", at: "cashflow", title: person.organization },
  { name: "plan", at: "cashflow/plan", title: person.organization },
  { name: "rates", at: "cashflow/rates", title: /^Rates into/ },
  { name: "cashflow of an asset", at: "assets", then: [/\/assets\/0[^/]+$/, /\/assets\/[^/]+\/cashflow$/], title: "Lindenweg 8" },
  { name: "unmapped", at: "cashflow/unmapped", title: person.organization },
  { name: "mapped", at: "cashflow/mapped", title: person.organization },
  { name: "all alike", at: "cashflow/unmapped", then: [/\/alike$/], title: /^All like/ },
  { name: "categories", at: "categories", title: "Categories" },
  { name: "category", at: "categories", then: [/\/categories\/0[^/]+$/], title: "Income" },
  { name: "merge categories", at: "categories/{from}/merge?into={into}", title: /Merge/ },
  { name: "rules", at: "rules", title: "Rules" },
  { name: "new rule", at: "rules/new", title: /./ },
  { name: "rule", at: "rules", then: [/\/rules\/0[^/]+$/], title: /./ },
  { name: "apply rules", at: "rules/apply", title: "All rules, all rows" },
  { name: "history of rules", at: "rules/history", title: "History of rules" },
  { name: "rules as text", at: "rules/text", title: "Rules as text" },
  { name: "people", at: "people", title: "People" },
  { name: "address and password", at: "settings/own", title: "Address and password" },
  { name: "not found", at: "accounts/nothing", title: /./ },
];

async function open(page: Page, home: string, screen: (typeof screens)[number], known: Record<string, string>): Promise<void> {
  await page.goto(`${home}/${screen.at.replace(/{(\w+)}/g, (_, name: string) => known[name] ?? "unknown")}`);
  for (const way of screen.then ?? []) {
    const links = await page.locator("a[href]").evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
    const found = links.find((link) => way.test(new URL(link).pathname));
    if (!found) throw new Error(`${screen.name}: no link on ${page.url()} fits ${way}`);
    await page.goto(found);
  }
  await expect(page.getByRole("heading", { level: 1, name: screen.title })).toBeVisible();
}

/** Goes on after a failure, so that one run says all that is wrong; waits for scripts that lay the page out anew. */
const softly = expect.configure({ soft: true });

async function check(page: Page, name: string): Promise<void> {
  await checkWidth(page, name);
  expect.soft(await wrongIn(page), name).toEqual([]);
}

async function checkWidth(page: Page, name: string): Promise<void> {
  await softly.poll(() => sticksOut(page), `${name}: sticks out sideways`).toEqual([]);
}

test("every screen, as narrow as it gets", async ({ signedIn: page, house, eyes }, info) => {
  test.setTimeout(process.env.BANKSIDE_PICTURES ? 1_500_000 : 360_000);
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  // A row that may be another one: the page of suspicions has something to show.
  const api = new Api(page.request, house, organizationOf(page));
  const { transactions } = await api.get<Transactions>("transactions?limit=50");
  const sent = transactions.find((row) => row.status === "booked" && row.payee);
  await api.made("transactions", { account: sent?.account, date: sent?.date, amount: sent?.amount, payee: sent?.payee, note: "typed" });
  // An asset: what is said of assets is on every page from here on.
  const { id: asset } = await api.made<{ id: string }>("assets", { name: "Lindenweg 8" });
  // An account belongs to it, which is not the one whose pages are looked at: that stands below its name from here on.
  const other = (await api.get<Account[]>("accounts")).find(({ name }) => name !== "Girokonto");
  expect((await api.send("PUT", `accounts/${other?.id}/asset`, { asset })).ok()).toBe(true);
  // An inbox: it is among the pages from here on.
  await api.send("PUT", "inbox/switch", { is_on: true });
  // A bank account that waits for an account: the page that links them is reached from it.
  await page.goto(`${home}/banks`);
  const unlinked = page.waitForResponse((response) => response.url().endsWith("/unlink"));
  await page.getByRole("button", { name: "Unlink" }).last().click();
  await unlinked;
  await page.goto(`${home}/banks`);
  await expect(page.getByText("Not linked")).toBeVisible();
  // An account without a bank, a rule, and somebody who is on the way to a bank.
  const { id: cash } = await api.made<{ id: string }>("accounts", { name: "Cash", kind: "cash", currency: "EUR", opening: "10.00" });
  await api.made("rules", { text: 'rule "Fees"\nif payee ends with "fee"\nthen mark as reviewed' });
  const made = ["Tea", "Coffee"].map((name) => api.made<{ id: string }>("categories", { name }));
  const [from, into] = (await Promise.all(made)).map(({ id }) => id);
  const { id: flow } = await api.made<{ id: string }>("flows", { provider: "gocardless", institution: "NORDHAFEN_NHBKDE22" });
  for (const screen of screens) {
    await open(page, home, screen, { cash, flow, from: from ?? "", into: into ?? "" });
    // What the register's script puts in the place of the table is what is looked at.
    if (await page.locator("bankside-register").count()) await expect(register(page)).toBeVisible();
    for (const width of [1400, 360, 320]) {
      await page.setViewportSize({ width, height: 800 });
      // What is wrong at 360 px and at none of the other two only sticks out.
      await (width === 360 ? checkWidth : check)(page, `${screen.name}, ${width}`);
      // The whole of a narrow page, but not of a register, which is as long as its rows.
      const height = Math.min(await page.evaluate(() => document.documentElement.scrollHeight), 4000);
      const clip = { x: 0, y: 0, width, height: width < 400 ? height : 800 };
      await picture(page, info, `${screen.name.replaceAll(" ", "-")}-${width}`, { fullPage: true, clip });
    }
    await eyes.keep(screen.name.replaceAll(" ", "-"));
  }
});

test("the doors, as narrow as they get: the first start, signing in, an invitation", async ({ page, house, eyes }) => {
  const narrow = async (name: string): Promise<void> => {
    for (const width of [1400, 360, 320]) {
      await page.setViewportSize({ width, height: 800 });
      await check(page, `${name}, ${width}`);
    }
    await page.setViewportSize({ width: 1400, height: 900 });
    await eyes.keep(name.replaceAll(" ", "-"));
  };
  await page.goto(house.address);
  await expect(page.getByRole("heading", { level: 1, name: "Welcome to Bankside" })).toBeVisible();
  await narrow("first start");
  await setUp(page, house.address);
  const api = new Api(page.request, house, organizationOf(page));
  const [invited] = await api.made<{ link: string }[]>("invitations", { emails: ["ada@example.org"], role: "member" });
  await page.context().clearCookies();
  await page.goto(house.address);
  await expect(page.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
  await narrow("sign in");
  await page.goto(invited?.link ?? "");
  await expect(page.getByText("invites you, as a member.")).toBeVisible();
  await narrow("invitation");
});

test("every part, in both schemes, narrow, from right to left, in the system's colours and on paper", async ({ signedIn: page, house, eyes }, info) => {
  test.setTimeout(180_000);
  await page.goto(`${house.address}/design`);
  await expect(page.getByRole("heading", { name: "Components", level: 1 })).toBeVisible();
  await eyes.look("components");
  const keep = (name: string) => picture(page, info, name, { fullPage: true });
  await keep("components");
  for (const width of [360, 320]) {
    await page.setViewportSize({ width, height: 800 });
    await check(page, `components, ${width}`);
    await keep(`components-${width}`);
  }
  await page.evaluate(() => (document.documentElement.dir = "rtl"));
  await check(page, "components from right to left, 320");
  await page.setViewportSize({ width: 1400, height: 900 });
  await check(page, "components from right to left");
  await keep("components-rtl");
  await page.evaluate(() => (document.documentElement.dir = "ltr"));
  await page.emulateMedia({ forcedColors: "active" });
  await keep("components-forced-colours");
  await page.emulateMedia({ forcedColors: null, media: "print" });
  await expect(page.getByRole("complementary", { name: "Main" })).toBeHidden();
  await keep("components-on-paper");
});
