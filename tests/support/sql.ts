// Writes into the data of a server that stands still, with the SQLite that comes with Python.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { House } from "./house.ts";

/** Runs a program of Python's with `db`, an open connection; ends the server before and starts it again after. */
export async function between(house: House, program: string): Promise<void> {
  await house.server.end();
  const file = join(house.folder, "data", "bankside.sqlite");
  const around = `import sqlite3, os\ndb = sqlite3.connect(${JSON.stringify(file)})\n${program}\ndb.commit()\ndb.close()\n`;
  execFileSync("python3", ["-c", around], { stdio: ["ignore", "inherit", "inherit"] });
  await house.restart();
}
