// <select data-shows="id"> shows the example of its chosen option in the element of that id, before anything is saved.

document.addEventListener("change", (event) => {
  const select = event.target;
  if (!(select instanceof HTMLSelectElement) || select.dataset.shows === undefined) return;
  const shown = document.getElementById(select.dataset.shows);
  const example = select.selectedOptions[0]?.dataset.example;
  if (shown && example !== undefined) shown.textContent = example;
});

export {};
