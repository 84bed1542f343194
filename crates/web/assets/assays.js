// Assay pages: a file dropped anywhere in its frame, gates dragged, colonies clicked. Every form works without this.
"use strict";

const result = () => document.getElementById("assay-result");

// A dropped file lands in the plain file field.
for (const frame of document.querySelectorAll("[data-drop]")) {
  const input = frame.querySelector("input[type=file]");
  const told = frame.querySelector("[data-dropped]");
  const tell = () => { told.textContent = [...input.files].map((file) => `${file.name} (${(file.size / 1048576).toFixed(1)} MiB)`).join(", "); };
  frame.addEventListener("dragover", (event) => { event.preventDefault(); frame.classList.add("over"); });
  frame.addEventListener("dragleave", () => frame.classList.remove("over"));
  frame.addEventListener("drop", (event) => {
    event.preventDefault();
    frame.classList.remove("over");
    if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; tell(); }
  });
  input.addEventListener("change", tell);
}

// Only the result is fetched again; where that fails the page is loaded as without a script.
let running = false;
async function swap(address, options) {
  if (running) return;
  running = true;
  const place = result();
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { ...options, headers: { ...options.headers, "x-vena-part": "1" } });
    const text = await answer.text();
    const found = new DOMParser().parseFromString(text, "text/html");
    const part = found.getElementById("assay-result");
    if (!part) throw new Error("no part");
    // A refusal comes as a whole page: what it says stands above the result.
    const told = answer.ok ? null : found.querySelector("[role=alert]");
    place.replaceWith(document.adoptNode(part));
    if (told) { const note = document.adoptNode(told); part.before(note); setTimeout(() => note.remove(), 20000); }
    for (const field of document.querySelectorAll("form input[name=version]")) field.value = part.dataset.version;
  } finally {
    running = false;
    result()?.removeAttribute("aria-busy");
  }
}

function send(form, submitter) {
  const data = new URLSearchParams(new FormData(form));
  if (submitter?.name) data.set(submitter.name, submitter.value);
  return swap(form.action, { method: "POST", body: data }).catch(() => form.submit());
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-part-form]");
  if (!form) return;
  event.preventDefault();
  send(form, event.submitter);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-part]");
  if (link && result() && !event.ctrlKey && !event.metaKey && !event.shiftKey && link.pathname === location.pathname && location.pathname.startsWith("/assays/")) {
    event.preventDefault();
    swap(link.href, {}).then(() => history.replaceState(null, "", link.href)).catch(() => { location.href = link.href; });
    return;
  }
  const mark = event.target.closest?.(".plate-marks[data-editable]");
  if (mark) colony(mark, event);
});

// A click on a colony takes it away, a click beside one adds one.
function colony(drawing, event) {
  const form = document.getElementById(drawing.dataset.form);
  if (!form) return;
  const data = new URLSearchParams(new FormData(form));
  const hit = event.target.closest(".colony[data-colony]");
  if (hit) {
    data.set("change", "remove");
    data.set("vessel", hit.dataset.vessel);
    data.set("colony", hit.dataset.colony);
  } else {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
    data.set("change", "add");
    data.set("x", point.x.toFixed(1));
    data.set("y", point.y.toFixed(1));
  }
  swap(form.action, { method: "POST", body: data }).catch(() => location.reload());
}

// A handle is dragged: its two fields follow at once, the counts on release.
let held = null;
document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest?.(".handle");
  if (!handle) return;
  event.preventDefault();
  handle.setPointerCapture(event.pointerId);
  held = { handle, drawing: handle.ownerSVGElement };
});
document.addEventListener("pointermove", (event) => {
  if (!held) return;
  const { handle, drawing } = held;
  const d = Object.fromEntries(["xLow", "xHigh", "yLow", "yHigh", "left", "top", "side"].map((name) => [name, Number(drawing.dataset[name])]));
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
  const across = Math.min(1, Math.max(0, (point.x - d.left) / d.side));
  const up = Math.min(1, Math.max(0, 1 - (point.y - d.top) / d.side));
  const form = document.getElementById(drawing.dataset.form);
  const put = (name, low, high, place) => { form.elements[name].value = String(Number((low + place * (high - low)).toPrecision(6))); };
  put(handle.dataset.x, d.xLow, d.xHigh, across);
  put(handle.dataset.y, d.yLow, d.yHigh, up);
  held.moved = true;
  // Corners of a rectangle share their sides.
  const [x, y] = [d.left + across * d.side, d.top + (1 - up) * d.side];
  for (const other of drawing.querySelectorAll(".handle")) {
    if (other.dataset.x === handle.dataset.x) other.setAttribute("cx", x.toFixed(2));
    if (other.dataset.y === handle.dataset.y) other.setAttribute("cy", y.toFixed(2));
  }
  const line = [...drawing.querySelectorAll(".handle")].map((h) => `${h.getAttribute("cx")},${h.getAttribute("cy")}`).join(" ");
  drawing.querySelector(".outline").setAttribute("points", line);
});
document.addEventListener("pointerup", () => {
  if (!held) return;
  const { drawing, moved } = held;
  held = null;
  const form = document.getElementById(drawing.dataset.form);
  if (moved && form) send(form);
});
