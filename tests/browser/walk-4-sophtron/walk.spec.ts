// Walk 4: Sophtron, with logins that are there and with a bank that asks everything that a bank can ask.
import { arrived, expect, test } from "../../support/house.ts";

test("keys, logins that are there, a bank with every question, accounts, a first sync", async ({ signedIn: page, house, eyes }) => {
  test.slow();
  const { userId, accessKey } = house.sophtron.credentials;
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: "Add account" }).click();
  await page.getByRole("link", { name: "Set up Sophtron for bank sync" }).click();
  await page.getByLabel("User ID").fill(userId);
  await page.getByLabel("User key").fill(accessKey);
  await page.getByRole("button", { name: "Test and save" }).click();

  // Logins that were made elsewhere are listed at once.
  await arrived(page, "Link accounts");
  await expect(page.getByText("Harborlight Bank").first()).toBeVisible();
  await eyes.look("accounts");

  // A card with a positive balance: nobody but the person knows whose that is.
  await page.getByRole("button", { name: "Show its accounts" }).click();
  await expect(page.getByText("Larkspur Platinum")).toBeVisible();
  await eyes.look("who-owes");
  await page.getByText("I owe it").click();
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.getByRole("row").filter({ hasText: "Larkspur Platinum" })).toContainText(/−\d/);
  await page.goto(page.url().replace(/connections\/.*/, "providers/sophtron/accounts"));

  // A bank of one's own: its sign-in form, then its questions.
  await page.getByRole("link", { name: "Connect a bank" }).click();
  await page.getByLabel("Search banks").pressSequentially("sophtron bank");
  await expect(page.getByRole("button", { name: /Sophtron Bank NoMFA/ })).toBeVisible();
  await page.getByRole("button", { name: /Sophtron Bank\b(?! NoMFA)/ }).first().click();
  await page.getByLabel("User ID").fill("asdfg12X");
  await page.getByLabel("Password").fill("asdfg12X");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("img", { name: /picture|captcha/i })).toBeVisible();
  await expect(page.getByRole("timer")).toContainText("left");
  await eyes.look("captcha");
  await page.getByLabel("Characters in the picture").fill("HTKLH");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByLabel("What is your favorite color?").fill("teal");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("Text me at xxx-xxx-1234").click();
  await eyes.look("choice");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByLabel(/Token/).fill("123456");
  await page.getByRole("button", { name: "Go on" }).click();

  // What it shows is linked as ever.
  await arrived(page, "Link accounts");
  await page.getByRole("button", { name: "Link accounts" }).click();
  // The job that read the accounts still reads their rows; it is waited for.
  await expect(page.getByText(/Sophtron Bank: \d+ accounts?, \d+ rows: \d+ new\./)).toBeVisible({ timeout: 40_000 });
});
