// The API as a program uses it: with a session of its own, against a server that somebody has set up.
import { expect, type APIRequestContext, type APIResponse } from "@playwright/test";
import type { House } from "./house.ts";

export class Api {
  constructor(
    readonly request: APIRequestContext,
    readonly house: House,
    readonly organization: string,
  ) {}

  at(path: string): string {
    return `${this.house.address}/api/v1/organizations/${this.organization}/${path}`;
  }

  async get<T>(path: string): Promise<T> {
    const answer = await this.request.get(this.at(path));
    expect(answer.status(), `${path}: ${await answer.text()}`).toBe(200);
    return (await answer.json()) as T;
  }

  /** Writes, from the server's own origin. */
  async send(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, data?: unknown): Promise<APIResponse> {
    return this.request.fetch(this.at(path), { method, data, headers: { origin: this.house.address } });
  }

  /** Writes what must be taken. */
  async made<T>(path: string, data?: unknown): Promise<T> {
    const answer = await this.send("POST", path, data);
    expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
    return (await answer.json()) as T;
  }

  /** Brings a file of rows into an account, as a program does. */
  async bring(account: string, headings: string, lines: string[]): Promise<void> {
    const headers = { origin: this.house.address, "content-type": "text/csv" };
    const data = [headings, ...lines].join("\n");
    const answer = await this.request.post(this.at(`accounts/${account}/files?name=rows.csv`), { headers, data });
    expect(answer.ok(), await answer.text()).toBe(true);
    const file = (await answer.json()) as { id: string; stage: string };
    const path = `accounts/${account}/files/${file.id}`;
    if (file.stage === "open") await this.send("PUT", path, { dates: "iso" });
    await this.made(`${path}/import`, {});
  }

  /** From keys to a finished first sync. */
  async connectDemoBank(): Promise<Run> {
    const kept = await this.send("PUT", "providers/gocardless/keys", this.house.gocardless.credentials);
    expect(kept.status(), await kept.text()).toBe(204);
    const flow = await this.made<Flow>("flows", { provider: "gocardless", institution: "NORDHAFEN_NHBKDE22" });
    await this.visit(flow.url ?? "");
    const done = await this.get<Flow>(`flows/${flow.id}`);
    expect(done.step).toBe("done");
    const offer = await this.get<Offer>(`connections/${done.connection}/link`);
    const links = offer.bank_accounts.map((offered) => ({
      bank_account: offered.bank_account,
      name: offered.suggested_name,
      import_from: offered.import_from,
    }));
    const { id } = await this.made<{ id: string }>(`connections/${done.connection}/link`, links);
    return this.finished(id);
  }

  /** Waits for the end of a run. */
  async finished(run: string): Promise<Run> {
    let view = await this.get<Run>(`runs/${run}`);
    await expect(async () => {
      view = await this.get<Run>(`runs/${run}`);
      expect(view.state).toBe("finished");
    }).toPass();
    return view;
  }

  /** Walks the consent pages with nothing but what stands on them. */
  async visit(link: string): Promise<void> {
    for (let page = 0; page < 8; page++) {
      const text = await (await this.request.get(link)).text();
      const values = (name: string) => [...text.matchAll(new RegExp(`name="${name}"[^>]* value="([^"]*)"`, "g"))].map((m) => m[1] ?? "");
      const form = new URLSearchParams({ step: values("step")[0] ?? "", user_id: "demo", code: "123456" });
      for (const account of values("account")) form.append("account", account);
      const answer = await this.request.post(link, {
        headers: { "content-type": "application/x-www-form-urlencoded" },
        data: form.toString(),
        maxRedirects: 0,
      });
      if (answer.status() !== 302) continue;
      const back = await this.request.get(answer.headers().location ?? "");
      expect(back.status()).toBe(200);
      return;
    }
    throw new Error("the consent pages do not end");
  }
}

export interface Flow {
  id: string;
  step: string;
  url?: string;
  connection?: string;
}

interface Offer {
  bank_accounts: { bank_account: string; suggested_name: string; import_from: string }[];
}

export interface Account {
  id: string;
  name: string;
  balance: string;
  transactions: number;
  balance_proven: boolean;
}

export interface Fault {
  class: string;
  code: string;
  action?: string;
  who_acts: string;
  by_itself: string;
}

export interface Run {
  id: string;
  state: string;
  outcome?: string;
  fault?: Fault;
  accounts: { account: string; step: string; added: number; batch?: string; fault?: Fault }[];
}

export interface Transactions {
  total: number;
  transactions: { id: string; account: string; date: string; payee?: string; note?: string; amount: string; status: string }[];
}
