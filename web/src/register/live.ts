// What others change while this page is open: the server says which accounts have moved, and the rows in sight are fetched anew.
import { debounce } from "../dom";
import { renewPageHead } from "./page-head";
import type { Register } from "./register";

type Revisions = Record<string, number>;

export class Live {
  #source: EventSource | null = null;
  #known: Revisions | null = null;

  constructor(readonly register: Register) {}

  start(): void {
    document.addEventListener("visibilitychange", this.#onVisibility);
    this.#open();
  }

  stop(): void {
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#close();
  }

  /** Browsers keep few connections to one server: a tab that nobody looks at gives its own up, and catches up later. */
  readonly #onVisibility = (): void => {
    if (document.hidden) this.#close();
    else this.#open();
  };

  #open(): void {
    if (this.#source) return;
    this.#source = new EventSource(this.register.api.address("events"));
    this.#source.addEventListener("books", (event: MessageEvent<string>) => this.#hear(event.data));
  }

  #close(): void {
    this.#source?.close();
    this.#source = null;
  }

  #hear(data: string): void {
    const { accounts } = JSON.parse(data) as { accounts: Revisions };
    const known = this.#known;
    this.#known = { ...known, ...accounts };
    const { account } = this.register.query;
    if (!known) {
      // What moved between the page's reading and this one.
      const revision = account === null ? Object.values(accounts).reduce((sum, each) => sum + each, 0) : accounts[account];
      if (revision === this.register.revision) return;
      this.#refreshSoon();
      this.#tellPage();
      return;
    }
    const moved = Object.keys(accounts).filter((id) => known[id] !== accounts[id]);
    if (moved.length === 0) return;
    if (account === null || moved.includes(account)) this.#refreshSoon();
    this.#tellPage();
  }

  readonly #refreshSoon = debounce(300, () => void this.register.refresh());

  /** The sidebar's balances are the page's to renew. */
  readonly #tellPage = debounce(300, () => {
    void renewPageHead();
    this.register.dispatchEvent(new CustomEvent("bankside:books", { bubbles: true }));
  });
}
