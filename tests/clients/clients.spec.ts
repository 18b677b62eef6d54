// The provider's own clients, unchanged, against `bankside sandbox`: only the base address is another.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";

import { expect, test } from "@playwright/test";
import { folder, Program } from "../support/program.ts";

const here = import.meta.dirname;
const bank = "NORDHAFEN_NHBKDE22";

interface Provider {
  id: string;
  base_url: string;
  credentials: Record<string, string>;
}

/** What a client is told: arguments, and variables of its own. */
interface Told {
  args: string[];
  env?: Record<string, string>;
}

/** Runs a client's flow against a sandbox of its own, and gives what it saw. Without what is installed there is none. */
async function flow(
  command: string,
  script: string,
  installed: string,
  id = "gocardless",
  tell: (provider: Provider) => Told = nordigen,
): Promise<unknown> {
  if (!existsSync(installed)) throw new Error(`${installed} is missing; tests/install sets it up`);
  const home = await folder();
  const sandbox = Program.start(home.path, ["sandbox", "--listen", "127.0.0.1:0"]);
  try {
    const address = await sandbox.says(/The sandbox is at (\S+)/);
    const index = (await (await fetch(new URL("index.json", address))).json()) as { providers: Provider[] };
    const provider = index.providers.find((provider) => provider.id === id);
    if (!provider) throw new Error(`the sandbox does not simulate ${id}`);
    const told = tell(provider);
    const env = { PATH: process.env.PATH ?? "", HOME: home.path, ...told.env };
    const { stdout } = await promisify(execFile)(command, [script, ...told.args], { cwd: home.path, env, timeout: 60_000 });
    return JSON.parse(stdout);
  } finally {
    await sandbox.end();
    await home.remove();
  }
}

/** GoCardless' clients put a slash of their own behind the address. */
function nordigen(provider: Provider): Told {
  return { args: [provider.base_url.replace(/\/$/, ""), ...keys(provider, "secret_id", "secret_key"), bank] };
}

/** What is to be typed, by the names that the provider gives it. */
function keys({ credentials }: Provider, ...names: string[]): string[] {
  return names.map((name) => credentials[name] ?? "");
}

/** What every client of GoCardless must see. */
const expected = (reference: string) => ({
  wrong_secret: { status: 401, summary: "Authentication failed" },
  access_expires: 86_400,
  listed: true,
  agreed_days: 180,
  created: "CR",
  back: `http://127.0.0.1/back?ref=${reference}`,
  linked: "LN",
  accounts: 2,
  requisitions: 1,
  account_status: "READY",
  iban: expect.stringMatching(/^DE\d{20}$/),
  balances: ["interimBooked", "closingBooked", "previouslyClosedBooked", "expected"],
  rows: expect.any(Number),
  rows_in_range: true,
  deleted: "Requisition deleted",
  after: { status: 403, summary: "No valid End User Agreement" },
  session: true,
});

test("the provider's client for Python", async () => {
  const python = resolve(here, "python/.venv/bin/python");
  const seen = await flow(python, resolve(here, "python/flow.py"), python);
  expect(seen).toEqual(expected("by-python"));
  expect((seen as { rows: number }).rows).toBeGreaterThan(10);
});

test("the provider's client for Node", async () => {
  const seen = await flow(process.execPath, resolve(here, "node/flow.js"), resolve(here, "node/node_modules"));
  expect(seen).toEqual(expected("by-node"));
  expect((seen as { rows: number }).rows).toBeGreaterThan(10);
});

test("a client for SimpleFIN in Python", async () => {
  const python = resolve(here, "python/.venv/bin/python");
  const script = resolve(here, "python/simplefin_flow.py");
  const seen = await flow(python, script, python, "simplefin", (provider) => {
    return { args: [provider.base_url, ...keys(provider, "setupToken", "accessUrl")] };
  });
  expect(seen).toEqual({
    second_claim: "Invalid setup token",
    demo: [true, true],
    versions: ["1.0", "2.0.0"],
    banks: ["Kestrel Bay Credit Union", "Quillback Bank", "Waxwing Financial"],
    accounts: 7,
    one: "Everyday Checking (4417)",
    nobody: null,
    rows: expect.any(Number),
    in_order: true,
    in_range: true,
    decimal: true,
    wrong_password: 403,
  });
  expect((seen as { rows: number }).rows).toBeGreaterThan(10);
});

test("Pluggy.ai's client for Node", async () => {
  const installed = resolve(here, "node/node_modules");
  const seen = await flow(process.execPath, resolve(here, "node/pluggy.js"), installed, "pluggy", (provider) => {
    const args = keys(provider, "clientId", "clientSecret", "itemIds");
    return { args, env: { PLUGGY_API_URL: provider.base_url } };
  });
  expect(seen).toEqual({
    wrong_secret: { code: 401, word: "CLIENT_KEYS_UNAUTHORIZED" },
    connectors: true,
    sandbox_connector: true,
    items: [
      { connector: "Banco Aroeira", status: "UPDATED", next: true, types: ["BANK", "CREDIT"] },
      { connector: "MeuPluggy", status: "UPDATED", next: true, types: ["BANK", "BANK", "CREDIT"] },
    ],
    old_call: { code: 410, word: "ENDPOINT_DEPRECATED" },
    rows: expect.any(Number),
    all_different: true,
    dates: true,
    bank_signs: true,
    card_signs: true,
    abroad: true,
    same_row: true,
    same_bill: true,
    category: "07010000",
    categories: true,
    owner: "Ana Exemplo da Silva",
    consent: true,
    nothing: [0, 0],
    valid: 0,
    created: "CREATED",
    asked: ["WAITING_USER_INPUT", "token"],
    done: ["UPDATED", "SUCCESS", "by-node"],
    early: { code: 409, word: "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY" },
    john: "John Doe",
    own_rows: true,
    connect_token: 3,
    webhook: true,
    after: { code: 404, word: "ITEM_NOT_FOUND" },
  });
  expect((seen as { rows: number }).rows).toBeGreaterThan(500);
});
