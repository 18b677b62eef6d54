// <button data-copy="text"> copies its text and says so.

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-copy]") : null;
  const text = button?.dataset.copy;
  if (!button || text === undefined) return;
  void navigator.clipboard?.writeText(text).then(() => {
    const said = button.querySelector("[data-said]");
    if (said) said.textContent = "Copied";
  });
});

export {};
