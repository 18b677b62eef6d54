// <input data-time-zone> starts with the browser's zone. The server leaves the mark away where a person has typed one.

for (const input of document.querySelectorAll<HTMLInputElement>("input[data-time-zone]")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && input.value === input.defaultValue) input.value = zone;
}

export {};
