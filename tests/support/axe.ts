// Asks axe what is wrong with a page: every rule, and of the answer only the faults, since writing down what passed takes the longest.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import type axe from "axe-core";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

type WithAxe = typeof globalThis & { axe: typeof axe };

/** The rules that look at colours. All others look at what is there, and a scheme changes colours alone: each is a `light-dark()`. */
const COLOURS = ["color-contrast", "link-in-text-block"];

/** What axe finds wrong, with the elements; `except` names those that are not looked at. By all rules, by those about colours, or by all others. */
export async function wrongIn(page: Page, except: string[] = [], about: "all" | "colours" | "others" = "all"): Promise<string[]> {
  // Once per document; a page that was left takes it along.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(source);
  const runOnly = about === "colours" ? COLOURS : undefined;
  const rules = about === "others" ? Object.fromEntries(COLOURS.map((rule) => [rule, { enabled: false }])) : {};
  return page.evaluate(async ([exclude, runOnly, rules]) => {
    const found = await (globalThis as WithAxe).axe.run({ exclude }, { resultTypes: ["violations"], runOnly, rules });
    return found.violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(" | ")}`);
  }, [except, runOnly, rules] as const);
}
