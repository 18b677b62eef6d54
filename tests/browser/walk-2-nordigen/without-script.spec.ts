// The settings without their script: unfolded, switched and remembered by forms alone.
import { expect, organizationOf, setUp, test } from "../../support/house.ts";

test.use({ javaScriptEnabled: false });

test("advanced settings unfold, and account syncing is switched off and on", async ({ page, house }) => {
  await setUp(page, house.address);
  const settings = `${house.address}/o/${organizationOf(page)}/settings`;
  await page.goto(settings);
  await page.getByRole("button", { name: "Show advanced settings" }).click();
  await page.getByRole("button", { name: "Show experimental features" }).click();
  const syncing = page.getByRole("switch", { name: "Account syncing" });
  await syncing.click();
  await expect(syncing).not.toBeChecked();
  await page.goto(settings);
  await syncing.click();
  await expect(syncing).toBeChecked();
  await page.getByRole("button", { name: "Hide advanced settings" }).click();
  await expect(syncing).toHaveCount(0);
});
