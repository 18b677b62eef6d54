// Looks at a page in both sizes and both schemes: checks what can be measured, and with BANKSIDE_PICTURES keeps the pictures for people.
import { expect, type Page, type PageScreenshotOptions, type TestInfo } from "@playwright/test";
import { wrongIn } from "./axe.ts";

const sizes = [
  { name: "wide", width: 1400, height: 900 },
  { name: "narrow", width: 390, height: 844 },
];

export class Eyes {
  /** Everything that the browser complained about: scripts, policies, missing files. */
  readonly complaints: string[] = [];
  #step = 0;

  constructor(
    readonly page: Page,
    readonly info: TestInfo,
  ) {
    this.watch(page);
  }

  /** Listens to another page too. */
  watch(page: Page): void {
    page.on("console", (message) => {
      // A refused form answers with 422 and is shown, and a server that a test restarts is away for a moment, which a page that
      // listens to it finds out; the browser mentions both.
      const isExpected = /status of 4\d\d|ERR_CONNECTION_REFUSED/.test(message.text());
      if (message.type() === "error" && !isExpected) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(error.message));
  }

  /** Looks, where somebody asks for pictures: at a page that the walk over every screen checks in any case. */
  async keep(name: string): Promise<void> {
    if (process.env.BANKSIDE_PICTURES) await this.look(name);
  }

  /** In each size and scheme. Nothing may stick out sideways, and nothing may be hard to read or to reach. */
  async look(name: string, page: Page = this.page, except: string[] = []): Promise<void> {
    const step = String(++this.#step).padStart(2, "0");
    for (const size of sizes) {
      await page.setViewportSize(size);
      await expect.poll(() => sticksOut(page), `${name}, ${size.name}: sticks out sideways`).toEqual([]);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await picture(page, this.info, `${step}-${name}-${size.name}-${colorScheme}`, { animations: "disabled", caret: "initial" });
        // A page in the dark is the same page in other colours, and those are the same in either size.
        if (colorScheme === "dark" && size !== sizes[0]) continue;
        const about = colorScheme === "dark" ? "colours" : size === sizes[0] ? "all" : "others";
        expect(await wrongIn(page, except, about), `${name}, ${size.name}, ${colorScheme}`).toEqual([]);
      }
    }
    await page.setViewportSize({ width: 1400, height: 900 });
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    // A register lays itself out a moment after its window has changed, and keys do something else while it is narrow.
    await expect(page.locator("bankside-register.is-narrow")).toHaveCount(0);
  }
}

/** Keeps a picture, where somebody asks for pictures. */
export async function picture(page: Page, info: TestInfo, name: string, options: PageScreenshotOptions): Promise<void> {
  if (process.env.BANKSIDE_PICTURES) await page.screenshot({ ...options, path: info.outputPath(`${name}.png`) });
}

/** What reaches out of the page sideways, named, so that a failure says what to look at. */
export async function sticksOut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wide = document.documentElement;
    if (wide.scrollWidth <= window.innerWidth) return [];
    const isOut = (box: DOMRect) => box.right > window.innerWidth + 1 || (wide.dir === "rtl" && box.left < -1);
    return [...document.querySelectorAll("body *")]
      .filter((element) => isOut(element.getBoundingClientRect()))
      .map((element) => `${element.tagName}.${element.className} to ${element.getBoundingClientRect().right}`);
  });
}
