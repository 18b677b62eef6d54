// People: one alone, one who is invited and joins, places, several organizations, and the last owner.
import { createServer, type Server, type Socket } from "node:net";
import { Api } from "../../support/api.ts";
import { organizationOf, expect, person, test } from "../../support/house.ts";
import type { Page } from "@playwright/test";

const people = async (page: Page, address: string) => {
  await page.goto(`${address}/o/${organizationOf(page)}/people`);
  await expect(page.getByRole("heading", { name: "People", level: 1 })).toBeVisible();
};

test("somebody is invited, joins, gets another place, and goes", async ({ signedIn: page, house, eyes, browser }) => {
  await page.getByRole("navigation", { name: "Pages", exact: true }).getByRole("link", { name: "Settings" }).click();
  await expect(page.getByText("Only you see Harbour household.")).toBeVisible();
  const mails = page.getByRole("switch", { name: "Mails about banks" });
  await expect(page.getByText("This server sends no mail: what ends and what fails stands on the overview.")).toBeVisible();
  for (const [before, after] of [["true", "false"], ["false", "true"]] as const) {
    await expect(mails).toHaveAttribute("aria-checked", before);
    await mails.click();
    await expect(mails).toHaveAttribute("aria-checked", after);
  }
  await page.getByRole("link", { name: "Invite somebody" }).click();
  await expect(page.getByRole("row", { name: /Robin/ })).toContainText("Owner");
  await page.getByText("What each role may do").click();
  await eyes.look("alone");

  await page.getByLabel("Email addresses").fill("nobody");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("“nobody” is no address.");
  await page.getByLabel("Email addresses").fill("ada@example.org");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(page.getByText("ada@example.org is invited.")).toBeVisible();
  const link = await page.locator(".raw").textContent();
  expect(link).toMatch(new RegExp(`^${house.address}/invitations/[\\w-]{43}$`));
  await eyes.look("invited", page, [".raw"]);

  // On the page of the one who was invited.
  const context = await browser.newContext();
  const theirs = await context.newPage();
  eyes.watch(theirs);
  await theirs.goto(link ?? "");
  await expect(theirs.getByText("Robin invites you, as a member.")).toBeVisible();
  await eyes.look("invitation", theirs);
  await theirs.getByLabel("Your name").fill("Ada");
  await theirs.getByLabel("Password").fill("another boat");
  await theirs.getByRole("button", { name: "Join" }).click();
  await expect(theirs.getByRole("heading", { name: "Overview" })).toBeVisible();
  await people(theirs, house.address);
  await expect(theirs.getByText("is for an owner or admin: Robin.")).toBeVisible();
  await expect(theirs.getByRole("button", { name: "Invite" })).toHaveCount(0);
  await eyes.look("member", theirs);
  await theirs.goto(link ?? "");
  await expect(theirs.getByText("This invitation does not work any more")).toBeVisible();

  // Another place, a group, and away.
  await people(page, house.address);
  await page.getByLabel("Group of Ada").selectOption("Viewer");
  await page.getByRole("button", { name: "Save the place of Ada" }).click();
  await page.getByRole("navigation", { name: "Lists" }).getByRole("link", { name: /Groups/ }).click();
  await page.getByLabel("Name", { exact: true }).fill("Accountants");
  await page.getByRole("button", { name: "Add group" }).click();
  await expect(page.getByText("0 members")).toBeVisible();
  await eyes.look("groups");
  await people(page, house.address);
  await page.getByLabel("Group of Ada").selectOption({ label: "Accountants (member)" });
  await page.getByRole("button", { name: "Save the place of Ada" }).click();
  await expect(page.getByLabel("Group of Ada")).toHaveValue(/-/);
  await eyes.look("two");
  await page.getByRole("link", { name: "Leave" }).click();
  await expect(page.getByText("You are its only owner")).toBeVisible();
  await eyes.look("last owner");
  await people(page, house.address);
  await page.getByRole("link", { name: "Remove Ada" }).click();
  await eyes.look("remove");
  await page.getByRole("button", { name: "Remove" }).click();
  await expect(page.getByRole("row", { name: /Ada/ })).toHaveCount(0);
  await theirs.goto(house.address);
  await expect(theirs.getByText("You belong nowhere yet")).toBeVisible();
  await context.close();
});

test("whoever is invited to one asset sees that and nothing else", async ({ signedIn: page, house, eyes, browser }) => {
  const api = new Api(page.request, house, organizationOf(page));
  const made = async (name: string, under?: string) => (await api.made<{ id: string }>("assets", { name, under })).id;
  const country = await made("Germany");
  const north = await made("North", country);
  const hall = await made("Hall", north);
  const south = await made("South", country);
  await api.made("accounts", { name: "Till", kind: "cash", currency: "EUR", opening: "5", asset: hall });
  await api.made("accounts", { name: "Hidden chest", kind: "cash", currency: "EUR", opening: "7", asset: south });

  await people(page, house.address);
  await page.getByText("Everything, or one asset only").click();
  await page.getByLabel("North").check();
  await page.getByLabel("Email addresses").fill("ada@example.org");
  await eyes.look("invite to an asset");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(page.getByRole("row", { name: /ada@example.org/ })).toContainText("Member, only Germany ▸ North");
  const link = await page.locator(".raw").textContent();
  const context = await browser.newContext();
  const theirs = await context.newPage();
  eyes.watch(theirs);
  await theirs.goto(link ?? "");
  await theirs.getByLabel("Your name").fill("Ada");
  await theirs.getByLabel("Password").fill("another boat");
  await theirs.getByRole("button", { name: "Join" }).click();
  await expect(theirs.getByRole("heading", { name: "Overview" })).toBeVisible();
  const home = `${house.address}/o/${organizationOf(theirs)}`;

  // The own asset stands at the top of the tree, and of the rest there is not even a name.
  await theirs.getByRole("navigation", { name: "Pages", exact: true }).getByRole("link", { name: "Assets" }).click();
  const names = theirs.getByRole("main").locator(".asset-line > a");
  await expect(names).toHaveText(["North", "Hall"]);
  expect(await theirs.locator("body").textContent()).not.toMatch(/Germany|South|Hidden/);
  await expect(theirs.getByRole("link", { name: "Add asset" })).toHaveCount(0);
  await eyes.look("one asset", theirs);
  await names.last().click();
  await expect(theirs.getByRole("main").getByRole("row", { name: /Till/ })).toBeVisible();
  for (const hidden of [country, south]) expect((await theirs.request.get(`${home}/assets/${hidden}`)).status()).toBe(404);
  const theirApi = new Api(theirs.request, house, organizationOf(theirs));
  expect((await theirApi.get<{ path: string }[]>("assets")).map((asset) => asset.path)).toEqual(["North", "North ▸ Hall"]);
  const elsewhere = await theirApi.send("POST", "accounts", { name: "Mine", kind: "cash", currency: "EUR", asset: south });
  expect(elsewhere.status()).toBe(404);
  await theirApi.made("accounts", { name: "Petty cash", kind: "cash", currency: "EUR", asset: hall });

  // On no page is there a name above or beside, a link that leads nowhere, or a button for what they cannot do.
  const seen = new Set<string>();
  const open = [`${home}/overview`];
  for (let at = open.pop(); at; at = open.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const answer = await theirs.goto(at);
    expect(answer?.status(), at).toBe(200);
    expect(await theirs.locator("body").textContent(), at).not.toMatch(/Germany|South|Hidden/);
    const actions = await theirs.locator("form[method=post]").evaluateAll((forms) => forms.map((form) => new URL((form as HTMLFormElement).action).pathname));
    expect(actions.filter((action) => /\/(people|providers|connections|banks|sync|assets|bank-accounts)(\/|$)/.test(action.replace(/\/people\/leave$|\/assets\/[^/]+\/(cashflow\/.*|files(\/.*)?)$/, ""))), at).toEqual([]);
    const links = await theirs.locator("a[href]").evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href.replace(/#.*$/, "")));
    open.push(...links.filter((link) => link.startsWith(`${home}/`) && !link.includes("?")));
  }
  expect(seen.size).toBeGreaterThan(8);
  await theirs.goto(`${home}/add-account/without-bank`);
  await expect(theirs.getByLabel("North")).toBeChecked();
  await theirs.getByLabel("Name", { exact: true }).fill("Stamps");
  await theirs.getByLabel("Hall").check();
  await theirs.getByRole("button", { name: "Add account" }).click();
  await expect(theirs.getByRole("heading", { name: "Stamps", level: 1 })).toBeVisible();

  // Whoever manages people widens that.
  await people(page, house.address);
  await page.getByRole("link", { name: "Change what Ada sees" }).click();
  await expect(page.getByLabel("North")).toBeChecked();
  await eyes.look("what somebody sees");
  await page.getByLabel("Germany").check();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("row", { name: /Ada/ })).toContainText("Only Germany");
  await eyes.look("somebody who sees one asset");
  await theirs.goto(`${home}/assets`);
  await expect(names).toHaveText(["Germany", "North", "Hall", "South"]);
  await page.goto(`${home}/people?tab=groups`);
  await page.getByLabel("Name", { exact: true }).fill("Site managers");
  await page.getByRole("button", { name: "Add group" }).click();
  await page.getByLabel("North").check();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("region", { name: "Groups" })).toContainText("Only Germany ▸ North");
  await eyes.look("a group that sees one asset");
  await context.close();
});

test("an owner hands over and leaves", async ({ signedIn: page, house, browser }) => {
  await people(page, house.address);
  await page.getByLabel("Email addresses").fill("ada@example.org");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  const link = await page.locator(".raw").textContent();
  const context = await browser.newContext();
  const theirs = await context.newPage();
  await theirs.goto(link ?? "");
  await theirs.getByLabel("Your name").fill("Ada");
  await theirs.getByLabel("Password").fill("another boat");
  await theirs.getByRole("button", { name: "Join" }).click();
  await expect(theirs.getByRole("heading", { name: "Overview" })).toBeVisible();
  await people(page, house.address);
  await page.getByRole("link", { name: "Leave" }).click();
  await page.getByRole("button", { name: "Hand over" }).click();
  await expect(page.getByRole("row", { name: /Ada/ })).toContainText("Owner");
  await page.getByRole("link", { name: "Leave" }).click();
  await page.getByRole("button", { name: "Leave" }).click();
  await expect(page.getByText("You belong nowhere yet")).toBeVisible();
  await people(theirs, house.address);
  await expect(theirs.getByRole("row", { name: /Ada/ })).toContainText("Owner");
  await context.close();
});

test("one person keeps two organizations apart", async ({ signedIn: page, house, eyes }) => {
  const first = organizationOf(page);
  const menu = page.locator(".org-menu > summary");
  await menu.click();
  await page.getByRole("link", { name: "Another household or company" }).click();
  await eyes.look("new");
  await page.getByLabel("Name").fill("Lock works");
  await page.getByLabel("Company or club").check();
  await page.getByRole("button", { name: "Add it" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  const second = organizationOf(page);
  expect(second).not.toBe(first);
  await menu.click();
  await eyes.look("menu");
  await page.getByRole("link", { name: /Harbour household/ }).click();
  await expect(page).toHaveURL(new RegExp(first));

  // By keyboard.
  await page.keyboard.press("Control+k");
  await page.keyboard.type("Change to Lock");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(second));

  // The one to begin with.
  await page.goto(`${house.address}/o/${second}/settings`);
  await page.getByRole("button", { name: "Begin with Lock works when I sign in" }).click();
  await expect(page.getByText("You begin with Lock works when you sign in.")).toBeVisible();
  await page.goto(house.address);
  await expect(page).toHaveURL(new RegExp(second));
  await page.goto(`${house.address}/o/${second.slice(0, -4)}ffff/people`);
  await expect(page.getByText("There is nothing at this address, or nothing that you may see.")).toBeVisible();
});

test("where the server sends mail, the link goes to whoever is invited", async ({ signedIn: page, house, eyes }) => {
  const mail = await MailServer.start();
  Object.assign(house.environment, {
    BANKSIDE_MAIL__HOST: "127.0.0.1",
    BANKSIDE_MAIL__PORT: String(mail.port),
    BANKSIDE_MAIL__SECURITY: "none",
    BANKSIDE_MAIL__FROM: "Bankside <money@example.org>",
  });
  await house.restart();
  await people(page, house.address);
  await expect(page.getByText("Each gets a link by mail.")).toBeVisible();
  await page.getByLabel("Email addresses").fill("ada@example.org");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(page.getByText("The link is on its way by mail.")).toBeVisible();
  await expect(page.locator(".raw")).toHaveCount(0);
  await expect.poll(() => mail.taken.length).toBe(1);
  expect(mail.taken[0]).toContain(`${person.name} invites you to ${person.organization}`);
  await page.goto(`${house.address}/o/${organizationOf(page)}/people?tab=pending`);
  await expect(page.getByText(/Mailed; works until/)).toBeVisible();
  await eyes.look("mailed");
  await page.getByRole("button", { name: "Take back the invitation of ada@example.org" }).click();
  await expect(page.getByText("Nobody is invited")).toBeVisible();
  mail.close();
});

/** Takes whatever mail it is given. */
class MailServer {
  readonly taken: string[] = [];
  readonly #server: Server;
  port = 0;

  private constructor() {
    this.#server = createServer((socket) => this.#converse(socket));
  }

  static async start(): Promise<MailServer> {
    const mail = new MailServer();
    await new Promise<void>((done) => mail.#server.listen(0, "127.0.0.1", done));
    mail.port = (mail.#server.address() as { port: number }).port;
    return mail;
  }

  close(): void {
    this.#server.close();
  }

  #converse(socket: Socket): void {
    let text = "";
    let data: string | null = null;
    socket.write("220 mail.example.org\r\n");
    socket.on("data", (bytes) => {
      text += bytes.toString();
      for (let end = text.indexOf("\r\n"); end >= 0; end = text.indexOf("\r\n")) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        if (data !== null && line !== ".") {
          data += `${line}\n`;
        } else if (data !== null) {
          this.taken.push(data);
          data = null;
          socket.write("250 taken\r\n");
        } else if (line === "DATA") {
          data = "";
          socket.write("354 go on\r\n");
        } else {
          socket.write(line === "QUIT" ? "221 bye\r\n" : "250 ok\r\n");
        }
      }
    });
    socket.on("error", () => undefined);
  }
}

test("a person changes their address and their password", async ({ signedIn: page, house, eyes, browser }) => {
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.goto(`${home}/settings`);
  await page.getByRole("link", { name: "Change address or password" }).click();
  const address = page.getByRole("form", { name: "Email address" });
  await address.getByLabel("Email address").fill("robin@example.org");
  await address.getByLabel("Your password").fill("wrong");
  await address.getByRole("button", { name: "Change address" }).click();
  await expect(page.getByRole("alert")).toContainText("This is not your password.");
  await eyes.look("wrong password");
  await address.getByLabel("Your password").fill(person.password);
  await address.getByRole("button", { name: "Change address" }).click();
  await expect(page.getByText("Your address is changed.")).toBeVisible();
  const password = page.getByRole("form", { name: "Password" });
  await password.getByLabel("Your password now").fill(person.password);
  await password.getByLabel("New password").fill("another boat on the river");
  await password.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Your password is changed.")).toBeVisible();
  const context = await browser.newContext();
  const elsewhere = await context.newPage();
  await elsewhere.goto(house.address);
  await elsewhere.getByLabel(/Name/).fill("robin@example.org");
  await elsewhere.getByLabel("Password").fill("another boat on the river");
  await elsewhere.getByRole("button", { name: "Sign in" }).click();
  await expect(elsewhere.getByRole("navigation", { name: "Pages", exact: true })).toBeVisible();
  await context.close();
  // The name and the zone of the organization, for whoever manages it.
  await page.goto(`${home}/settings`);
  await page.getByLabel("Time zone").fill("Europe/Lisbon");
  await page.getByRole("button", { name: "Save name and time zone" }).click();
  await expect(page.getByText("all times Europe/Lisbon")).toBeVisible();
});

test("a search among the assets loses nothing that was typed, also without script", async ({ browser, house, signedIn: page }) => {
  const api = new Api(page.request, house, organizationOf(page));
  const top = await api.made<{ id: string }>("assets", { name: "Germany" });
  for (let site = 1; site <= 40; site++) await api.made("assets", { name: `Site ${site}`, under: top.id });
  const context = await browser.newContext({ javaScriptEnabled: false, storageState: await page.context().storageState() });
  const plain = await context.newPage();
  const home = `${house.address}/o/${organizationOf(page)}`;
  await plain.goto(`${home}/people?tab=pending`);
  await plain.getByLabel("Email addresses").fill("ada@example.org");
  await plain.getByLabel("Place").selectOption("Viewer");
  await plain.getByText("Everything, or one asset only").click();
  await plain.getByLabel("Search assets").fill("germany 37");
  await plain.getByRole("button", { name: "Search" }).click();
  await expect(plain.getByLabel("Email addresses")).toHaveValue("ada@example.org");
  await plain.getByLabel("Site 37").check();
  await plain.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(plain.getByRole("row", { name: /ada@example.org/ })).toContainText("Viewer, only Germany ▸ Site 37");
  await plain.goto(`${home}/add-account/without-bank`);
  await plain.getByLabel("Name", { exact: true }).fill("Till");
  await plain.getByLabel("Kind").selectOption("Cash");
  await plain.getByLabel("Search assets").fill("site 38");
  await plain.getByRole("button", { name: "Search" }).click();
  await expect(plain.getByLabel("Name", { exact: true })).toHaveValue("Till");
  await plain.getByLabel("Site 38").check();
  await plain.getByRole("button", { name: "Add account" }).click();
  await expect(plain.getByRole("heading", { name: "Till", level: 1 })).toBeVisible();
  const [till] = await api.get<{ name: string; kind: string; asset_path: string }[]>("accounts");
  expect(till).toMatchObject({ name: "Till", kind: "cash", asset_path: "Germany ▸ Site 38" });
  await context.close();
});
