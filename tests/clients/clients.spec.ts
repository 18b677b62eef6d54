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
  base_url: string;
  credentials: { secret_id: string; secret_key: string };
}

/** Runs a client's flow against a sandbox of its own, and gives what it saw. Without what is installed there is none. */
async function flow(command: string, script: string, installed: string): Promise<unknown> {
  if (!existsSync(installed)) throw new Error(`${installed} is missing; tests/install sets it up`);
  const home = await folder();
  const sandbox = Program.start(home.path, ["sandbox", "--listen", "127.0.0.1:0"]);
  try {
    const address = await sandbox.says(/The sandbox is at (\S+)/);
    const index = (await (await fetch(new URL("index.json", address))).json()) as { providers: [Provider] };
    const [{ base_url, credentials }] = index.providers;
    // The clients put a slash of their own behind it.
    const args = [script, base_url.replace(/\/$/, ""), credentials.secret_id, credentials.secret_key, bank];
    const env = { PATH: process.env.PATH ?? "", HOME: home.path };
    const { stdout } = await promisify(execFile)(command, args, { cwd: home.path, env, timeout: 60_000 });
    return JSON.parse(stdout);
  } finally {
    await sandbox.end();
    await home.remove();
  }
}

/** What every client must see. */
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
