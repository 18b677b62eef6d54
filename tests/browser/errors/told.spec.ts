// What refusals say: who must act, what happens by itself, when, and a reference that the log has too.
import { expect, organizationOf, test, typeKeys } from "../../support/house.ts";

test("a page that is not there says what to do, with a reference and a line to copy", async ({ signedIn: page, house, eyes }) => {
  const answer = await page.goto(`${house.address}/o/${organizationOf(page)}/accounts/nothing`);
  expect(answer?.status()).toBe(404);
  const reference = answer?.headers()["x-request-id"] ?? "none";
  expect(reference).toMatch(/^[0-9a-f]{8}$/);
  const main = page.getByRole("main");
  await expect(main.getByText("Who must act")).toBeVisible();
  await expect(main.getByText("By itself")).toBeVisible();
  await expect(main.getByText(reference, { exact: true })).toBeVisible();
  await page.getByText("Help", { exact: true }).click();
  await expect(page.locator(".raw")).toHaveText(new RegExp(`^Bankside \\S+ · page\\.404 · request ${reference} · \\d{4}-\\d\\d-\\d\\dT`));
  await eyes.look("not-found");
  await page.getByRole("link", { name: "To your accounts" }).click();
  await expect(page.getByRole("heading", { name: "All accounts" })).toBeVisible();
});

test("a fault of the provider names it, and the way to its portal", async ({ signedIn: page, house, eyes }) => {
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.goto(`${home}/providers/gocardless/keys`);
  await typeKeys(page, house.gocardless.credentials);
  await page.goto(`${home}/providers/gocardless/banks?country=DE`);
  await expect(page.getByRole("button", { name: /Nordhafen/ })).toBeVisible();
  // The provider goes away between the list and the click.
  await house.endSandbox();
  await page.getByRole("button", { name: /Nordhafen/ }).click();
  await expect(page.getByRole("heading", { name: "The provider could not do this" })).toBeVisible({ timeout: 60_000 });
  await page.getByText("Help", { exact: true }).click();
  await expect(page.getByRole("link", { name: "Open the GoCardless portal" })).toBeVisible();
  await eyes.look("provider-gone");
  // The browser mentions the status, of the page and of logos that were still on their way, and nothing else.
  const complaints = eyes.complaints.splice(0).filter((complaint) => !complaint.includes("status of 502"));
  expect(complaints).toEqual([]);
});

test("what the router refuses is told too, to people and to programs", async ({ signedIn: page, house }) => {
  const wrongWay = await page.request.post(`${house.address}/healthz`, { headers: { origin: house.address } });
  expect(wrongWay.status()).toBe(405);
  expect(wrongWay.headers().allow).toContain("GET");
  expect(await wrongWay.text()).toContain("Not this way");
  const program = await page.request.delete(`${house.address}/api/v1/version`, { headers: { origin: house.address } });
  expect(program.status()).toBe(405);
  expect(program.headers()["content-type"]).toBe("application/problem+json");
  const problem = (await program.json()) as { code: string; request: string; who_acts: string; by_itself: string; at: string };
  expect(problem.code).toBe("method_not_allowed");
  expect(problem.request).toBe(program.headers()["x-request-id"]);
  expect(Date.now() - Date.parse(problem.at)).toBeLessThan(60_000);
  expect(problem.who_acts).not.toBe("");
  expect(problem.by_itself).not.toBe("");
});

test("the log has the reference of what went wrong inside", async ({ signedIn: page, house }) => {
  // A write from elsewhere is refused, and the refusal is in the log.
  const refused = await page.request.post(`${house.address}/sign-out`, { headers: { origin: "https://elsewhere.example" } });
  expect(refused.status()).toBe(403);
  const reference = refused.headers()["x-request-id"] ?? "none";
  expect(await refused.text()).toContain(reference);
  await expect(() => expect(house.server.said).toMatch(new RegExp(`${reference}.*a write from elsewhere was refused`))).toPass();
});
