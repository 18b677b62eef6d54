// What somebody needs who magnifies, who has the system's own colours, who reads from right to left, whom motion makes ill, or who has a
// slow line.
import type { CDPSession, Page } from "@playwright/test";
import { type Books, booksOf, cell, focusCell, live, row } from "../../support/books.ts";
import { sticksOut } from "../../support/eyes.ts";
import { connectDemoBank, expect, organizationOf, register, test } from "../../support/house.ts";

const rows: Books["rows"] = [
  { date: "2026-03-20", payee: "Baker", note: "Rolls", amount: "-3.40" },
  { date: "2026-03-19", payee: "Landlord", amount: "-800.00" },
  { date: "2026-03-18", payee: "Harbour office", amount: "2500.00" },
];

test("magnified four times, a common screen is 320 by 256: everything is reached, and nothing scrolls sideways", async ({ signedIn: page, house }) => {
  await page.setViewportSize({ width: 320, height: 256 });
  const books = await booksOf(page, house, rows);
  await expect.poll(() => sticksOut(page)).toEqual([]);

  // A field is edited: here in the sheet of its row, which scrolls within itself.
  await cell(page, 0, "payee").scrollIntoViewIfNeeded();
  await cell(page, 0, "payee").click();
  const sheet = page.getByRole("dialog", { name: "Baker" });
  await expect(sheet).toBeVisible();
  const box = await sheet.boundingBox();
  expect(box && box.x >= 0 && box.y >= 0 && box.x + box.width <= 320 && box.y + box.height <= 256).toBe(true);
  const scrolls = ({ scrollHeight, clientHeight }: Element): boolean => scrollHeight > clientHeight && clientHeight > 200;
  expect(await sheet.evaluate(scrolls), "the sheet scrolls within itself").toBe(true);
  await sheet.getByRole("button", { name: "Edit note" }).click();
  await sheet.getByRole("textbox", { name: "note" }).fill("Two rolls");
  await sheet.getByRole("button", { name: "Save" }).click();
  await expect.poll(async () => (await books.at(0)).note).toBe("Two rolls");
  await expect.poll(() => sticksOut(page)).toEqual([]);
  await sheet.getByRole("button", { name: "Close" }).click();
  await expect(sheet).toHaveCount(0);

  // The accounts come as a drawer, and lead on.
  await page.getByRole("button", { name: "Accounts" }).click();
  const drawer = page.getByRole("dialog", { name: "Accounts" });
  await expect(drawer.getByRole("link", { name: /Cash/ })).toBeVisible();
  await expect.poll(() => sticksOut(page)).toEqual([]);
  await drawer.getByRole("link", { name: "Add account" }).click();
  await expect(page.getByRole("heading", { name: "Add account", level: 1 })).toBeVisible();

  // A question that cannot be overlooked has its answers in sight.
  await page.goto(books.address);
  await live(page);
  for (const at of [0, 1]) {
    await row(page, at).scrollIntoViewIfNeeded();
    await row(page, at).locator(".tick").click();
  }
  await page.getByRole("toolbar", { name: "With the selected rows" }).getByRole("button", { name: /^Delete/ }).click();
  const sure = page.getByRole("dialog", { name: "Delete 2 transactions?" });
  for (const name of ["Delete 2", "Cancel"]) await expect(sure.getByRole("button", { name })).toBeInViewport({ ratio: 1 });
  await sure.getByRole("button", { name: "Cancel" }).click();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect.poll(() => sticksOut(page)).toEqual([]);
  await help.getByRole("button", { name: "Close" }).click();
  await expect(help).toHaveCount(0);
});

const styleOf = (page: Page, selector: string, property: string): Promise<string> =>
  page.locator(selector).first().evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property);

/** What the system calls a colour, as this browser draws it. */
const systemColour = (page: Page, name: string): Promise<string> =>
  page.evaluate((name) => {
    const probe = document.createElement("i");
    probe.style.color = name;
    document.body.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  }, name);

test("in the system's colours the focus is drawn, and every status still has its mark and its word", async ({ signedIn: page, house }) => {
  await connectDemoBank(page, house);
  await page.emulateMedia({ forcedColors: "active" });
  const highlight = await systemColour(page, "Highlight");
  const ground = await systemColour(page, "Canvas");
  expect(highlight).not.toBe(ground);
  const focused = (): Promise<[string, string, string]> =>
    page.evaluate(() => {
      const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(document.activeElement as Element);
      return [outlineStyle, outlineWidth, outlineColor];
    });
  await focusCell(page, 0, "payee");
  await page.keyboard.press("j");
  expect(await focused()).toEqual(["solid", "2px", highlight]);
  await page.getByRole("searchbox", { name: "Search transactions" }).focus();
  await page.keyboard.press("Tab");
  expect(await focused()).toEqual(["solid", "2px", highlight]);

  // A mark is a drawing and a word, each in a colour that stands out from the ground.
  const marks = page.locator(".rows .row:not([hidden]) .status");
  expect(await marks.count()).toBeGreaterThan(3);
  for (const mark of (await marks.all()).slice(0, 6)) {
    await expect(mark).toHaveText(/\w/);
    const drawn = await mark.locator("svg").evaluate((svg) => {
      const { color, visibility } = getComputedStyle(svg);
      return { color, visibility, width: svg.getBoundingClientRect().width };
    });
    expect(drawn.visibility).toBe("visible");
    expect(drawn.width).toBeGreaterThan(8);
    expect(drawn.color).not.toBe(ground);
  }
  // What is selected is told by the system's own colour for that.
  await row(page, 0).locator(".tick").click();
  expect(await styleOf(page, '.rows .row[aria-selected="true"]:not([hidden])', "background-color")).toBe(highlight);
  // On the page of parts all marks stand beside each other; those that ask are framed, since their ground is not drawn.
  await page.goto(`${house.address}/design`);
  for (const tone of ["is-act", "is-stop"]) expect(await styleOf(page, `.status.${tone}`, "border-top-style")).toBe("solid");
});

test("from right to left the sidebar stands on the right, and nothing sticks out", async ({ signedIn: page, house }) => {
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  for (const at of ["overview", "transactions", "banks", "settings", "cashflow"]) {
    await page.goto(`${home}/${at}`);
    if (at === "transactions") await expect(register(page)).toBeVisible();
    await page.evaluate(() => (document.documentElement.dir = "rtl"));
    for (const width of [1400, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await expect.poll(() => sticksOut(page), `${at}, ${width}`).toEqual([]);
      if (width !== 1400) continue;
      const side = await page.getByRole("complementary", { name: "Main" }).boundingBox();
      const main = await page.getByRole("main").boundingBox();
      expect(side && main && side.x >= main.x + main.width - 1 && Math.abs(side.x + side.width - 1400) <= 1, `${at}: the sidebar`).toBe(true);
    }
    await page.setViewportSize({ width: 1400, height: 900 });
  }
  // The drawer comes from the same side.
  await page.goto(`${home}/transactions`);
  await page.evaluate(() => (document.documentElement.dir = "rtl"));
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole("button", { name: "Accounts" }).click();
  const drawer = await page.getByRole("dialog", { name: "Accounts" }).boundingBox();
  expect(drawer && Math.abs(drawer.x + drawer.width - 390) <= 1, "the drawer").toBe(true);
});

test("where motion is not wanted, nothing moves for longer than a thousandth of a second", async ({ signedIn: page, house }) => {
  await connectDemoBank(page, house);
  await page.emulateMedia({ reducedMotion: "reduce" });
  const moving = (): Promise<string[]> =>
    page.evaluate(() =>
      document.getAnimations().flatMap((animation) => {
        const { duration = 0, delay = 0 } = animation.effect?.getComputedTiming() ?? {};
        const target = (animation.effect as KeyframeEffect | null)?.target;
        return Number(duration) + Number(delay) > 1 ? [`${target?.tagName}.${target?.className} ${String(duration)}`] : [];
      }),
    );
  const declared = (): Promise<string[]> =>
    page.evaluate(() =>
      [...document.querySelectorAll("body *")].flatMap((element) => {
        const { animationName, animationDuration, transitionDuration, transitionProperty, scrollBehavior } = getComputedStyle(element);
        const isLong = (times: string): boolean => times.split(",").some((time) => Number.parseFloat(time) * (time.includes("ms") ? 1 : 1000) > 1);
        const isMoving = (animationName !== "none" && isLong(animationDuration)) || (transitionProperty !== "none" && isLong(transitionDuration)) || scrollBehavior === "smooth";
        return isMoving ? [`${element.tagName}.${element.className}`] : [];
      }),
    );
  const home = `${house.address}/o/${organizationOf(page)}`;
  for (const at of [`${home}/transactions`, `${home}/overview`, `${house.address}/design`]) {
    await page.goto(at);
    expect(await declared(), at).toEqual([]);
    expect(await moving(), at).toEqual([]);
  }
  // What comes and goes by itself does so at once: a message, the panel, the palette.
  await page.goto(`${home}/transactions`);
  await live(page);
  await focusCell(page, 0, "payee");
  await page.keyboard.press("g");
  await expect(page.locator(".toast")).toBeVisible();
  expect(await moving(), "a message").toEqual([]);
  await page.keyboard.press("i");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Find anything" })).toBeVisible();
  expect(await moving(), "the palette").toEqual([]);
  expect(await declared(), "the palette").toEqual([]);
  // The same test finds what moves where motion is wanted, so that it can fail.
  await page.emulateMedia({ reducedMotion: "no-preference" });
  expect((await declared()).length).toBeGreaterThan(0);
});

/** Bytes that came over the line for a page that is opened for the first time, with everything that it asks for by itself. */
async function weigh(page: Page, address: string, isThere: () => Promise<void>): Promise<{ bytes: number; parts: Record<string, number> }> {
  const line: CDPSession = await page.context().newCDPSession(page);
  await line.send("Network.enable");
  await line.send("Network.setCacheDisabled", { cacheDisabled: true });
  const urls = new Map<string, string>();
  const parts: Record<string, number> = {};
  line.on("Network.responseReceived", ({ requestId, response }) => void urls.set(requestId, response.url));
  line.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const path = new URL(urls.get(requestId) ?? "about:blank").pathname.replace(/.*\/(?=[^/]*$)/, "");
    parts[path] = (parts[path] ?? 0) + encodedDataLength;
  });
  await page.goto(address);
  await isThere();
  await page.waitForLoadState();
  await expect.poll(() => Object.keys(parts)).toEqual(expect.arrayContaining(["app.js", "bankside.css"]));
  await line.detach();
  return { bytes: Object.values(parts).reduce((sum, part) => sum + part, 0), parts };
}

test("the overview and a register weigh less than 150 kB, with everything", async ({ signedIn: page, house }) => {
  await connectDemoBank(page, house);
  const home = `${house.address}/o/${organizationOf(page)}`;
  await page.getByRole("complementary", { name: "Main" }).getByRole("link", { name: /Girokonto/ }).click();
  await live(page);
  const giro = page.url();
  const loads: [string, string, () => Promise<void>][] = [
    ["overview", `${home}/overview`, () => expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible()],
    ["register", giro, () => live(page)],
    ["all accounts", `${home}/transactions`, () => live(page)],
  ];
  for (const [name, address, isThere] of loads) {
    const { bytes, parts } = await weigh(page, address, isThere);
    process.stdout.write(`${name}: ${Math.round(bytes / 1000)} kB over the line, of which ${JSON.stringify(parts)}\n`);
    expect.soft(bytes, name).toBeLessThan(150_000);
    expect.soft(bytes, `${name}: something was weighed`).toBeGreaterThan(20_000);
  }
});
