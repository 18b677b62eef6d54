// Starts the real binary and ends it again, each time with a home of its own, so that no test meets another's files.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const binary = resolve(import.meta.dirname, "../..", process.env.BANKSIDE_BIN ?? "target/debug/bankside");

/** A folder that goes when the test has ended. */
export async function folder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "bankside-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export class Program {
  readonly #child: ChildProcess;
  #said = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on("data", (chunk: Buffer) => (this.#said += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (this.#said += chunk.toString()));
  }

  /** Starts `bankside …`. Of this process's environment it sees the path alone. */
  static start(home: string, args: string[], environment: Record<string, string> = {}): Program {
    if (!existsSync(binary)) throw new Error(`${binary} is not built; make test builds it`);
    const env = { PATH: process.env.PATH ?? "", HOME: home, XDG_CONFIG_HOME: join(home, "config"), ...environment };
    return new Program(spawn(binary, args, { cwd: home, env, stdio: ["ignore", "pipe", "pipe"] }));
  }

  /** Everything that it has written. */
  get said(): string {
    return this.#said;
  }

  /** Waits until it has written what fits, and gives the first group. */
  async says(pattern: RegExp): Promise<string> {
    for (let tries = 0; tries < 300; tries++) {
      const found = pattern.exec(this.#said)?.[1];
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null) break;
      await new Promise((resume) => setTimeout(resume, 50));
    }
    throw new Error(`it never said ${pattern}:\n${this.#said}`);
  }

  /** Ends it as an operator does, or as a power cut does; gives its exit code. */
  async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const ended = new Promise<number | null>((resume) => this.#child.once("exit", resume));
    this.#child.kill(signal);
    return ended;
  }
}
