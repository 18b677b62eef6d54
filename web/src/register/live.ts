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
    const isMoved = (id: string): boolean => known?.[id] !== accounts[id];
    // The first word is held against what the server knew when it wrote the page.
    const isNews = known ? Object.keys(accounts).some(isMoved) : this.#revision(accounts) !== this.register.revision;
    if (!isNews) return;
    if (account === null || isMoved(account)) this.#refreshSoon();
    this.#tellPage();
  }

  /** Of the account that is open, or of all of them together. */
  #revision(accounts: Revisions): number | undefined {
    const { account } = this.register.query;
    return account === null ? Object.values(accounts).reduce((sum, each) => sum + each, 0) : accounts[account];
  }

  readonly #refreshSoon = debounce(300, () => void this.register.refresh());

  /** The sidebar's balances are the page's to renew. */
  readonly #tellPage = debounce(300, () => {
    void renewPageHead();
    this.register.dispatchEvent(new CustomEvent("bankside:books", { bubbles: true }));
  });
}
