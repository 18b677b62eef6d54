// The API, as programs use it: the main job, what is refused, and with which words.
import type { Account, Flow, Transactions } from "../support/api.ts";
import { expect, passDays, person, test } from "../support/house.ts";

const nowhere = "01a00000-0000-7000-8000-000000000000";

test("the main job without a browser, twice, and the second adds nothing", async ({ api }) => {
  const first = await api.connectDemoBank();
  expect(first.outcome).toBe("done");
  expect(first.accounts.map((account) => account.step)).toEqual(["done", "done"]);
  const accounts = await api.get<Account[]>("accounts");
  expect(accounts.map((account) => account.name).sort()).toEqual(["Girokonto", "Tagesgeld"]);
  for (const account of accounts) {
    expect(account.balance_proven).toBe(true);
    const page = await api.get<Transactions>(`transactions?account=${account.id}&limit=500`);
    expect(page.total).toBe(account.transactions);
  }
  const [{ id }] = await api.made<[{ id: string }]>("sync");
  const second = await api.finished(id);
  expect(second.accounts.map((account) => account.added)).toEqual([0, 0]);
  expect(await api.get<Account[]>("accounts")).toEqual(accounts);
});

test("a sync is undone as a whole", async ({ api }) => {
  const run = await api.connectDemoBank();
  const before = await api.get<Transactions>("transactions?limit=500");
  const batch = run.accounts[0]?.batch;
  const undone = await api.made<{ batch: string; taken_back: number; stay: number }>(`batches/${batch}/undo`);
  expect(undone.stay).toBe(0);
  expect((await api.get<Transactions>("transactions")).total).toBe(before.total - (run.accounts[0]?.added ?? 0));
  await api.made(`batches/${undone.batch}/undo`);
  expect(await api.get<Transactions>("transactions?limit=500")).toEqual(before);
  expect((await api.send("POST", `batches/${nowhere}/undo`)).status()).toBe(404);
});

test("an undoing leaves its rows out for good, if that is asked for", async ({ api }) => {
  const run = await api.connectDemoBank();
  const [{ batch, added } = { batch: null, added: 0 }] = run.accounts;
  const preview = await api.get<{ leave: number }>(`batches/${batch}/undo`);
  expect(preview.leave).toBe(added);
  expect((await api.send("POST", `batches/${batch}/undo?later=perhaps`)).status()).toBe(422);
  await api.made(`batches/${batch}/undo?later=leave_out`);
  const left = (await api.get<Transactions>("transactions")).total;
  const [{ id }] = await api.made<[{ id: string }]>("sync");
  expect((await api.finished(id)).accounts.map((account) => account.added)).toEqual([0, 0]);
  expect((await api.get<Transactions>("transactions")).total).toBe(left);
});

test("a locked period binds whoever writes, until the lock is taken off", async ({ api }) => {
  await api.connectDemoBank();
  const [{ id: account = nowhere } = {}] = await api.get<Account[]>("accounts");
  const { transactions } = await api.get<Transactions>(`transactions?account=${account}&limit=500`);
  const oldestPending = transactions.filter(({ status }) => status === "pending").at(-1)?.date ?? "9999-12-31";
  const row = transactions.find(({ date }) => date < oldestPending);
  const change = { payee: "Somebody else" };
  const lock = (through: string | null) => api.send("PUT", `accounts/${account}/lock`, { through });
  expect((await lock("2999-01-01")).status()).toBe(422);
  const locked = await lock(row?.date ?? "");
  expect(locked.status(), await locked.text()).toBe(200);
  const { batch } = (await locked.json()) as { batch: string };
  expect((await api.send("DELETE", `transactions/${row?.id}`)).status()).toBe(409);
  await api.made(`batches/${batch}/undo`);
  expect((await api.send("PATCH", `transactions/${row?.id}`, change)).ok()).toBe(true);
  expect((await api.send("PUT", `accounts/${nowhere}/lock`, { through: null })).status()).toBe(404);
});

test("a period with a row that is still pending is not locked", async ({ api }) => {
  await api.connectDemoBank();
  const { transactions } = await api.get<Transactions>("transactions?limit=500");
  const pending = transactions.find((row) => row.status === "pending");
  const refused = await api.send("PUT", `accounts/${pending?.account}/lock`, { through: pending?.date });
  expect(refused.status()).toBe(409);
  expect(await refused.text()).toContain("pending");
});

test("what somebody deletes stays deleted", async ({ api }) => {
  await api.connectDemoBank();
  const [row] = (await api.get<Transactions>("transactions?limit=1")).transactions;
  expect((await api.send("DELETE", `transactions/${row?.id}`)).status()).toBe(204);
  const [{ id }] = await api.made<[{ id: string }]>("sync");
  expect((await api.finished(id)).accounts.map((account) => account.added)).toEqual([0, 0]);
  const rows = (await api.get<Transactions>("transactions?limit=500")).transactions;
  expect(rows.map((other) => other.id)).not.toContain(row?.id);
});

test("nobody is let in without a sign-in", async ({ api, house, playwright }) => {
  const stranger = await playwright.request.newContext();
  for (const path of ["organizations", `organizations/${api.organization}/accounts`]) {
    const answer = await stranger.get(`${house.address}/api/v1/${path}`);
    expect(answer.status()).toBe(401);
    expect(answer.headers()["content-type"]).toBe("application/problem+json");
    expect(await answer.json()).toMatchObject({ status: 401, code: "unauthorised" });
  }
  const page = await stranger.get(`${house.address}/o/${api.organization}/transactions`, { maxRedirects: 0 });
  expect(page.headers().location).toBe("/sign-in");
  await stranger.dispose();
});

test("another organization's ids lead nowhere", async ({ api, house }) => {
  const mine = api.organization;
  for (const path of ["accounts", "transactions", "connections", "runs", "providers"]) {
    const answer = await api.request.get(api.at(path).replace(mine, nowhere));
    expect(answer.status(), path).toBe(404);
    expect(await answer.json()).toMatchObject({ code: "not_found" });
  }
  for (const path of ["transactions", "banks", "settings", "runs", "add-account"]) {
    const answer = await api.request.get(`${house.address}/o/${nowhere}/${path}`);
    expect(answer.status(), path).toBe(404);
  }
  for (const id of ["x", "../..", "%00", `${mine}%20`, "' OR 1=1"]) {
    const answer = await api.request.get(api.at(`transactions?account=${encodeURIComponent(id)}`));
    expect(answer.status(), id).toBe(404);
  }
});

test("ids that are not there lead nowhere, whatever is asked of them", async ({ api }) => {
  const [connection, run] = [`connections/${nowhere}`, `runs/${nowhere}`];
  for (const [method, path] of [
    ["POST", `${connection}/renewals`],
    ["DELETE", connection],
    ["POST", `${connection}/sync`],
    ["POST", `accounts/${nowhere}/opening`],
    ["DELETE", `accounts/${nowhere}/link`],
  ] as const) {
    const answer = await api.send(method, path);
    expect(answer.status(), path).toBe(404);
    expect(await answer.json(), path).toMatchObject({ code: "not_found" });
  }
  for (const path of [`${run}/rows`, run, `${connection}/link`, "runs/x/rows", "connections/x/link"]) {
    const answer = await api.request.get(api.at(path));
    expect(answer.status(), path).toBe(404);
    expect(await answer.json(), path).toMatchObject({ code: "not_found" });
  }
});

test("a connection says how it stands, and a fault who acts", async ({ api, house }) => {
  await api.connectDemoBank();
  const standing = async () => (await api.get<{ status: string; since?: string }[]>("connections"))[0];
  expect(await standing()).toMatchObject({ status: "up_to_date", since: expect.stringMatching(/^\d{4}-/) });
  await passDays(house, 185);
  const [{ id }] = await api.made<[{ id: string }]>("sync");
  const run = await api.finished(id);
  const fault = run.fault ?? run.accounts[0]?.fault;
  expect(fault).toMatchObject({ class: "needs_user", action: "renew" });
  expect(fault?.who_acts).toContain("Resync");
  expect(fault?.by_itself).toContain("waiting does not help");
  expect(await standing()).toMatchObject({ status: "renew_now", since: expect.stringMatching(/^\d{4}-/) });
});

test("writes from elsewhere are refused", async ({ api, house }) => {
  for (const origin of [undefined, "null", "https://evil.test", house.sandbox]) {
    const headers: Record<string, string> = origin === undefined ? {} : { origin };
    const answer = await api.request.post(api.at("sync"), { headers });
    expect(answer.status(), origin).toBe(403);
    expect(await answer.json()).toMatchObject({ code: "wrong_origin" });
    const form = await api.request.post(`${house.address}/sign-out`, { headers });
    expect(form.status(), origin).toBe(403);
  }
  expect((await api.request.get(`${house.address}/api/v1/organizations`)).status()).toBe(200);
});

test("keys that do not work are refused and not kept", async ({ api, house }) => {
  const wrong = { ...house.gocardless.credentials, secret_key: "wrong" };
  const answer = await api.send("PUT", "providers/gocardless/keys", wrong);
  expect(answer.status()).toBe(424);
  expect(await answer.json()).toMatchObject({ code: "gocardless.keys_refused" });
  const [provider] = await api.get<{ keys?: string }[]>("providers");
  expect(provider?.keys ?? null).toBeNull();
  const missing = await api.send("PUT", "providers/gocardless/keys", { secret_id: "only" });
  expect(missing.status()).toBe(422);
  expect(await missing.json()).toMatchObject({ field: "secret_key" });
});

test("keys and tokens lie nowhere in plain text", async ({ api, house }) => {
  await api.connectDemoBank();
  const { readdir, readFile } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const files = (await readdir(join(house.folder, "data"))).filter((name) => name.startsWith("bankside"));
  expect(files.length).toBeGreaterThan(0);
  for (const name of files) {
    const bytes = await readFile(join(house.folder, "data", name));
    expect(bytes.length).toBeGreaterThan(0);
    for (const secret of [house.gocardless.credentials.secret_key, person.password, "remittanceInformation"]) {
      expect(bytes.includes(secret), `${secret} in ${name}`).toBe(false);
    }
  }
  expect(house.server.said).not.toContain(house.gocardless.credentials.secret_key);
  // Nor in anything that the server answers: every list of the API, the pages around keys and faults, and the script.
  const described = (await (await api.request.get(`${house.address}/api/openapi.json`)).json()) as { paths: Record<string, { get?: unknown }> };
  const lists = Object.entries(described.paths).flatMap(([path, { get }]) => (get ? [path.replace("{organization}", api.organization)] : []));
  const pages = ["/overview", "/banks", "/settings", "/runs", "/add-account"].map((page) => `/o/${api.organization}${page}`);
  const asked = [...lists.filter((path) => !path.includes("{") && !path.endsWith("/events")), ...pages];
  expect(asked.length).toBeGreaterThan(30);
  let told = 0;
  for (const path of asked) {
    const text = await (await api.request.get(house.address + path)).text();
    expect(text.includes(house.gocardless.credentials.secret_key), path).toBe(false);
    told += Number(text.includes(house.gocardless.credentials.secret_id.slice(0, 8)));
  }
  expect(told, "where the keys are listed, their beginning is").toBeGreaterThan(0);
});

test("what cannot be read is said with its place", async ({ api, house }) => {
  const send = (data: unknown) => api.send("POST", "accounts", data);
  const bad: [unknown, number, string][] = [
    ["{", 400, "bad_request"],
    [{ name: "A" }, 400, "bad_request"],
    [{ name: "A", kind: "barrel", currency: "EUR" }, 422, "invalid"],
    [{ name: "A", kind: "cash", currency: "EURO5!" }, 422, "invalid"],
    [{ name: "", kind: "cash", currency: "EUR" }, 422, "invalid"],
    [{ name: "A", kind: "cash", currency: "EUR", opening: "12,40" }, 422, "invalid"],
    [{ name: "A", kind: "cash", currency: "EUR", opening: "99999999999999999999" }, 422, "invalid"],
    [{ name: "x".repeat(100_000), kind: "cash", currency: "EUR" }, 422, "invalid"],
  ];
  for (const [data, status, code] of bad) {
    const answer = await send(data);
    expect(answer.status(), JSON.stringify(data).slice(0, 80)).toBe(status);
    expect(await answer.json()).toMatchObject({ status, code });
  }
  expect((await send({ name: "x".repeat(400_000), kind: "cash", currency: "EUR" })).status()).toBe(413);
  expect(await api.get<Account[]>("accounts")).toEqual([]);
  expect((await api.request.get(`${house.address}/api/v1/nothing`)).status()).toBe(404);
  expect((await api.request.get(api.at("transactions?offset=x"))).status()).toBe(400);
});

test("every answer carries the security headers", async ({ api, house }) => {
  for (const path of ["/", "/sign-in", "/api/v1/version", "/healthz", "/nothing", `/o/${api.organization}/transactions`]) {
    const headers = (await api.request.get(house.address + path)).headers();
    expect(headers["content-security-policy"], path).toContain("default-src 'none'");
    expect(headers["content-security-policy"], path).not.toContain("unsafe");
    expect(headers["x-content-type-options"], path).toBe("nosniff");
    expect(headers["referrer-policy"], path).toBe("same-origin");
    expect(headers["x-frame-options"], path).toBe("DENY");
  }
});

test("a power cut in the middle of a sync loses and doubles nothing", async ({ api, house }) => {
  await api.connectDemoBank();
  const before = await api.get<Account[]>("accounts");
  // Whoever takes the run over waits until the lease of the dead one is over.
  for (const milliseconds of [20, 70]) {
    await api.made("sync");
    await new Promise((resume) => setTimeout(resume, milliseconds));
    await house.restart("SIGKILL");
    const runs = await api.get<{ id: string }[]>("runs");
    const run = await api.finished(runs[0]?.id ?? "");
    expect(run.outcome).toBe("done");
    expect(await api.get<Account[]>("accounts")).toEqual(before);
  }
});

test("who signs out sees no more of a sync", async ({ api, house }) => {
  await api.connectDemoBank();
  // Without the provider a run stays open for a while.
  await house.endSandbox();
  const [{ id }] = await api.made<[{ id: string }]>("sync");
  const { cookies } = await api.request.storageState();
  const headers = { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; ") };
  const stream = await fetch(`${house.address}/o/${api.organization}/runs/${id}/events`, { headers });
  expect(stream.status).toBe(200);
  const rest = stream.text();
  await api.request.post(`${house.address}/sign-out`, { headers: { origin: house.address } });
  expect(await rest).not.toContain("event: done");
});

test("a flow at another step than confirming is only told", async ({ api, house }) => {
  expect((await api.send("PUT", "providers/gocardless/keys", house.gocardless.credentials)).status()).toBe(204);
  const flow = await api.made<Flow>("flows", { provider: "gocardless", institution: "NORDHAFEN_NHBKDE22" });
  expect(await api.made<Flow>(`flows/${flow.id}/confirm`)).toEqual(flow);
  expect((await api.send("POST", `flows/${nowhere}/confirm`)).status()).toBe(404);
});

test("two syncs asked for at once are one", async ({ api }) => {
  await api.connectDemoBank();
  const before = await api.get<Account[]>("accounts");
  const asked = await Promise.all(Array.from({ length: 8 }, () => api.made<[{ id: string }]>("sync")));
  for (const [{ id }] of asked) expect((await api.finished(id)).outcome).toBe("done");
  expect(await api.get<Account[]>("accounts")).toEqual(before);
});

interface Suspicions {
  held: { id: string; choices: string[] }[];
  pairs: { id: string; kind: string; stays: { id: string; note: string | null }; goes: { id: string }; choices: string[] }[];
}

test("a suspicion is decided by a program, and another one's id leads nowhere", async ({ api }) => {
  await api.connectDemoBank();
  const sent = (await api.get<Transactions>("transactions?limit=100")).transactions.find((row) => row.status === "booked" && row.payee);
  const account = (await api.get<Account[]>("accounts")).find((one) => one.name === "Girokonto");
  expect((await api.get<Suspicions>("suspicions")).pairs).toEqual([]);
  await api.made("transactions", { account: account?.id, date: sent?.date, amount: sent?.amount, payee: sent?.payee, note: "typed" });
  const [pair] = (await api.get<Suspicions>("suspicions")).pairs;
  expect(pair).toMatchObject({ kind: "twins", stays: { id: sent?.id }, choices: ["same", "different"] });
  const decide = `suspicions/${pair?.id}/decide`;
  expect((await api.send("POST", decide, { choice: "perhaps" })).status()).toBe(422);
  const { batch } = await api.made<{ batch: string }>(decide, { choice: "same", keep: { note: pair?.stays.id } });
  const { transactions } = await api.get<Transactions>("transactions?limit=500");
  expect(transactions.find((row) => row.id === sent?.id)?.note).toBe(pair?.stays.note);
  expect(transactions.some((row) => row.id === pair?.goes.id)).toBe(false);
  expect((await api.send("POST", decide, { choice: "same" })).status()).toBe(404);
  await api.made(`batches/${batch}/undo`);
  expect(await api.made<{ batch: null }>(decide, { choice: "different" })).toEqual({ batch: null });
  expect((await api.get<Suspicions>("suspicions")).pairs).toEqual([]);
  for (const id of [nowhere, `${nowhere}~${nowhere}`, "x"]) {
    expect((await api.send("POST", `suspicions/${id}/decide`, { choice: id.includes("~") ? "same" : "leave_out" })).status(), id).toBe(404);
  }
});
