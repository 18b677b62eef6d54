// Categories and mapping, as a program uses them.
import { expect, test } from "../support/house.ts";

interface Category {
  id: string;
  path: string;
  parent: string | null;
  used: number;
  is_fixed: boolean;
}

interface Line {
  line: string;
  amount: string;
  category: string | null;
  alike: number;
  suggestions: { category: string; category_id: string; basis: string; strength: string; likeness: string; fits: number; of: number }[];
}

interface Page {
  lines: Line[];
  unmapped: number;
  has_more: boolean;
}

test("categories are changed, merged and deleted, and rows are mapped", async ({ api }) => {
  const categories = async (): Promise<Category[]> => api.get<Category[]>("categories");
  const named = async (path: string): Promise<string> => (await categories()).find((one) => one.path === path)?.id ?? `no ${path}`;
  const code = async (answer: Promise<{ status(): number; json(): Promise<unknown> }>): Promise<[number, string]> => {
    const said = await answer;
    return [said.status(), ((await said.json()) as { code: string }).code];
  };
  const food = await named("Food");
  const { id: markets } = await api.made<{ id: string }>("categories", { name: "Markets", parent: food });
  expect(await code(api.send("POST", "categories", { name: "MARKETS", parent: food }))).toEqual([409, "category.name_taken"]);
  expect(await code(api.send("POST", "categories", { name: "Stalls", parent: markets }))).toEqual([409, "category.two_levels"]);
  expect((await api.send("PATCH", `categories/${markets}`, { name: "Farm shops", seen: "Markets" })).status()).toBe(204);
  expect(await code(api.send("PATCH", `categories/${markets}`, { name: "Fairs", seen: "Markets" }))).toEqual([409, "category.changed_meanwhile"]);
  expect((await api.send("PATCH", `categories/${markets}`, { parent: null })).status()).toBe(204);
  expect((await categories()).find((one) => one.id === markets)).toMatchObject({ path: "Farm shops", parent: null, is_fixed: false });

  const { id: account } = await api.made<{ id: string }>("accounts", { name: "Purse", kind: "cash", currency: "EUR" });
  for (let number = 0; number < 5; number++) {
    await api.made("transactions", { account, payee: `Hofladen ${number}`, amount: `-${10 + number}`, date: `2026-10-0${1 + number}` });
  }
  const page = await api.get<Page>("mapping?limit=2");
  expect(page).toMatchObject({ unmapped: 5, has_more: true });
  expect(page.lines.map(({ amount, alike, suggestions }) => ({ amount, alike, suggestions }))).toEqual([
    { amount: "-14.00", alike: 5, suggestions: [] },
    { amount: "-13.00", alike: 5, suggestions: [] },
  ]);
  const [first, second] = page.lines.map(({ line }) => line);
  const mapped = await api.made("mapping", [first, second].map((line) => ({ line, category_id: markets })));
  expect(mapped).toMatchObject({ changed: 2, left: 0 });
  const next = (await api.get<Page>(`mapping?account=${account}&min=12`)).lines[0];
  expect(next?.suggestions).toMatchObject([
    { category: "Farm shops", basis: "history", strength: "fair", likeness: "pattern", fits: 2, of: 2 },
  ]);
  const alike = await api.get<{ lines: number; sample: unknown[] }>(`mapping/${next?.line}/alike`);
  expect([alike.lines, alike.sample.length]).toEqual([3, 3]);
  expect(await code(api.send("POST", `mapping/${next?.line}/alike`, { category_id: markets, lines: 4 }))).toEqual([409, "category.other_count"]);
  expect(await api.made(`mapping/${next?.line}/alike`, { category_id: markets, lines: 3 })).toMatchObject({ changed: 3 });
  expect(await api.get<Page>("mapping")).toMatchObject({ lines: [], unmapped: 0 });
  expect((await api.get<Page>("mapping?tab=mapped")).lines.map((line) => line.category)).toEqual(Array(5).fill("Farm shops"));

  expect(await code(api.send("DELETE", `categories/${markets}`))).toEqual([409, "category.used"]);
  const supermarket = await named("Food ▸ Supermarket");
  expect(await code(api.send("POST", `categories/${markets}/merge`, { into: supermarket, transactions: 4 }))).toEqual([409, "category.other_count"]);
  const merged = await api.made<{ batch: string; changed: number }>(`categories/${markets}/merge`, { into: supermarket, transactions: 5 });
  expect(merged.changed).toBe(5);
  expect((await categories()).find((one) => one.id === markets)).toBeUndefined();
  await api.made(`batches/${merged.batch}/undo`);
  expect((await categories()).find((one) => one.id === markets)?.used).toBe(5);
  await api.made("mapping", [{ line: first, category_id: null }]);
  expect((await api.get<Page>("mapping")).unmapped).toBe(1);
  expect(await code(api.send("POST", "mapping", [{ line: first }]))).toEqual([422, "invalid"]);
  expect(await api.get("provider-categories")).toEqual([]);
});
