// <live-view src="…"> shows what a stream of server-sent events sends: `view` replaces the content, `done` ends it.
// Where the stream breaks off, the browser connects again by itself; the server always sends the whole content first.
import htmx from "htmx.org";

class LiveView extends HTMLElement {
  #source: EventSource | undefined;

  connectedCallback(): void {
    const source = this.getAttribute("src");
    if (!source) return;
    this.#source = new EventSource(source);
    this.#source.addEventListener("view", (event: MessageEvent<string>) => this.#show(event.data));
    this.#source.addEventListener("done", () => {
      this.disconnectedCallback();
      // The rest of the page (balances, marks) has changed as well. Not `location.reload()`: it would call off a link that the
      // person has just followed.
      void htmx.ajax("get", location.href, { target: "body", swap: "innerHTML" });
    });
  }

  disconnectedCallback(): void {
    this.#source?.close();
    this.#source = undefined;
  }

  #show(html: string): void {
    const focused = document.activeElement;
    if (focused instanceof HTMLElement && focused !== this && this.contains(focused)) return;
    const open = [...this.querySelectorAll("details[open][id]")].map((details) => details.id);
    this.innerHTML = html;
    // What somebody has unfolded stays so.
    for (const details of this.querySelectorAll("details[id]")) if (open.includes(details.id)) details.setAttribute("open", "");
  }
}

customElements.define("live-view", LiveView);
