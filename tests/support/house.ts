// What every test starts from: a sandbox of simulated banks and a server beside it, both fresh, and eyes that look.
import { test as base, expect, type APIRequestContext, type Page } from "@playwright/test";
import { folder, Program } from "./program.ts";
import { Eyes } from "./eyes.ts";

/** What the sandbox's index says of GoCardless. */
export interface Simulated {
  base_url: string;
  credentials: { secret_id: string; secret_key: string };
}

export interface House {
  /** The address of the server, without a slash at its end. */
  readonly address: string;
  /** The address of the sandbox, without a slash at its end. */
  readonly sandbox: string;
  readonly gocardless: Simulated;
  readonly server: Program;
  /** Sets the server to another process over the same data. */
  restart(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Sends the sandbox an instruction: `switches`, `clock`, `reset`. */
  tell(what: string, body: unknown): Promise<void>;
}

export const person = { name: "Robin", password: "a boat on the river", organization: "Harbour household" };

export const test = base.extend<{ house: House; eyes: Eyes; signedIn: Page }>({
  house: async ({}, use) => {
    const home = await folder();
    const sandbox = Program.start(home.path, ["sandbox", "--listen", "127.0.0.1:0"]);
    const sandboxAddress = (await sandbox.says(/sandbox is at (\S+)\/\s/)).trim();
    const index = (await (await fetch(`${sandboxAddress}/index.json`)).json()) as { providers: (Simulated & { id: string })[] };
    const gocardless = index.providers.find((provider) => provider.id === "gocardless");
    if (!gocardless) throw new Error("the sandbox does not simulate gocardless");
    const environment = { BANKSIDE_PROVIDERS__GOCARDLESS__BASE_URL: gocardless.base_url };
    const begin = (listen: string) =>
      Program.start(home.path, ["serve", "--listen", listen, "--data-folder", "data"], environment);
    let server = begin("127.0.0.1:0");
    const address = (await server.says(/Bankside is at (\S+)\/\s/)).trim();
    await use({
      address,
      sandbox: sandboxAddress,
      gocardless,
      get server() {
        return server;
      },
      async restart(signal) {
        await server.end(signal);
        server = begin(new URL(address).host);
        await server.says(/Bankside is at (\S+)/);
      },
      async tell(what, body) {
        const answer = await fetch(`${sandboxAddress}/sandbox/${what}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
        if (!answer.ok) throw new Error(`the sandbox refused ${what}: ${answer.status} ${await answer.text()}`);
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
});

/** The first start. */
export async function setUp(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.getByLabel("Your name").fill(person.name);
  await page.getByLabel("Password").fill(person.password);
  await page.getByLabel("Household or company").fill(person.organization);
  await page.getByRole("button", { name: "Start" }).click();
  await expect(page.getByRole("heading", { name: "All accounts" })).toBeVisible();
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

/** The id of the organization in a page's address. */
export function organizationOf(page: Page): string {
  const found = /\/o\/([^/]+)/.exec(page.url())?.[1];
  if (!found) throw new Error(`no organization in ${page.url()}`);
  return found;
}

/** What the API answers, with the browser's own session. */
export class Api {
  constructor(
    readonly request: APIRequestContext,
    readonly house: House,
    readonly organization: string,
  ) {}

  at(path: string): string {
    return `${this.house.address}/api/v1/organizations/${this.organization}/${path}`;
  }

  async get<T>(path: string): Promise<T> {
    const answer = await this.request.get(this.at(path));
    expect(answer.status(), path).toBe(200);
    return (await answer.json()) as T;
  }

  async send(method: "POST" | "PUT" | "DELETE", path: string, data?: unknown) {
    return this.request.fetch(this.at(path), { method, data, headers: { origin: this.house.address } });
  }
}

export { expect };
