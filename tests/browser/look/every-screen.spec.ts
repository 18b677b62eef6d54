// Every page that can be reached in a connected house: nothing is hard to read or to reach, and nothing sticks out sideways, also at
// 360 px and at 320 px, which is what 400 % makes of a common screen. A new page is added to this list.
import type { Page } from "@playwright/test";
import { type Account, Api, type Transactions } from "../../support/api.ts";
import { wrongIn } from "../../support/axe.ts";
import { picture, sticksOut } from "../../support/eyes.ts";
import { connectDemoBank, expect, organizationOf, person, register, test } from "../../support/house.ts";

/** Addresses below the organization; the links that are followed from there, one after the other; what the page is called. */
const screens: { name: string; at: string; then?: RegExp[]; title: string | RegExp }[] = [
  { name: "overview", at: "overview", title: "Overview" },
  { name: "transactions", at: "transactions", title: "All accounts" },
  { name: "account", at: "transactions", then: [/\/accounts\/[^/]+$/], title: "Girokonto" },
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
  { name: "unmapped", at: "cashflow/unmapped", title: person.organization },
  { name: "mapped", at: "cashflow/mapped", title: person.organization },
  { name: "all alike", at: "cashflow/unmapped", then: [/\/alike$/], title: /^All like/ },
  { name: "categories", at: "categories", title: "Categories" },
  { name: "category", at: "categories", then: [/\/categories\/0[^/]+$/], title: "Income" },
  { name: "address and password", at: "settings/own", title: "Address and password" },
  { name: "not found", at: "accounts/nothing", title: /./ },
];

async function open(page: Page, home: string, screen: (typeof screens)[number]): Promise<void> {
  await page.goto(`${home}/${screen.at}`);
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
  await softly.poll(() => sticksOut(page), `${name}: sticks out sideways`).toEqual([]);
  expect.soft(await wrongIn(page), name).toEqual([]);
}

test("every screen, as narrow as it gets", async ({ signedIn: page, house, eyes }, info) => {
  test.setTimeout(process.env.BANKSIDE_PICTURES ? 900_000 : 240_000);
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
  for (const screen of screens) {
    await open(page, home, screen);
    // What the register's script puts in the place of the table is what is looked at.
    if (await page.locator("bankside-register").count()) await expect(register(page)).toBeVisible();
    for (const width of [1400, 360, 320]) {
      await page.setViewportSize({ width, height: 800 });
      await check(page, `${screen.name}, ${width}`);
      // The whole of a narrow page, but not of a register, which is as long as its rows.
      const height = Math.min(await page.evaluate(() => document.documentElement.scrollHeight), 4000);
      const clip = { x: 0, y: 0, width, height: width < 400 ? height : 800 };
      await picture(page, info, `${screen.name.replaceAll(" ", "-")}-${width}`, { fullPage: true, clip });
    }
    await eyes.keep(screen.name.replaceAll(" ", "-"));
  }
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
