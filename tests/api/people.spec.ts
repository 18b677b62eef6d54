// People by the API: organizations, members, groups and invitations, what is refused, and with which words.
import type { APIResponse } from "@playwright/test";
import { Program } from "../support/program.ts";
import { expect, person, test } from "../support/house.ts";

interface Organization { id: string; name: string; kind: string; time_zone: string; role: string }
interface Member { person: string; name: string; email: string | null; role: string; group: string | null; asset: string | null; asset_path: string | null }
interface Group { id: string; name: string; role: string; members: number; invited: number }
interface Invitation { id: string; email: string; role: string; group: string | null; mail: string | null }
interface Invited { id: string; email: string; link: string | null }

const problem = async (answer: APIResponse) => {
  const { code, field } = (await answer.json()) as { code: string; field?: string };
  return [answer.status(), code, field];
};

test("organizations are made, renamed, joined, handed over and left", async ({ api, house, playwright }) => {
  const everywhere = `${house.address}/api/v1`;
  const post = (to: string, data: object) => api.request.post(`${everywhere}/${to}`, { data, headers: { origin: house.address } });
  const wanted = { name: "Sonnwind", kind: "company", currency: "EUR", time_zone: "Europe/Berlin" };
  expect(await problem(await post("organizations", { ...wanted, kind: "club" }))).toEqual([422, "invalid", "kind"]);
  expect(await problem(await post("organizations", { ...wanted, name: " " }))).toEqual([422, "invalid", "name"]);
  expect(await problem(await post("organizations", { ...wanted, currency: "euro" }))).toEqual([422, "invalid", "currency"]);
  expect(await problem(await post("organizations", { ...wanted, time_zone: "Nowhere" }))).toEqual([422, "invalid", "time_zone"]);
  expect((await post("organizations", wanted)).status()).toBe(201);
  const all = (await (await api.request.get(`${everywhere}/organizations`)).json()) as Organization[];
  expect(all.map(({ name, role }) => [name, role])).toEqual([[person.organization, "owner"], ["Sonnwind", "owner"]]);

  const own = `${everywhere}/organizations/${api.organization}`;
  const change = (data: object) => api.request.patch(own, { data, headers: { origin: house.address } });
  expect((await change({ name: "Harbour house", time_zone: "Europe/Lisbon" })).status()).toBe(204);
  expect(await (await api.request.get(own)).json()).toMatchObject({ name: "Harbour house", time_zone: "Europe/Lisbon", kind: "household" });
  expect(await problem(await change({ time_zone: "Nowhere" }))).toEqual([422, "invalid", "time_zone"]);

  // A group below an asset, and somebody who is invited into it.
  const country = await api.made<{ id: string }>("assets", { name: "Germany" });
  const site = await api.made<{ id: string }>("assets", { name: "Site 1", under: country.id });
  const group = await api.made<{ id: string }>("groups", { name: "Technicians", role: "viewer", asset: site.id });
  expect(await problem(await api.send("POST", "groups", { name: "Chiefs", role: "king" }))).toEqual([422, "invalid", "role"]);
  expect((await api.send("PUT", `groups/${group.id}`, { name: "Engineers", role: "member", asset: site.id })).status()).toBe(204);
  expect(await problem(await api.send("POST", "invitations", { emails: ["ada"], role: "viewer" }))).toEqual([422, "invalid", "emails"]);
  expect(await problem(await api.send("POST", "invitations", { emails: ["ada@example.org"] }))).toEqual([422, "invalid", "role"]);
  const [ada, bo] = await api.made<Invited[]>("invitations", { emails: ["ada@example.org", "bo@example.org"], group: group.id });
  const waiting = await api.get<Invitation[]>("invitations");
  expect(waiting.map(({ email, role, mail }) => [email, role, mail]).sort()).toEqual([["ada@example.org", "member", null], ["bo@example.org", "member", null]]);
  expect((await api.send("DELETE", `invitations/${bo?.id}`)).status()).toBe(204);
  expect((await api.send("DELETE", `groups/${group.id}`)).status()).toBe(409);

  // She makes herself known on the page and accepts a second invitation as who she is.
  const theirs = await playwright.request.newContext();
  const token = (link?: string | null) => link?.split("/").at(-1) ?? "none";
  const invitation = await theirs.get(`${everywhere}/invitations/${token(ada?.link)}`);
  expect(await invitation.json()).toMatchObject({ organization_name: "Harbour house", email: "ada@example.org", role: "member", invited_by: person.name });
  expect((await theirs.get(`${everywhere}/invitations/${token(bo?.link)}`)).status()).toBe(404);
  const joined = await theirs.post(`${house.address}/invitations/${token(ada?.link)}/account`, {
    headers: { origin: house.address },
    form: { name: "Ada", password: "another boat" },
  });
  expect(joined.ok()).toBe(true);
  const elsewhere = all[1]?.id ?? "none";
  const [again] = (await (await post(`organizations/${elsewhere}/invitations`, { emails: ["ada@example.org"], role: "admin" })).json()) as Invited[];
  const accepted = await theirs.post(`${everywhere}/invitations/${token(again?.link)}/accept`, { headers: { origin: house.address } });
  expect(await accepted.json()).toEqual({ organization: elsewhere });

  // Below her asset she sees nobody; the owner sees her place and gives her another.
  const at = (path: string) => `${everywhere}/organizations/${api.organization}/${path}`;
  expect((await theirs.get(at("members"))).status()).toBe(403);
  const members = await api.get<Member[]>("members");
  const she = members.find(({ name }) => name === "Ada");
  expect(she).toMatchObject({ email: "ada@example.org", role: "member", group: group.id, asset_path: "Germany ▸ Site 1" });
  expect((await api.get<Group[]>("groups"))[0]).toMatchObject({ name: "Engineers", role: "member", members: 1, invited: 0 });
  const place = (data: object) => api.send("PUT", `members/${she?.person}/place`, data);
  expect(await problem(await place({ role: "admin", asset: site.id }))).toEqual([409, "conflict", undefined]);
  expect(await problem(await place({ role: "chief" }))).toEqual([422, "invalid", "role"]);
  expect((await place({ role: "admin" })).status()).toBe(204);
  expect((await theirs.get(at("members"))).status()).toBe(200);
  expect((await api.send("DELETE", `groups/${group.id}`)).status()).toBe(204);

  // The only owner hands over before they go.
  expect(await problem(await api.send("DELETE", "membership"))).toEqual([409, "conflict", undefined]);
  expect((await api.send("POST", "hand-over", { to: she?.person })).status()).toBe(204);
  expect((await api.send("DELETE", "membership")).status()).toBe(204);
  expect((await change({ name: "Mine again" })).status()).toBe(404);
  const left = (await (await theirs.get(at("members"))).json()) as Member[];
  expect(left.map(({ name, role }) => [name, role])).toEqual([["Ada", "owner"]]);
  const removed = await theirs.delete(at(`members/${she?.person}`), { headers: { origin: house.address } });
  expect(await problem(removed)).toEqual([409, "conflict", undefined]);
  await theirs.dispose();
});

test("accounts are listed anew by the API and on the command line", async ({ api, house }) => {
  await api.connectDemoBank();
  const [connection] = await api.get<{ id: string; name: string }[]>("connections");
  const got = await api.made<Record<string, unknown>>(`connections/${connection?.id}/accounts`);
  expect(got).toEqual({ recognised: 2, new: 0, missing: 0, shows_new_accounts: false, held_back: null });
  const command = Program.start(house.folder, ["get-accounts", "Nordhafen Bank", "--data-folder", "data"], house.environment);
  await command.says(/(2 known, 0 new, 0 not shown any more)/);
  expect(command.said).toMatch(/Girokonto · .* EUR · feeds Girokonto/);
  await command.says(/(GoCardless shows accounts that were opened since only after another sign-in)/);
  const unknown = Program.start(house.folder, ["get-accounts", "No such bank", "--data-folder", "data"], house.environment);
  await unknown.says(/(has no sync “No such bank”; it has: Nordhafen Bank)/);
});

test("without a subscription that the server asks for nothing is begun or synced, and with one it is", async ({ api, house }) => {
  expect(await api.get("subscription")).toEqual({ is_required: false, state: "not_required", through: null });
  await api.connectDemoBank();
  house.environment.BANKSIDE_SUBSCRIPTION__REQUIRED = "true";
  await house.restart();
  const [connection] = await api.get<{ id: string; status: string }[]>("connections");
  expect(connection?.status).toBe("operator_needed");
  expect(await api.get("subscription")).toEqual({ is_required: true, state: "none", through: null });
  const at = `connections/${connection?.id}`;
  const begun: [string, object?][] = [
    ["flows", { provider: "gocardless", institution: "NORDHAFEN_NHBKDE22" }],
    [`${at}/renewals`],
    [`${at}/accounts`],
    [`${at}/sync`],
    [`${at}/link`, []],
    ["sync"],
  ];
  for (const [path, data] of begun) {
    expect(await problem(await api.send("POST", path, data)), path).toEqual([424, "subscription.none", undefined]);
  }
  for (const page of ["connect-bank", "providers/gocardless/banks", `${at}/link`]) {
    expect((await api.request.get(`${house.address}/o/${api.organization}/${page}`)).status(), page).toBe(409);
  }
  const set = ["subscription", "--data-folder", "data", "set", person.organization, "--through", "2999-12-31"];
  const subscribe = Program.start(house.folder, set, house.environment);
  await subscribe.says(/(may sync with banks through 2999-12-31)/);
  expect(await api.get("subscription")).toEqual({ is_required: true, state: "active", through: "2999-12-31" });
  const [{ id }] = await api.made<[{ id: string }]>("sync");
  expect((await api.finished(id)).outcome).toBe("done");
});
