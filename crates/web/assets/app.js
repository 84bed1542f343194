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

// A scanner ends with Enter: in a field it fills, Enter goes on to the next empty one instead of sending a
// form that is not finished. From the last one it goes to the button.
document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.key !== "Enter" || !field.matches?.("input[data-scanned]") || event.isComposing) return;
  event.preventDefault();
  const all = [...field.form.querySelectorAll("input[data-scanned], button[type=submit]")];
  const rest = all.slice(all.indexOf(field) + 1);
  // The second person's fields come in their order; nobody is led into them who did not ask.
  const beside = field.closest(".second-person");
  (rest.find((next) => beside || next.matches("button") || (!next.value && next.required)) ?? rest[0])?.focus();
});

// After signing in again the form comes back with what was typed, to be looked at and sent.
document.querySelector("form[data-resume]")?.submit();

// What is wrong first is where the person goes on.
document.querySelector("[aria-invalid=true], fieldset.wrong")?.focus();

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

// An infusion that runs: minutes and seconds since it began.
function since() {
  for (const element of document.querySelectorAll("time[data-since]")) {
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(element.dateTime)) / 1000));
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    const two = (number) => String(number).padStart(2, "0");
    element.textContent = hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
  }
}
if (document.querySelector("time[data-since]")) { since(); setInterval(since, 1000); }

// A swap keeps what was unfolded, and marks the rows that changed.
const folds = new Map();
const rows = new Map();
const remember = () => document.querySelectorAll("tr[data-seq]").forEach((row) => rows.set(row.id, row.dataset.seq));
const foldName = (fold) => fold.id || fold.closest("section[id]")?.id;
remember();
document.addEventListener("htmx:beforeSwap", () => {
  for (const fold of document.querySelectorAll("main details")) if (foldName(fold)) folds.set(foldName(fold), fold.open);
});
document.addEventListener("htmx:afterSwap", () => {
  ages();
  for (const fold of document.querySelectorAll("main details")) {
    const open = folds.get(foldName(fold));
    if (open !== undefined) fold.open = open;
  }
  for (const row of document.querySelectorAll("tr[data-seq]")) {
    row.classList.toggle("fresh", rows.get(row.id) !== row.dataset.seq);
  }
  remember();
});

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

// Language and theme: what was typed so far comes along. It is kept in this tab for the one load of the page
// and taken out again at once; passwords and files are not kept.
const kept = "vena-typed";
const begunForm = document.querySelector("form[data-keep]");
document.querySelector("form[action='/preferences']")?.addEventListener("submit", async (event) => {
  const form = event.target;
  const pressed = event.submitter;
  if (pressed?.name === "theme" && !document.documentElement.dataset.theme) {
    pressed.value = matchMedia("(prefers-color-scheme: dark)").matches ? "light" : "dark";
  }
  if (!begunForm) return;
  if (begunForm.matches("[data-stay]")) {
    event.preventDefault();
    await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, pressed)), redirect: "manual" });
    const stay = Object.assign(document.createElement("input"), { type: "hidden", name: "go", value: "stay" });
    begunForm.append(stay);
    begunForm.dispatchEvent(new Event("submit"));
    begunForm.submit();
    return;
  }
  const typed = [...begunForm.elements].filter((field) => field.name && !/^(password|file|hidden|submit)$/.test(field.type))
    .map((field) => [field.name, field.value, /^(radio|checkbox)$/.test(field.type) ? field.checked : null]);
  sessionStorage.setItem(kept, JSON.stringify({ path: location.pathname, typed }));
  begunForm.dispatchEvent(new Event("submit"));
});
const typedBefore = sessionStorage.getItem(kept);
sessionStorage.removeItem(kept);
if (typedBefore && begunForm) {
  const { path, typed } = JSON.parse(typedBefore);
  for (const [name, value, ticked] of path === location.pathname ? typed : []) {
    for (const field of begunForm.elements) {
      if (field.name !== name) continue;
      if (ticked === null) field.value = value;
      else if (field.value === value) field.checked = ticked;
    }
  }
}
