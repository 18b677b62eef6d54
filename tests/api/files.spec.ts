// Statement files, as programs bring them: read, corrected, imported, brought again.
import { expect, test } from "../support/house.ts";

interface FileAnswer {
  id: string;
  stage: string;
  dates: string | null;
  columns: { name: string; samples: string[]; says: string }[];
  counts: { added: number; known: number; uncertain: number } | null;
  refused: { line: number; column: string; found: string; says: string }[];
  batch: string | null;
}

const text = "Date,Description,Amount\n05/11/2026,Coffee,-1.50\n06/11/2026,Tea,none\n07/11/2026,=1+1,-2.50\n";

test("a file is brought, corrected, imported, and brought again", async ({ api }) => {
  const { id: account } = await api.made<{ id: string }>("accounts", { name: "Till", kind: "cash", currency: "EUR" });
  const bring = async (content: string) => {
    const headers = { origin: api.house.address, "content-type": "text/csv" };
    return api.request.post(api.at(`accounts/${account}/files?name=till.csv`), { headers, data: content });
  };
  const nothing = await bring("%PDF-1.7");
  expect(nothing.status()).toBe(422);
  expect(((await nothing.json()) as { detail: string }).detail).toContain("This is a PDF, not a CSV file.");

  const open = (await (await bring(text)).json()) as FileAnswer;
  expect([open.stage, open.dates]).toEqual(["open", null]);
  expect(open.columns.map(({ says }) => says)).toEqual(["booked_on", "purpose", "amount"]);
  const file = `accounts/${account}/files/${open.id}`;
  expect((await api.send("PUT", file, {})).status()).toBe(422);
  expect((await api.send("PUT", file, { dates: "sideways" })).status()).toBe(422);
  const read = (await (await api.send("PUT", file, { dates: "day_first" })).json()) as FileAnswer;
  expect(read.stage).toBe("ready");
  expect(read.refused).toEqual([
    { line: 3, column: "Amount", found: "none", says: "Line 3, Amount: “none” – this is no amount in the chosen style." },
  ]);
  expect((await api.send("POST", `${file}/import`, {})).status()).toBe(422);
  const done = await api.made<FileAnswer>(`${file}/import`, { without_refused: true });
  expect([done.stage, done.counts?.added]).toEqual(["done", 2]);
  expect((await api.send("POST", `${file}/import`, { without_refused: true })).status()).toBe(409);

  const again = (await (await bring(text)).json()) as FileAnswer;
  expect([again.stage, again.counts?.added, again.counts?.known]).toEqual(["ready", 0, 2]);
  expect((await api.send("DELETE", `accounts/${account}/files/${again.id}`)).status()).toBe(204);
  await api.made(`batches/${done.batch}/undo`);
  expect((await api.get<{ total: number }>("transactions")).total).toBe(0);
  const files = await api.get<{ open: string | null; imported: { is_undone: boolean }[] }>(`accounts/${account}/files`);
  expect(files).toMatchObject({ open: null, imported: [{ is_undone: true }] });
});
