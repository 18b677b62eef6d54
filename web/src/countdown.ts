// <… data-until="instant"> counts down to it. The words of the server stay for those who cannot hear a clock tick: a screen reader is told
// at a minute, half a minute and ten seconds. A ring beside it empties with it.

const SAID_AT = [60, 30, 10];
/** What a whole ring stands for, in seconds: banks seldom wait longer. */
const WHOLE_RING = 300;

function words(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${String(seconds % 60).padStart(2, "0")} left`;
}

function tick(): void {
  for (const clock of document.querySelectorAll<HTMLElement>("[data-until]")) {
    const end = Date.parse(clock.dataset.until ?? "");
    if (Number.isNaN(end)) continue;
    const seconds = Math.max(0, Math.round((end - Date.now()) / 1000));
    const left = Math.min(100, (seconds * 100) / WHOLE_RING);
    clock.parentElement?.querySelector(".ring > .left")?.setAttribute("stroke-dasharray", `${left} 100`);
    clock.dataset.said ??= clock.textContent ?? "";
    clock.setAttribute("aria-live", SAID_AT.includes(seconds) ? "polite" : "off");
    clock.textContent = seconds > 0 ? `${words(seconds)}. ${clock.dataset.said}` : "The bank does not wait any longer. Look again, or start anew.";
  }
}

setInterval(tick, 1000);
tick();

export {};
