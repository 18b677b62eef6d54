// What could not be saved waits for whoever typed it: over the end of the tab and of the browser, for nobody else, until they sign out.
import type { Browser, Locator, Page } from "@playwright/test";
import { type Books, booksOf, cell, focusCell, live } from "../../support/books.ts";
import { arrived, expect, person, setUp, test } from "../../support/house.ts";

const rows: Books["rows"] = [
  { date: "2026-03-20", payee: "Baker", note: "Rolls", amount: "-3.40" },
  { date: "2026-03-19", payee: "Landlord", amount: "-800.00" },
];

const editor = (page: Page): Locator => page.locator(".edit input");
const notSaved = (page: Page): Locator => page.getByRole("alert").filter({ hasText: "Not saved" });

async function cutOff(page: Page): Promise<void> {
  await page.route("**/transactions/*", (route) => (route.request().method() === "PATCH" ? route.abort() : route.fallback()));
}

/** The browser is closed and opened again: cookies and what it keeps for good are there, and nothing else. */
async function openedAgain(browser: Browser, page: Page): Promise<Page> {
  const storageState = await page.context().storageState();
  await page.context().close();
  return (await browser.newContext({ storageState })).newPage();
}

test("a failed save outlives the tab and the browser, and is offered where it was typed", async ({ house, browser, eyes }) => {
  const first = await (await browser.newContext()).newPage();
  await setUp(first, house.address);
  const books = await booksOf(first, house, rows);
  await cutOff(first);
  await focusCell(first, 0, "note");
  await first.keyboard.press("Enter");
  await editor(first).fill("Typed on a train");
  await first.keyboard.press("Control+Enter");
  await expect(notSaved(first)).toContainText("“Typed on a train”");

  const page = await openedAgain(browser, first);
  eyes.watch(page);
  // Whatever page is opened says so.
  await page.goto(books.address.replace(/accounts\/.*/, "overview"));
  const mark = page.getByRole("navigation", { name: "Pages", exact: true }).getByRole("link", { name: /Transactions.*1 change is not saved/ });
  await expect(mark).toBeVisible();
  await expect(page.getByRole("link", { name: "A change of yours is not saved." })).toHaveCount(2);
  await expect(page.getByText("Nothing needs you.")).toBeHidden();
  const needs = page.getByRole("region", { name: "What needs you" });
  await expect(needs.getByText("Nothing. Everything that can go on by itself does.")).toBeHidden();
  await expect(needs.locator("[data-needs]")).toHaveText("1");
  await eyes.look("not-saved-mark", page);
  await page.goto(books.address);
  await live(page);
  await expect(notSaved(page)).toContainText("Not saved: note of Baker, “Typed on a train”. The page was left before this was saved.");
  await expect(cell(page, 0, "note")).toContainText("Typed on a train");
  await expect(cell(page, 0, "note")).toContainText("Not saved");
  await eyes.look("not-saved-yesterday", page);

  // Another tab sees it go once this one has saved it.
  const other = await page.context().newPage();
  await other.goto(books.address);
  await live(other);
  await expect(notSaved(other)).toBeVisible();
  await notSaved(page).getByRole("button", { name: "Try again" }).click();
  await expect(notSaved(page)).toHaveCount(0);
  await expect(notSaved(other)).toHaveCount(0);
  await expect(page.locator("[data-unsaved]")).toHaveCount(0);
  const kept = async (): Promise<number> => {
    const answer = await page.request.get(`${house.address}/api/v1/organizations/${books.organization}/transactions?search=Typed on a train`);
    return ((await answer.json()) as { total: number }).total;
  };
  await expect.poll(kept).toBe(1);
  await page.context().close();
});

test("what is typed into a field and cannot be meant waits without a time limit, also in the new row", async ({ signedIn: page, house, eyes }) => {
  const books = await booksOf(page, house, rows);
  await focusCell(page, 0, "amount");
  await page.keyboard.press("m");
  await editor(page).fill("about four");
  // Whoever goes on to another field leaves it behind.
  await cell(page, 1, "note").click();
  const notice = notSaved(page);
  await expect(notice).toContainText("Not saved: amount of Baker, “about four”. That is no amount.");
  await expect(cell(page, 0, "amount")).toContainText("−3.40");
  await expect(cell(page, 0, "amount")).toContainText("Not saved");
  await page.keyboard.press("Escape");
  await eyes.look("not-meant");
  await page.reload();
  await live(page);
  await notice.getByRole("button", { name: "Edit again" }).click();
  await expect(editor(page)).toHaveValue("about four");
  await editor(page).fill("-4.00");
  await page.keyboard.press("Control+Enter");
  await expect(notice).toHaveCount(0);
  await expect.poll(async () => (await books.at(0)).amount).toBe("-4.00");

  await focusCell(page, 1, "payee");
  await page.keyboard.press("t");
  await page.getByLabel("Payee of the new transaction").fill("Half a row");
  const tab = await page.context().newPage();
  await page.close();
  await tab.goto(books.address);
  await expect(tab.getByLabel("Payee of the new transaction")).toHaveValue("Half a row");
});

test("nobody else on the same computer sees it, and signing out drops it after a question", async ({ signedIn: page, house }) => {
  const books = await booksOf(page, house, rows);
  const [invited] = await books.send<{ link: string }[]>("POST", "invitations", { emails: ["ada@example.org"], role: "member" });
  await cutOff(page);
  await focusCell(page, 0, "payee");
  await page.keyboard.press("Enter");
  await editor(page).fill("A present for Ada");
  await page.keyboard.press("Control+Enter");
  await expect(notSaved(page)).toBeVisible();

  // The session ends without a word, and somebody else signs in.
  await page.context().clearCookies();
  await page.goto(invited?.link ?? "");
  await page.getByLabel("Your name").fill("Ada");
  await page.getByLabel("Password").fill("another boat");
  await page.getByRole("button", { name: "Join" }).click();
  await arrived(page, "Overview");
  await expect(page.locator("[data-unsaved]")).toHaveCount(0);
  await page.goto(books.address);
  await live(page);
  await expect(page.locator(".unsaved")).toBeHidden();
  await expect(cell(page, 0, "payee")).toHaveText("Baker");

  // Who typed it has it again, until they sign out.
  const signOut = async (): Promise<void> => {
    await page.locator(".org-menu summary").click();
    await page.locator(".org-menu").getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  };
  const signIn = async (): Promise<void> => {
    await page.getByLabel("Name or email").fill(person.name);
    await page.getByLabel("Password").fill(person.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { level: 1 })).not.toHaveText("Sign in");
    await page.goto(books.address);
    await live(page);
  };
  await signOut();
  await signIn();
  await expect(notSaved(page)).toContainText("A present for Ada");
  await page.locator(".org-menu summary").click();
  await page.locator(".org-menu").getByRole("button", { name: "Sign out" }).click();
  const sure = page.getByRole("dialog", { name: "Sign out with 1 change that is not saved?" });
  await sure.getByRole("button", { name: "Cancel" }).click();
  await expect(notSaved(page)).toBeVisible();
  // Answering has closed the menu.
  await page.locator(".org-menu summary").click();
  await page.locator(".org-menu").getByRole("button", { name: "Sign out" }).click();
  await sure.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("bankside.unsaved")))).toEqual([]);
  await signIn();
  await expect(page.locator(".unsaved")).toBeHidden();
});
