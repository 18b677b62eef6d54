// Writes into the data of a server that stands still: into its SQLite file, with what comes with Python, or into its PostgreSQL.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { House } from "./house.ts";

/** Runs a program of Python's with `db`, an open connection; ends the server before and starts it again after. */
export async function between(house: House, program: string): Promise<void> {
  await house.server.end();
  const url = house.environment.BANKSIDE_DATABASE_URL;
  const open = url
    ? `import postgres\ndb = postgres.Database(${JSON.stringify(url)})`
    : `import sqlite3\ndb = sqlite3.connect(${JSON.stringify(join(house.folder, "data", "bankside.sqlite"))})`;
  const around = `import os\n${open}\n${program}\ndb.commit()\ndb.close()\n`;
  execFileSync("python3", ["-c", around], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, PYTHONPATH: import.meta.dirname, PYTHONDONTWRITEBYTECODE: "1" },
  });
  await house.restart();
}

/** An empty database in the cluster that `tests/postgres` has started; its URL. */
export function freshDatabase(): string {
  const cluster = process.env.BANKSIDE_TEST_POSTGRES;
  if (!cluster) throw new Error("BANKSIDE_WALKS_ON=postgres needs a cluster: tests/postgres run npx playwright test …");
  const name = `house_${crypto.randomUUID().replaceAll("-", "")}`;
  execFileSync("psql", [cluster, "--no-psqlrc", "--quiet", "--command", `CREATE DATABASE ${name}`], { stdio: "inherit" });
  const url = new URL(cluster);
  url.pathname = name;
  return url.href;
}
