// <… data-until="instant"> counts down to it. The words of the server stay for those who cannot hear a clock tick: a screen reader is told
// at a minute, half a minute and ten seconds.

const SAID_AT = [60, 30, 10];

function words(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${String(seconds % 60).padStart(2, "0")} left`;
}

function tick(): void {
  for (const clock of document.querySelectorAll<HTMLElement>("[data-until]")) {
    const end = Date.parse(clock.dataset.until ?? "");
    if (Number.isNaN(end)) continue;
    const seconds = Math.max(0, Math.round((end - Date.now()) / 1000));
    clock.dataset.said ??= clock.textContent ?? "";
    clock.setAttribute("aria-live", SAID_AT.includes(seconds) ? "polite" : "off");
    clock.textContent = seconds > 0 ? `${words(seconds)}. ${clock.dataset.said}` : "The bank does not wait any longer. Look again, or start anew.";
  }
}

setInterval(tick, 1000);
tick();

export {};
