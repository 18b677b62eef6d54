// What an account's feed does with what the bank sends, and where bank and ledger part: as programs change it and take it back.
import type { Account, Transactions } from "../support/api.ts";
import { expect, passDays, test } from "../support/house.ts";

const nowhere = "01a00000-0000-7000-8000-000000000000";

interface Feed {
  pending_policy: string;
  flips_sign: boolean;
  stated: string;
  opening_sum: { bank: string; rows: string; opening: string };
  opening: string;
}

interface Effect {
  batch: string | null;
  rows_in: number;
  rows_out: number;
  rows_turned: number;
  balance_before: string;
  balance_after: string;
}

interface Check {
  proof: string;
  open: string | null;
  open_minor: number | null;
  lines: { bank: string; ledger: string; apart: string }[];
  suspects: { transaction: string | null; grounds: string; explains: boolean }[];
  verdicts: { id: string; verdict: string; by: string; person: string }[];
}

async function giro(api: { get<T>(path: string): Promise<T> }): Promise<Account> {
  const account = (await api.get<Account[]>("accounts")).find((account) => account.name === "Girokonto");
  if (!account) throw new Error("the demo bank has a current account");
  return account;
}

test("what pending rows do is previewed, changed at once, and undone", async ({ api }) => {
  await api.connectDemoBank();
  const { id } = await giro(api);
  const rows = async (state: string) => (await api.get<Transactions>(`transactions?account=${id}&state=${state}`)).total;
  const pending = await rows("pending");
  expect(pending).toBeGreaterThan(0);
  const preview = await api.made<Effect>(`accounts/${id}/feed/preview`, { pending_policy: "booked_only" });
  expect(preview).toMatchObject({ batch: null, rows_in: 0, rows_out: pending });
  expect(await rows("pending")).toBe(pending);
  const done = (await (await api.send("PATCH", `accounts/${id}/feed`, { pending_policy: "booked_only" })).json()) as Effect;
  expect(await rows("pending")).toBe(0);
  expect((await api.get<Feed>(`accounts/${id}/feed`)).pending_policy).toBe("booked_only");
  const [{ id: run }] = await api.made<[{ id: string }]>("sync");
  await api.finished(run);
  expect(await rows("pending")).toBe(0);
  await api.made(`batches/${done.batch}/undo`);
  expect(await rows("pending")).toBe(pending);
  expect((await api.get<Feed>(`accounts/${id}/feed`)).pending_policy).toBe("shown");

  const both = await api.send("PATCH", `accounts/${id}/feed`, { pending_policy: "shown", flips_sign: true });
  expect([both.status(), ((await both.json()) as { field: string }).field]).toEqual([422, "flips_sign"]);
  expect((await api.send("PATCH", `accounts/${id}/feed`, { pending_policy: "never" })).status()).toBe(422);
  expect((await api.send("PATCH", `accounts/${nowhere}/feed`, { flips_sign: true })).status()).toBe(404);
});

test("a sign is turned over the whole history, and back", async ({ api }) => {
  await api.connectDemoBank();
  const before = await giro(api);
  const feed = await api.get<Feed>(`accounts/${before.id}/feed`);
  expect(feed).toMatchObject({ flips_sign: false, opening: feed.opening_sum.opening });
  const rows = await api.get<Transactions>(`transactions?account=${before.id}&limit=500`);
  const done = (await (await api.send("PATCH", `accounts/${before.id}/feed`, { flips_sign: true })).json()) as Effect;
  expect(done).toMatchObject({ rows_turned: rows.total, balance_before: before.balance, balance_after: `-${before.balance}` });
  expect(await giro(api)).toMatchObject({ balance: `-${before.balance}`, balance_proven: true });
  const [{ id: run }] = await api.made<[{ id: string }]>("sync");
  expect((await api.finished(run)).accounts.map((account) => account.added)).toEqual([0, 0]);
  await api.made(`batches/${done.batch}/undo`);
  expect(await api.get<Transactions>(`transactions?account=${before.id}&limit=500`)).toEqual(rows);
  expect((await api.get<Feed>(`accounts/${before.id}/feed`)).flips_sign).toBe(false);
});

test("a difference is found, accepted, and comes back when it is another one", async ({ api }) => {
  await api.connectDemoBank();
  const { id } = await giro(api);
  expect((await api.get<Check>(`accounts/${id}/balance`)).proof).toBe("proven");
  await passDays(api.house, 7);
  const [{ id: run }] = await api.made<[{ id: string }]>("sync");
  await api.finished(run);
  // Rows that came with the second sync, and that its balances contain: the bank's clock is ahead of ours.
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const came = (await api.get<Transactions>(`transactions?account=${id}&state=cleared&from=${tomorrow}&limit=500`)).transactions;
  const booked = came.reverse();
  expect((await api.send("DELETE", `transactions/${booked[0]?.id}`)).status()).toBe(204);
  const apart = await api.get<Check>(`accounts/${id}/balance`);
  expect(apart).toMatchObject({ proof: "diverged", open: booked[0]?.amount });
  expect(apart.suspects[0]).toMatchObject({ transaction: booked[0]?.id, grounds: "taken_out", explains: true });
  expect((await giro(api)).balance_proven).toBe(false);

  const other = await api.send("POST", `accounts/${id}/balance/verdicts`, { verdict: "accepted", by_minor: 1 });
  expect(other.status()).toBe(409);
  const judged = await api.made<{ id: string }>(`accounts/${id}/balance/verdicts`, { verdict: "accepted", by_minor: apart.open_minor });
  expect(await api.get<Check>(`accounts/${id}/balance`)).toMatchObject({ proof: "accepted", open: null });
  expect((await giro(api)).balance_proven).toBe(true);
  await api.send("DELETE", `transactions/${booked[1]?.id}`);
  expect(await api.get<Check>(`accounts/${id}/balance`)).toMatchObject({ open: booked[1]?.amount });
  expect((await api.send("DELETE", `accounts/${id}/balance/verdicts/${judged.id}`)).status()).toBe(204);
  expect((await api.send("DELETE", `accounts/${id}/balance/verdicts/${judged.id}`)).status()).toBe(404);
  expect((await api.get<Check>(`accounts/${id}/balance`)).verdicts).toEqual([]);
  expect((await api.send("POST", `accounts/${nowhere}/balance/verdicts`, { verdict: "ignored", by_minor: 1 })).status()).toBe(404);
});
