// A field of several lines that can be filled from a file: <p data-file-for="id of the field"> with an <input type=file>.

/** No key is larger; a file of another kind is not read into the page. */
const MOST_BYTES = 16 * 1024;

for (const choice of document.querySelectorAll<HTMLElement>("[data-file-for]")) {
  const field = document.getElementById(choice.dataset.fileFor ?? "");
  const input = choice.querySelector<HTMLInputElement>("input[type=file]");
  if (!(field instanceof HTMLTextAreaElement) || !input) continue;
  choice.hidden = false;
  input.addEventListener("change", async () => {
    const file = input.files?.[0];
    if (!file) return;
    field.value = file.size <= MOST_BYTES ? await file.text() : "";
    // What the form sends is what stands in the field.
    input.value = "";
    field.focus();
  });
}

export {};
