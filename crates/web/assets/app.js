// Small conveniences. Every page reads, and every basic form works, without this file.
"use strict";

// Scanners type fast and end with Enter: "/" or a scan anywhere lands in the search field.
document.addEventListener("keydown", (event) => {
  const field = document.querySelector("[data-scan]");
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
  if (field && !typing && event.key === "/" && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    field.focus();
  }
});

// Clock times become ages ("22 min ago") and keep counting.
const words = document.documentElement.dataset;
function ages() {
  for (const element of document.querySelectorAll("time[data-age]")) {
    const minutes = Math.floor((Date.now() - Date.parse(element.dateTime)) / 60000);
    if (!Number.isFinite(minutes) || minutes < 0) continue;
    const text = minutes < 1 ? words.justNow
      : minutes < 60 ? words.minutesAgo.replace("#", minutes)
      : minutes < 2880 ? words.hoursAgo.replace("#", Math.floor(minutes / 60))
      : words.daysAgo.replace("#", Math.floor(minutes / 1440));
    if (text) element.textContent = text;
  }
}
ages();
setInterval(ages, 30000);
document.addEventListener("htmx:afterSwap", ages);

// Live update: the server says that something was recorded; the marked part of the page is fetched again.
const live = document.querySelector("[data-live]");
if (live && "EventSource" in window) {
  const status = document.querySelector(".live");
  let waiting = null;
  const source = new EventSource(live.dataset.live);
  source.addEventListener("recorded", () => {
    // Many events in a row make one refresh.
    clearTimeout(waiting);
    waiting = setTimeout(() => window.htmx?.trigger(live, "refresh"), 150);
  });
  source.onopen = () => { if (status) { status.dataset.state = "on"; status.textContent = status.dataset.on; } };
  source.onerror = () => { if (status) { status.dataset.state = "lost"; status.textContent = status.dataset.lost; } };
}

// Nothing typed is lost: a form that was begun asks before the page is left.
for (const form of document.querySelectorAll("form[data-keep]")) {
  let begun = false;
  form.addEventListener("input", () => { begun = true; });
  form.addEventListener("submit", () => { begun = false; });
  window.addEventListener("beforeunload", (event) => { if (begun) event.preventDefault(); });
}

// A form marked so sends itself when an answer is chosen (one question per screen).
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-step]");
  if (form && event.target.type === "radio" && form.dataset.step === "auto") form.requestSubmit();
});
