import { defineConfig } from "@playwright/test";

// Debian's Chromium without windows, found by its path; nothing is downloaded. Each test starts its own server and sandbox.
export default defineConfig({
  testDir: ".",
  outputDir: "test-results",
  timeout: 120_000,
  expect: { timeout: 10_000 },
  // No test meets another, so that those of one file need not wait for each other: no worker is idle at the end. Walks wait for what
  // comes by itself, so that three at once have two cores busy.
  fullyParallel: true,
  workers: 3,
  forbidOnly: !!process.env.CI,
  retries: 0,
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    viewport: { width: 1400, height: 900 },
    // What is not there within this time is not there: a walk says so long before its own time is over.
    actionTimeout: 30_000,
    navigationTimeout: 30_000,
    launchOptions: {
      executablePath: process.env.BANKSIDE_CHROMIUM ?? "/usr/bin/chromium-headless-shell",
      args: ["--no-sandbox", "--disable-background-networking", "--disable-gpu", "--disable-component-update", "--no-first-run"],
    },
  },
});
