// A company builds its tree, has a bank account sync with an asset, moves an account, and closes what is over.
import type { Page } from "@playwright/test";
import { Api, type Account, type Flow } from "../../support/api.ts";
import { addAsset, arrived, expect, openMenu, organizationOf, setUp, setUpCompany, test } from "../../support/house.ts";
import { between } from "../../support/sql.ts";

const main = (page: Page) => page.getByRole("main");
const sidebar = (page: Page) => page.getByRole("complementary", { name: "Main" });

/** Has the demo bank show its accounts, linked with nothing. */
async function connect(api: Api): Promise<void> {
  const kept = await api.send("PUT", "providers/gocardless/keys", api.house.gocardless.credentials);
  expect(kept.status(), await kept.text()).toBe(204);
  const flow = await api.made<Flow>("flows", { provider: "gocardless", institution: "NORDHAFEN_NHBKDE22" });
  await api.visit(flow.url ?? "");
  expect((await api.get<Flow>(`flows/${flow.id}`)).step).toBe("done");
}

test("a tree, a bank account that syncs with an asset, a move, and an end", async ({ page, house, eyes }) => {
  test.slow();
  await setUpCompany(page, house.address);
  const home = `${house.address}/o/${organizationOf(page)}`;
  const api = new Api(page.request, house, organizationOf(page));

  // The tree, from the top down.
  await sidebar(page).getByRole("link", { name: "Assets" }).click();
  await expect(page.getByRole("heading", { name: "No asset yet" })).toBeVisible();
  await eyes.keep("no-asset-yet");
  await addAsset(page, "Germany");
  await arrived(page, "Germany");
  await addAsset(page, "Investment fund C");
  await addAsset(page, "Project B");
  await addAsset(page, "Site 1", "Production");
  await page.goto(`${home}/assets`);
  await addAsset(page, "Spain");
  await page.goto(`${home}/assets/new`);
  await page.getByLabel("Name").fill("spain");
  await page.getByRole("button", { name: "Add asset" }).click();
  await expect(page.getByRole("alert")).toHaveText(/Spain is there already/);
  await page.getByLabel("Name").fill("Mill in the valley");
  await page.getByLabel("Stage").selectOption("Conceptual");
  await page.getByRole("button", { name: "Add asset" }).click();
  await expect(page.getByRole("alert")).toHaveText(/Only a production asset/);
  await eyes.look("refused");
  await page.getByLabel("Kind").selectOption("Production");
  await page.getByRole("button", { name: "Add asset" }).click();
  await arrived(page, "Mill in the valley");
  await expect(main(page)).toContainText("Production asset, conceptual");

  // Open and close it by the keyboard; the focus stays where it was.
  await page.goto(`${home}/assets`);
  await eyes.keep("tree");
  const turn = page.getByRole("button", { name: "Below Investment fund C" });
  await expect(turn).toHaveAttribute("aria-expanded", "true");
  await turn.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: "Project B" })).toBeHidden();
  await expect(turn).toHaveAttribute("aria-expanded", "false");
  await expect(turn).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(main(page).getByRole("link", { name: "Project B" })).toBeVisible();
  await page.getByLabel("Search assets").fill("germany site");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(main(page).getByRole("status")).toHaveText("1 asset found");
  await eyes.keep("found");
  await main(page).getByRole("link", { name: /Site 1/ }).click();
  await arrived(page, "Site 1");

  // Sync with asset.
  await connect(api);
  await page.goto(`${home}/banks`);
  await expect(main(page)).toContainText("2 accounts found.");
  await eyes.keep("not-linked");
  await page.getByRole("link", { name: /^Sync with asset.*Girokonto/ }).click();
  await expect(page.getByLabel("Mill in the valley")).toBeDisabled();
  await eyes.keep("which-asset");
  await page.getByLabel("Site 1").check();
  await page.getByRole("button", { name: "Next" }).click();
  await expect(main(page)).toContainText("Germany ▸ Investment fund C ▸ Project B ▸ Site 1");
  await page.getByLabel("Name of the new account").fill("");
  await page.getByRole("button", { name: "Sync with asset" }).click();
  await expect(page.getByRole("alert")).toHaveText(/Give the new account a name/);
  await page.getByLabel("Name of the new account").fill("Site account");
  await eyes.look("which-account");
  await page.getByRole("button", { name: "Sync with asset" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await api.finished(/runs\/([^/?]+)/.exec(page.url())?.[1] ?? "");

  // The other one is ignored, and taken up again.
  await page.goto(`${home}/banks`);
  await expect(page.getByRole("link", { name: "Germany ▸ Investment fund C ▸ Project B ▸ Site 1" })).toBeVisible();
  const beside = await page.context().newPage();
  await beside.goto(`${home}/banks`);
  await expect(beside.getByText("Not linked")).toBeVisible();
  const row = page.locator("tr", { has: page.getByText("Not linked") });
  await row.getByRole("button", { name: "Ignore" }).click();
  // What was just ignored is in sight, with the way back.
  await expect(page.getByRole("button", { name: "Take up again" })).toBeVisible();
  // A page that lies open elsewhere hears of it by itself, and long before it would look anew.
  await expect(beside.getByText("1 account is ignored")).toBeVisible({ timeout: 8_000 });
  await expect(beside.getByText("Not linked")).toHaveCount(0);
  await beside.close();
  await eyes.look("linked-and-ignored");
  await page.getByRole("button", { name: "Take up again" }).click();
  await expect(page.getByText("Not linked")).toBeVisible();

  // The path wherever the account stands.
  const path = "Germany ▸ Investment fund C ▸ Project B ▸ Site 1";
  await expect(sidebar(page).getByRole("heading", { name: path })).toBeVisible();
  await page.goto(`${home}/transactions`);
  await expect(main(page).getByRole("grid").locator(".c-acct .where").first()).toHaveText(path);
  await eyes.look("path-in-the-register");
  await sidebar(page).getByRole("link", { name: /Site account/ }).click();
  await arrived(page, "Site account");
  await expect(main(page).getByRole("link", { name: path })).toBeVisible();
  await eyes.keep("account");

  // It moves to Spain from a day on, and that can be undone.
  await openMenu(page, "Site account");
  await page.getByRole("link", { name: "Move to another asset" }).click();
  await page.getByLabel("Spain").check();
  await page.getByLabel("From which day").fill("2026-02-10");
  await eyes.keep("move-account");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(main(page).getByRole("status")).toContainText("Saved.");
  await expect(main(page).getByRole("listitem").filter({ hasText: "Site 1" })).toContainText("until 9 Feb");
  await eyes.look("moved-account");
  await page.getByRole("link", { name: "Undo" }).click();
  await expect(main(page)).toContainText("The account belongs to the asset that it belonged to before.");
  await page.getByRole("button", { name: /^Undo/ }).click();
  const [account] = await api.get<(Account & { asset_path: string })[]>("accounts");
  expect(account?.asset_path).toBe(path);

  // An asset moves with what is below it.
  await page.goto(`${home}/assets`);
  await main(page).getByRole("link", { name: "Project B" }).click();
  await openMenu(page, "Project B");
  await eyes.look("asset-menu");
  await page.getByRole("link", { name: "Move", exact: false }).first().click();
  await expect(page.getByLabel("Site 1")).toBeDisabled();
  await page.getByLabel("Spain").check();
  await page.getByRole("button", { name: "Move" }).click();
  await arrived(page, "Project B");
  await expect(page.getByRole("region", { name: "Where it stood" })).toContainText("Germany ▸ Investment fund C");
  await expect(sidebar(page).getByRole("heading", { name: "Spain ▸ Project B ▸ Site 1" })).toBeVisible();
  await eyes.keep("asset");

  await main(page).getByRole("link", { name: "Site 1" }).click();
  await expect(main(page).getByRole("row", { name: /Site account/ })).toContainText("Nordhafen Bank");
  await eyes.keep("asset-with-an-account");
  await page.goBack();

  // It is not closed while an account is open below it.
  await openMenu(page, "Project B");
  await page.getByRole("link", { name: "Close" }).click();
  await expect(main(page)).toContainText("Accounts are open here.");
  await expect(page.getByRole("link", { name: "Move Site account" })).toBeVisible();
  await eyes.look("not-closed");
  await page.goto(`${home}/assets`);
  await main(page).getByRole("link", { name: "Germany" }).click();
  await openMenu(page, "Germany");
  await page.getByRole("link", { name: "Close" }).click();
  await expect(main(page)).toContainText("With it, 1 asset below it closes.");
  await eyes.keep("close");
  await page.getByRole("button", { name: "Close Germany" }).click();
  await expect(main(page)).toContainText("closed from");
  await page.goto(`${home}/assets`);
  await expect(main(page).getByRole("link", { name: "Germany" })).toBeHidden();
  await page.getByRole("link", { name: "Show closed" }).click();
  await main(page).getByRole("link", { name: "Germany" }).click();
  await page.getByRole("button", { name: "Open again" }).click();
  await expect(main(page)).not.toContainText("closed from");

  // Order, by the menu.
  await openMenu(page, "Germany");
  await page.getByRole("button", { name: "One place down" }).click();
  await arrived(page, "Assets");
  const names = main(page).locator(".asset-tree > ul > li > .asset-line > a");
  await expect(names).toHaveText(["Spain", "Germany", "Mill in the valley"]);

  // Who may only look sees the tree and no verb.
  await page.goto("about:blank");
  await between(house, `db.execute("UPDATE members SET role = 'member'")`);
  await page.goto(`${home}/assets`);
  await expect(names).toHaveText(["Spain", "Germany", "Mill in the valley"]);
  await expect(main(page).getByRole("link", { name: "Add asset" })).toBeHidden();
  const refused = await api.send("POST", "assets", { name: "Mine" });
  expect([refused.status(), ((await refused.json()) as { code: string }).code]).toEqual([403, "denied"]);
  expect((await page.request.get(`${home}/assets/new`)).status()).toBe(403);
});

test("the tree without script", async ({ browser, house }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await setUpCompany(page, house.address);
  const home = `${house.address}/o/${organizationOf(page)}`;
  const api = new Api(page.request, house, organizationOf(page));
  const top = await api.made<{ id: string }>("assets", { name: "Germany" });
  for (let site = 1; site <= 40; site++) await api.made("assets", { name: `Site ${site}`, under: top.id });
  const account = await api.made<{ id: string }>("accounts", { name: "Cash", kind: "cash", currency: "EUR" });
  await page.goto(`${home}/assets`);
  await page.getByRole("button", { name: "Below Germany" }).click();
  await expect(main(page).getByRole("link", { name: "Site 7" })).toBeHidden();
  await page.getByRole("button", { name: "Below Germany" }).click();
  await expect(main(page).getByRole("link", { name: "Site 7", exact: true })).toBeVisible();
  // The picker of a large tree is searched by its button.
  await page.goto(`${home}/accounts/${account.id}/asset`);
  await expect(page.getByLabel("Site 37")).toHaveCount(0);
  await page.getByLabel("Search assets").fill("germany 37");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByLabel("Site 37").check();
  await page.getByLabel("From which day").fill("");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(main(page).getByRole("status")).toContainText("Saved.");
  await expect(sidebar(page).getByRole("heading", { name: "Germany ▸ Site 37" })).toBeVisible();
  // What a group sees is chosen from the same picker, as soon as the group is there.
  await page.goto(`${home}/people?tab=groups`);
  await page.getByLabel("Name", { exact: true }).fill("Site managers");
  await page.getByRole("button", { name: "Add group" }).click();
  await arrived(page, "What Site managers sees");
  await expect(page.getByLabel("Everything")).toBeChecked();
  await page.getByLabel("Search assets").fill("site 38");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByLabel("Site 38").check();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(main(page)).toContainText("Only Germany ▸ Site 38");
  // Saved in its row under another role, the group sees what it saw; another one is chosen on the page behind the link.
  await page.getByLabel("Role of Site managers").selectOption("Viewer");
  await page.getByRole("button", { name: "Save Site managers" }).click();
  await expect(main(page)).toContainText("Only Germany ▸ Site 38");
  await page.getByRole("link", { name: "Change what members of Site managers see" }).click();
  await expect(page.getByLabel("Site 38")).toBeChecked();
  await page.getByLabel("Everything").check();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(main(page)).not.toContainText("Only Germany");
  await context.close();
});

test("a household sees none of it until it adds one on purpose", async ({ page, house, eyes }) => {
  await setUp(page, house.address);
  const home = `${house.address}/o/${organizationOf(page)}`;
  const api = new Api(page.request, house, organizationOf(page));
  await api.connectDemoBank();
  for (const at of ["overview", "transactions", "banks", "add-account"]) {
    await page.goto(`${home}/${at}`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    expect(await page.locator("body").textContent(), at).not.toMatch(/\basset/i);
  }
  await page.goto(`${home}/settings`);
  await main(page).getByRole("link", { name: "Add an asset" }).click();
  await page.getByLabel("Name").fill("Lindenweg 8, let");
  await page.getByRole("button", { name: "Add asset" }).click();
  await arrived(page, "Lindenweg 8, let");
  await expect(sidebar(page).getByRole("link", { name: "Assets" })).toBeVisible();
  await page.goto(`${home}/settings`);
  await expect(main(page).getByRole("link", { name: "Add an asset" })).toBeHidden();
  await page.goto(`${home}/banks`);
  await expect(page.getByRole("link", { name: /^Choose the asset/ }).first()).toBeVisible();
  await eyes.keep("a-household-with-an-asset");
});
