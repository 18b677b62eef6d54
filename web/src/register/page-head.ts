// What the page says of the account around the register: its balance, what the bank says against it, and what it began with. The server
// words all of it.

const PARTS = [".page-head .figure", ".page-head .figure + .cur", ".proofs", ".opens"];

let asked = 0;

/** Fetches the page anew and puts these parts in place of the old ones; the rows are the register's own. */
export async function renewPageHead(): Promise<void> {
  asked += 1;
  const mine = asked;
  const answer = await fetch(location.pathname, { headers: { accept: "text/html" } }).catch(() => undefined);
  // What is on the page stays where the server cannot be reached, and where somebody has gone on to another page.
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine !== asked || new URL(answer.url).pathname !== location.pathname) return;
  for (const part of PARTS) {
    const old = document.querySelector(part);
    const next = page.querySelector(part);
    if (old && next && old.innerHTML !== next.innerHTML) old.replaceWith(document.adoptNode(next));
  }
}
