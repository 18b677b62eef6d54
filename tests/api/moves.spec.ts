// An account's feed moves to another connection: as programs choose, compare, move, and move back.
import type { Account, Flow, Transactions } from "../support/api.ts";
import { Api } from "../support/api.ts";
import { arm, expect, passDays, test } from "../support/house.ts";

const nowhere = "01a00000-0000-7000-8000-000000000000";

interface End {
  connection: string;
  bank_account: string;
  name: string;
}

interface Candidate extends End {
  likeness: string;
  obstacle: string | null;
  is_suggested: boolean;
}

interface Move {
  id: string;
  stage: string;
  from: End;
  to: End;
  problem: string | null;
  comparison: {
    same: number;
    only_there: { total: number; rows: { dated_on: string; amount: string }[] };
    only_here: { total: number };
    signs_look_turned: boolean;
    earliest: string;
    latest: string;
    cut_over: string;
    first_sync: { added: number; settled: number; held_back: number; vanished: number };
    revision: number;
  } | null;
}

async function giro(api: Api): Promise<Account> {
  const account = (await api.get<Account[]>("accounts")).find((account) => account.name === "Girokonto");
  if (!account) throw new Error("the demo bank has a current account");
  return account;
}

/** The same bank, connected once more. */
async function connectAgain(api: Api): Promise<string> {
  const flow = await api.made<Flow>("flows", { provider: "gocardless", institution: "NORDHAFEN_NHBKDE22" });
  await api.visit(flow.url ?? "");
  const done = await api.get<Flow>(`flows/${flow.id}`);
  expect(done.step).toBe("done");
  return done.connection ?? "";
}

/** Waits until what the new feed shows is here. */
async function compared(api: Api, account: string): Promise<Move> {
  let move = await api.get<Move>(`accounts/${account}/move`);
  await expect(async () => {
    move = await api.get<Move>(`accounts/${account}/move`);
    expect(move.stage).not.toBe("fetching");
  }).toPass();
  return move;
}

test("a feed moves to another connection and back, and no row is doubled", async ({ api }) => {
  const first = await api.connectDemoBank();
  const { id } = await giro(api);
  const none = await api.get<{ candidates: Candidate[] }>(`accounts/${id}/move/candidates`);
  expect(none.candidates.every((candidate) => candidate.obstacle !== null)).toBe(true);
  expect((await api.request.get(api.at(`accounts/${id}/move`))).status()).toBe(404);
  await passDays(api.house, 3);

  const connection = await connectAgain(api);
  const { candidates } = await api.get<{ candidates: Candidate[] }>(`accounts/${id}/move/candidates`);
  const same = candidates.find((candidate) => candidate.is_suggested);
  expect(same).toMatchObject({ connection, likeness: "same", obstacle: null, name: "Girokonto" });
  const chosen = { connection, bank_account: same?.bank_account };
  expect((await api.send("POST", `accounts/${id}/move`, chosen)).status()).toBe(202);
  const move = await compared(api, id);
  expect(move).toMatchObject({ stage: "ready", to: { connection } });
  const seen = move.comparison;
  if (!seen) throw new Error("it is ready, so it has a comparison");
  expect(seen.same).toBeGreaterThan(20);
  expect(seen).toMatchObject({ only_here: { total: 0 }, signs_look_turned: false });
  expect(seen.only_there.total).toBe(seen.first_sync.added);
  const before = await api.get<Transactions>(`transactions?account=${id}&limit=500`);

  // Nothing is moved that was not looked at.
  const decision = { id: move.id, cut_over: seen.cut_over, revision: seen.revision };
  expect((await api.send("POST", `accounts/${id}/move/commit`, { ...decision, revision: seen.revision - 1 })).status()).toBe(409);
  expect((await api.send("POST", `accounts/${id}/move/commit`, { ...decision, cut_over: "2099-01-01" })).status()).toBe(422);
  expect((await api.send("POST", `accounts/${id}/move/commit`, { ...decision, cut_over: "soon" })).status()).toBe(422);
  const run = await api.made<{ id: string }>(`accounts/${id}/move/commit`, decision);
  const done = await api.finished(run.id);
  expect(done.accounts).toMatchObject([{ account: id, added: seen.first_sync.added }]);
  const after = await api.get<Transactions>(`transactions?account=${id}&limit=500`);
  const booked = (rows: Transactions) => rows.transactions.filter((row) => row.status === "booked").map((row) => row.id);
  expect(booked(after)).toEqual(expect.arrayContaining(booked(before).slice(0, 100)));
  expect(after.total).toBe(before.total + seen.first_sync.added - seen.first_sync.vanished);
  expect((await giro(api)).balance_proven).toBe(true);
  expect((await api.get<{ connection: string }>(`accounts/${id}/feed`)).connection).toBe(connection);
  expect((await api.send("POST", `accounts/${id}/move/commit`, decision)).status()).toBe(404);

  const back = (await api.get<{ candidates: Candidate[] }>(`accounts/${id}/move/candidates`)).candidates[0];
  expect(back).toMatchObject({ likeness: "same", obstacle: null });
  await api.made(`accounts/${id}/move`, { connection: back?.connection, bank_account: back?.bank_account });
  const again = await compared(api, id);
  const { comparison } = again;
  const home = await api.made<{ id: string }>(`accounts/${id}/move/commit`, {
    id: again.id,
    cut_over: comparison?.cut_over,
    revision: comparison?.revision,
  });
  await api.finished(home.id);
  expect((await api.get<Transactions>(`transactions?account=${id}`)).total).toBe(after.total);
  expect(first.outcome).toBe("done");
});

test("what keeps a feed from moving is said, and a move is given up", async ({ api }) => {
  await api.connectDemoBank();
  const { id } = await giro(api);
  const connection = await connectAgain(api);
  const { candidates } = await api.get<{ candidates: Candidate[] }>(`accounts/${id}/move/candidates`);
  const other = candidates.find((candidate) => candidate.obstacle);
  expect(other?.obstacle).toBe("feeds_another");
  const begin = (body: object) => api.send("POST", `accounts/${id}/move`, body);
  expect((await begin({ connection: other?.connection, bank_account: other?.bank_account })).status()).toBe(409);
  expect((await begin({ connection: nowhere, bank_account: other?.bank_account })).status()).toBe(404);
  expect((await api.send("POST", `accounts/${nowhere}/move`, { connection, bank_account: nowhere })).status()).toBe(404);
  expect((await begin({ connection: "none", bank_account: "none" })).status()).toBe(404);

  const same = candidates.find((candidate) => candidate.is_suggested);
  await arm(api.house, "accounts/transactions", "connection_error");
  expect((await begin({ connection, bank_account: same?.bank_account })).status()).toBe(202);
  expect(await compared(api, id)).toMatchObject({ stage: "failed", problem: "gocardless.bank_down", comparison: null });
  expect((await api.send("DELETE", `accounts/${id}/move`)).status()).toBe(204);
  expect((await api.send("DELETE", `accounts/${id}/move`)).status()).toBe(404);
});
