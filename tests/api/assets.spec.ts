// The tree of assets as a program uses it: the problems that it is told, and what an account belonged to on which day.
import { expect, test } from "../support/house.ts";
import type { Api, Account } from "../support/api.ts";

interface Asset {
  id: string;
  path: string;
  accounts: number;
  stays?: { path?: string; from?: string; until?: string }[];
}

interface Connection {
  id: string;
  accounts: { bank_account: string; account?: string; asset_path?: string; is_ignored: boolean }[];
}

/** Asks for what is refused; answers with the code of the problem. */
async function refused(api: Api, method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, data: unknown, status: number): Promise<string> {
  const answer = await api.send(method, path, data);
  expect(answer.status(), await answer.text()).toBe(status);
  expect(answer.headers()["content-type"]).toBe("application/problem+json");
  return ((await answer.json()) as { code: string }).code;
}

async function done(api: Api, method: "PUT" | "PATCH" | "DELETE", path: string, data?: unknown): Promise<void> {
  const answer = await api.send(method, path, data);
  expect(answer.status(), `${path}: ${await answer.text()}`).toBe(204);
}

test("a tree is built, changed and closed", async ({ api }) => {
  const add = async (name: string, under?: string, kind?: string): Promise<string> =>
    (await api.made<{ id: string }>("assets", { name, under, kind })).id;
  const germany = await add("Germany");
  const fund = await add("Fund C", germany);
  const site = await add("Site 1", fund, "production");
  const spain = await add("Spain");
  expect((await api.get<Asset[]>("assets")).map(({ path }) => path)).toEqual([
    "Germany", "Germany ▸ Fund C", "Germany ▸ Fund C ▸ Site 1", "Spain",
  ]);
  expect(await refused(api, "POST", "assets", { name: "SPAIN" }, 409)).toBe("asset.name_taken");
  expect(await refused(api, "POST", "assets", { name: "Mill", stage: "conceptual" }, 409)).toBe("asset.no_concept");
  expect(await refused(api, "POST", "assets", { name: "Mill", kind: "mill" }, 422)).toBe("invalid");
  expect(await refused(api, "POST", "assets", { name: "Mill", under: api.organization }, 404)).toBe("not_found");
  expect(await refused(api, "PUT", `assets/${germany}/place`, { under: site }, 409)).toBe("asset.below_itself");
  expect(await refused(api, "PUT", `assets/${germany}/place`, { from: "2999-01-01" }, 422)).toBe("invalid");
  await done(api, "PUT", `assets/${fund}/place`, { under: spain, from: "2026-03-01" });
  expect(await api.get<Asset>(`assets/${fund}`)).toMatchObject({
    path: "Spain ▸ Fund C",
    stays: [{ path: "Germany", until: "2026-03-01" }, { path: "Spain", from: "2026-03-01" }],
  });
  await done(api, "PATCH", `assets/${fund}`, { name: "Fund D" });
  await done(api, "PUT", `assets/${spain}/order`, { before: germany });
  expect((await api.get<Asset[]>("assets?search=spain%20site")).map(({ path }) => path)).toEqual(["Spain ▸ Fund D ▸ Site 1"]);

  // An account belongs to the site, moves, and keeps it from being closed.
  const account = await api.made<{ id: string }>("accounts", { name: "Site account", kind: "checking", currency: "EUR", asset: site });
  const moved = await api.send("PUT", `accounts/${account.id}/asset`, { asset: germany, from: "2026-05-01" });
  const { batch } = (await moved.json()) as { batch: string };
  expect(await api.get(`accounts/${account.id}/asset`)).toMatchObject([
    { path: "Spain ▸ Fund D ▸ Site 1", until: "2026-05-01" },
    { path: "Germany", from: "2026-05-01" },
  ]);
  expect(await api.get(`batches/${batch}/undo`)).toMatchObject({ asset_changes: true, change_back: 0 });
  await api.made(`batches/${batch}/undo`);
  expect((await api.get<(Account & { asset_path: string })[]>("accounts"))[0]?.asset_path).toBe("Spain ▸ Fund D ▸ Site 1");
  expect(await refused(api, "PUT", `assets/${spain}/closed`, {}, 409)).toBe("asset.open_accounts");
  await done(api, "PUT", `assets/${germany}/closed`, { from: "2026-06-01" });
  expect(await refused(api, "PUT", `accounts/${account.id}/asset`, { asset: germany }, 409)).toBe("asset.closed");
  await done(api, "DELETE", `assets/${germany}/closed`);
});

test("a bank account is linked with an account of an asset, or ignored", async ({ api }) => {
  await api.connectDemoBank();
  const { id: asset } = await api.made<{ id: string }>("assets", { name: "Lindenweg 8" });
  const connection = async (): Promise<Connection> => {
    const [connection] = await api.get<Connection[]>("connections");
    if (!connection) throw new Error("no connection");
    return connection;
  };
  const { id, accounts } = await connection();
  const { bank_account: bank, account } = accounts[1] ?? { bank_account: "", account: "" };
  expect(await refused(api, "PUT", `bank-accounts/${bank}/ignored`, undefined, 409)).toBe("conflict");
  expect((await api.send("DELETE", `accounts/${account}/link`)).status()).toBe(200);
  await done(api, "PUT", `bank-accounts/${bank}/ignored`);
  expect((await connection()).accounts[1]?.is_ignored).toBe(true);
  await done(api, "DELETE", `bank-accounts/${bank}/ignored`);
  const link = { bank_account: bank, import_from: "2026-11-01", asset };
  expect(await refused(api, "POST", `connections/${id}/link`, [{ ...link, account }], 422)).toBe("invalid");
  const run = await api.made<{ id: string }>(`connections/${id}/link`, [{ ...link, name: "Let flat" }]);
  await api.finished(run.id);
  expect((await connection()).accounts[1]).toMatchObject({ is_ignored: false, asset_path: "Lindenweg 8" });
});
