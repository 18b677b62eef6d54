// What every test starts from: a sandbox of simulated banks and a server beside it, both fresh, and eyes that look.
import { test as base, expect, type Locator, type Page } from "@playwright/test";
import { Api } from "./api.ts";
import { folder, Program } from "./program.ts";
import { Eyes } from "./eyes.ts";
import { freshDatabase } from "./sql.ts";

/** What the sandbox's index says of a provider. */
export interface Simulated<Key extends string> {
  id: string;
  base_url: string;
  credentials: Record<Key, string>;
}

export interface House {
  /** The address of the server, without a slash at its end. */
  readonly address: string;
  /** The address of the sandbox, without a slash at its end. */
  readonly sandbox: string;
  readonly gocardless: Simulated<"secret_id" | "secret_key">;
  readonly enablebanking: Simulated<"application_id" | "private_key">;
  readonly finapi: Simulated<"clientId" | "clientSecret">;
  readonly pluggy: Simulated<"clientId" | "clientSecret" | "itemIds">;
  readonly simplefin: Simulated<"setupToken" | "accessUrl">;
  readonly sophtron: Simulated<"userId" | "accessKey">;
  /** Where everything of it lies; also the working folder of the server. */
  readonly folder: string;
  /** What the server is started with; a change counts from the next restart on. */
  readonly environment: Record<string, string>;
  readonly server: Program;
  /** Ends the server as an operator or a power cut would, and starts another over the same data. */
  restart(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Ends the sandbox, as if the provider were gone. */
  endSandbox(): Promise<void>;
  /** Starts the sandbox again where it was. */
  startSandbox(): Promise<void>;
}

export const person = { name: "Robin", password: "a boat on the river", organization: "Harbour household" };

export const test = base.extend<{ house: House; eyes: Eyes; signedIn: Page; api: Api }>({
  house: async ({}, use) => {
    const home = await folder();
    const simulate = async (listen: string): Promise<[Program, string]> => {
      const program = Program.start(home.path, ["sandbox", "--listen", listen, "--state", "sandbox.json"]);
      return [program, await program.says(/sandbox is at (\S+)\/\s/)];
    };
    let [sandbox, sandboxAddress] = await simulate("127.0.0.1:0");
    const index = (await (await fetch(`${sandboxAddress}/index.json`)).json()) as { providers: Simulated<string>[] };
    const simulated = (id: string): Simulated<string> => {
      const found = index.providers.find((provider) => provider.id === id);
      if (!found) throw new Error(`the sandbox does not simulate ${id}`);
      return found;
    };
    // No test meets the hour of the daily import by chance.
    const environment: Record<string, string> = { BANKSIDE_FEATURES__DAILY_IMPORT: "false" };
    if (process.env.BANKSIDE_WALKS_ON === "postgres") environment.BANKSIDE_DATABASE_URL = freshDatabase();
    for (const { id, base_url } of index.providers) environment[`BANKSIDE_PROVIDERS__${id.toUpperCase()}__BASE_URL`] = base_url;
    const serve = async (listen: string): Promise<[Program, string]> => {
      const program = Program.start(home.path, ["serve", "--listen", listen, "--data-folder", "data"], environment);
      return [program, await program.says(/Bankside is at (\S+)\/\s/)];
    };
    let [server, address] = await serve("127.0.0.1:0");
    await use({
      address,
      sandbox: sandboxAddress,
      gocardless: simulated("gocardless"),
      enablebanking: simulated("enablebanking"),
      finapi: simulated("finapi"),
      pluggy: simulated("pluggy"),
      simplefin: simulated("simplefin"),
      sophtron: simulated("sophtron"),
      folder: home.path,
      environment,
      get server() {
        return server;
      },
      async restart(signal) {
        await server.end(signal);
        [server] = await serve(new URL(address).host);
      },
      async endSandbox() {
        await sandbox.end();
      },
      async startSandbox() {
        [sandbox] = await simulate(new URL(sandboxAddress).host);
      },
    });
    await server.end();
    await sandbox.end();
    await home.remove();
  },
  eyes: async ({ page }, use, info) => {
    const eyes = new Eyes(page, info);
    await use(eyes);
    expect(eyes.complaints, "the browser complained").toEqual([]);
  },
  /** A page of a person who has set the server up, on the empty register. */
  signedIn: async ({ page, house }, use) => {
    await setUp(page, house.address);
    await use(page);
  },
  /** A program of a person who has set the server up. */
  api: async ({ playwright, house }, use) => {
    const request = await playwright.request.newContext();
    const set_up = await request.post(`${house.address}/setup`, {
      headers: { origin: house.address },
      form: { ...person, kind: "household", currency: "EUR", time_zone: "Europe/Berlin" },
    });
    expect(set_up.status()).toBe(200);
    const organizations = (await (await request.get(`${house.address}/api/v1/organizations`)).json()) as { id: string }[];
    await use(new Api(request, house, organizations[0]?.id ?? "none"));
    await request.dispose();
  },
});

/** The first start. */
export async function setUp(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.getByLabel("Your name").fill(person.name);
  await page.getByLabel("Password").fill(person.password);
  await page.getByLabel("Household or company").fill(person.organization);
  await page.getByRole("button", { name: "Start" }).click();
  await arrived(page, "All accounts");
}

/** The first start of a company. */
export async function setUpCompany(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.getByLabel("Your name").fill(person.name);
  await page.getByLabel("Password").fill(person.password);
  await page.getByLabel("Household or company").fill("Sonnwind");
  await page.getByText("Company or club").click();
  await page.getByRole("button", { name: "Start" }).click();
  await arrived(page, "All accounts");
}

/** Adds an asset from the page that is open: the tree's, or an asset's. */
export async function addAsset(page: Page, name: string, kind = "Structuring", stage = "Active"): Promise<void> {
  await page.getByRole("main").getByRole("link", { name: /^Add asset/ }).click();
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Kind").selectOption(kind);
  await page.getByLabel("Stage").selectOption(stage);
  await page.getByRole("button", { name: "Add asset" }).click();
}

/** On a page with this title, whose script has run: from now on it obeys keys. */
export async function arrived(page: Page, title: string): Promise<void> {
  await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
  await page.waitForLoadState();
}

/** The keys of the sandbox, typed on the page. */
export async function typeKeys(page: Page, keys: { secret_id: string; secret_key: string }): Promise<void> {
  await page.getByLabel("Secret ID").fill(keys.secret_id);
  await page.getByLabel("Secret key").fill(keys.secret_key);
  await page.getByRole("button", { name: "Test and save" }).click();
}

/** From the consent page to the last one, as a person walks them. */
export async function walkConsent(tab: Page): Promise<void> {
  await tab.getByRole("button", { name: "I agree" }).click();
  await tab.getByRole("button", { name: "Continue" }).click();
  await tab.getByRole("button", { name: "Continue" }).click();
}

/** From the register to two linked accounts, all rows in, as a program does it: the pages on the way have walks of their own. */
export async function connectDemoBank(page: Page, house: House): Promise<void> {
  const organization = organizationOf(page);
  await new Api(page.request, house, organization).connectDemoBank();
  await page.goto(`${house.address}/o/${organization}/transactions`);
  await expect(register(page)).toBeVisible();
}

/** Tells the sandbox what no provider can be told. */
async function control(house: House, what: string, body: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${house.sandbox}/_control/${what}`, { method: "POST", headers, body: JSON.stringify(body) });
  expect(answer.ok, `${what}: ${await answer.text()}`).toBe(true);
}

/** Lets days pass at the provider. */
export const passDays = (house: House, days: number) => control(house, "clock", { advance_days: days });

/** Has every call of a kind fail in one way from now on. */
export const arm = (house: House, on: string, kind: string) => control(house, "faults", { on, kind, times: null });

/** Opens the ⋯ menu of whatever has this name. */
export async function openMenu(page: Page, name: string): Promise<void> {
  await page.getByRole("main").locator("details.menu > summary", { hasText: `More for ${name}` }).click();
}

/** The register, once its script has put the grid in the place of the server's table. */
export function register(page: Page): Locator {
  return page.getByRole("main").getByRole("grid");
}

/** What the register says of how many it shows. */
export function counted(page: Page): Locator {
  return page.getByRole("search", { name: "Transactions" }).getByRole("status");
}

/** How many transactions the register shows. */
export async function countOf(page: Page): Promise<number> {
  const count = counted(page);
  await expect(count).toHaveText(/^[\d,]+ transactions?$/);
  return Number(((await count.textContent()) ?? "").replace(/\D/g, ""));
}

/** The id of the organization in a page's address. */
export function organizationOf(page: Page): string {
  const found = /\/o\/([^/]+)/.exec(page.url())?.[1];
  if (!found) throw new Error(`no organization in ${page.url()}`);
  return found;
}

export { expect };
