// Every page that can be reached in a connected house: nothing is hard to read or to reach, and nothing sticks out sideways, also at
// 360 px and at 320 px, which is what 400 % makes of a common screen. A new page is added to this list.
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { sticksOut, wrongIn } from "../../support/eyes.ts";
import { connectDemoBank, expect, organizationOf, test } from "../../support/house.ts";

/** Addresses below the organization, and links that are followed from one of them. */
const screens: { name: string; at: string; then?: RegExp }[] = [
  { name: "transactions", at: "transactions" },
  { name: "account", at: "transactions", then: /\/accounts\/[^/]+$/ },
  { name: "new transaction", at: "transactions", then: /\/accounts\/[^/]+$/ },
  { name: "add account", at: "add-account" },
  { name: "without a bank", at: "add-account/without-bank" },
  { name: "keys", at: "providers/gocardless/keys" },
  { name: "reset keys", at: "providers/gocardless/reset" },
  { name: "choose a bank", at: "providers/gocardless/banks?country=DE" },
  { name: "bank integrations", at: "banks" },
  { name: "link accounts", at: "banks", then: /\/connections\/[^/]+\/link$/ },
  { name: "unsync", at: "banks", then: /\/connections\/[^/]+\/unsync$/ },
  { name: "runs", at: "runs" },
  { name: "run", at: "runs", then: /\/runs\/[^/]+$/ },
  { name: "settings", at: "settings" },
  { name: "not found", at: "accounts/nothing" },
];

async function open(page: Page, home: string, screen: (typeof screens)[number]): Promise<void> {
  await page.goto(`${home}/${screen.at}`);
  if (!screen.then) return;
  const links = await page.locator("a[href]").evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
  // What has no link here is reached by its address all the same: a bank account that is linked offers none.
  const found = links.find((link) => screen.then?.test(new URL(link).pathname));
  if (found) await page.goto(screen.name === "new transaction" ? `${found}/transactions/new` : found);
}

async function check(page: Page, name: string): Promise<void> {
  const found = await new AxeBuilder({ page }).analyze();
  expect.soft(wrongIn(found), name).toEqual([]);
  expect.soft(await sticksOut(page), `${name}: sticks out sideways`).toEqual([]);
}

test("every screen, as narrow as it gets", async ({ signedIn: page, house }, info) => {
  test.setTimeout(240_000);
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  for (const screen of screens) {
    await open(page, home, screen);
    for (const width of [1400, 360, 320]) {
      await page.setViewportSize({ width, height: 800 });
      await check(page, `${screen.name}, ${width}`);
      await page.screenshot({ path: info.outputPath(`${screen.name.replaceAll(" ", "-")}-${width}.png`), fullPage: width < 400 });
    }
  }
});

test("every part, in both schemes, narrow, from right to left, in the system's colours and on paper", async ({ signedIn: page, house, eyes }, info) => {
  test.setTimeout(180_000);
  await page.goto(`${house.address}/design`);
  await expect(page.getByRole("heading", { name: "Components", level: 1 })).toBeVisible();
  await eyes.look("components");
  const picture = (name: string) => page.screenshot({ path: info.outputPath(`${name}.png`), fullPage: true });
  await picture("components");
  for (const width of [360, 320]) {
    await page.setViewportSize({ width, height: 800 });
    await check(page, `components, ${width}`);
    await picture(`components-${width}`);
  }
  await page.evaluate(() => (document.documentElement.dir = "rtl"));
  await check(page, "components from right to left, 320");
  await page.setViewportSize({ width: 1400, height: 900 });
  await check(page, "components from right to left");
  await picture("components-rtl");
  await page.evaluate(() => (document.documentElement.dir = "ltr"));
  await page.emulateMedia({ forcedColors: "active" });
  await picture("components-forced-colours");
  await page.emulateMedia({ forcedColors: null, media: "print" });
  await expect(page.getByRole("complementary", { name: "Main" })).toBeHidden();
  await picture("components-on-paper");
});
