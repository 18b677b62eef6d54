// Runs before the page is drawn, so that nothing has to change before the person's eyes: figures stay hidden, and what works only
// with the script is there at once.
{
  const page = document.documentElement;
  page.dataset.script = "";
  try {
    if (localStorage.getItem("bankside.privacy") === "on") page.dataset.private = "";
  } catch {
    // A browser that keeps nothing shows the figures.
  }
}
