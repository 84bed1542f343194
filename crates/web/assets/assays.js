// Assay pages: a file dropped anywhere in its frame, gates dragged, colonies clicked. Every form works without this.
"use strict";
{
// A block of its own: other scripts of the page have names too.

const result = () => document.getElementById("assay-result");
// The point under the finger.
let held = null;

// A dropped file lands in the plain file field.
for (const frame of document.querySelectorAll("[data-drop]")) {
  const input = frame.querySelector("input[type=file]");
  const told = frame.querySelector("[data-dropped]");
  // A file that is too large is said before it is sent.
  const tooLarge = () => [...input.files].some((file) => file.size > Number(input.dataset.limit));
  const tell = () => {
    told.textContent = [...input.files].map((file) => `${file.name} (${(file.size / 1048576).toFixed(1)} MiB)`).join(", ");
    if (tooLarge()) told.textContent += ` · ${input.dataset.tooLarge}`;
    told.classList.toggle("error", tooLarge());
  };
  input.form.addEventListener("submit", (event) => { if (tooLarge()) { event.preventDefault(); tell(); input.focus(); } });
  frame.addEventListener("dragover", (event) => { event.preventDefault(); frame.classList.add("over"); });
  frame.addEventListener("dragleave", () => frame.classList.remove("over"));
  frame.addEventListener("drop", (event) => {
    event.preventDefault();
    frame.classList.remove("over");
    if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; tell(); }
  });
  input.addEventListener("change", tell);
}

// How to find the same control again after its part was fetched anew.
function same(control) {
  if (control?.id && result()?.contains(control)) return `#${CSS.escape(control.id)}`;
  if (control?.classList?.contains("handle")) return `.handle[data-kind="${control.dataset.kind}"][data-x="${control.dataset.x ?? ""}"][data-y="${control.dataset.y ?? ""}"], .handle[data-kind="${control.dataset.kind}"]:not([data-x]):not([data-y])`;
  return null;
}

// Only the result is fetched again. Where the answer holds none (the session ended), the form goes out as without a
// script; where there was no answer at all, the page stays and says so.
class NoPart extends Error {}
async function fetched(address, options) {
  const place = result();
  const focused = same(document.activeElement);
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { ...options, headers: { ...options.headers, "x-vena-part": "1" } });
    const text = await answer.text();
    const found = new DOMParser().parseFromString(text, "text/html");
    const part = found.getElementById("assay-result");
    if (!part) throw new NoPart();
    // A refusal comes as a whole page: what it says stands above the result.
    const told = answer.ok ? null : found.querySelector("[role=alert]");
    place.replaceWith(document.adoptNode(part));
    if (told) { const note = document.adoptNode(told); part.before(note); setTimeout(() => note.remove(), 20000); }
    for (const field of document.querySelectorAll("form input[name=version]")) field.value = part.dataset.version;
    if (focused && !held) document.querySelector(focused)?.focus();
  } finally {
    result()?.removeAttribute("aria-busy");
  }
}

// One after the other: a point dragged while the one before is still being counted is not lost.
let before = Promise.resolve();
function swap(address, options) {
  const own = before.then(() => fetched(address, options));
  before = own.catch(() => {});
  return own;
}

function post(address, data) {
  const own = before.then(() => {
    // The change is made to what this page shows by now.
    if (data.has("version")) data.set("version", result().dataset.version);
    return fetched(address, { method: "POST", body: data });
  });
  before = own.catch((problem) => {
    if (problem instanceof NoPart) return leave(address, data);
    const note = document.createElement("div");
    note.className = "notice bad";
    note.setAttribute("role", "alert");
    note.textContent = result().dataset.lost;
    result().before(note);
    setTimeout(() => note.remove(), 20000);
  });
  return before;
}

function leave(address, data) {
  const whole = document.createElement("form");
  whole.method = "post";
  whole.action = address;
  for (const [name, value] of data) {
    const own = document.createElement("input");
    [own.type, own.name, own.value] = ["hidden", name, value];
    whole.append(own);
  }
  document.body.append(whole);
  whole.submit();
}

function send(form, submitter, more) {
  const data = new URLSearchParams(new FormData(form));
  for (const [name, value] of Object.entries(more ?? {})) data.set(name, value);
  if (submitter?.name) data.set(submitter.name, submitter.value);
  return post(form.action, data);
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
  post(form.action, data);
}


// Gates. A handle is dragged or moved by the arrow keys: the fields of the form follow at once, the counts when it rests.
const kept = (value) => String(Number(value.toPrecision(7)));

function plane(drawing) {
  const d = Object.fromEntries(["xLow", "xHigh", "yLow", "yHigh", "left", "top", "side"].map((name) => [name, Number(drawing.dataset[name])]));
  const scale = [d.side / (d.xHigh - d.xLow), -d.side / (d.yHigh - d.yLow)];
  const within = (v, low) => Math.min(low + d.side, Math.max(low, v));
  return {
    ...d, scale,
    clip: ([x, y]) => [within(x, d.left), within(y, d.top)],
    value: ([x, y]) => [d.xLow + (x - d.left) / scale[0], d.yLow + (y - d.top - d.side) / scale[1]],
  };
}
// The drawing's own form, also when both were replaced while a point of it was held.
const form = (drawing) => drawing.getRootNode().querySelector(`#${CSS.escape(drawing.dataset.form)}`);
const field = (drawing, name) => form(drawing).elements[name];
const at = (handle) => { const knob = handle.querySelector(".knob"); return [Number(knob.getAttribute("cx")), Number(knob.getAttribute("cy"))]; };
const put = (handle, [x, y]) => { for (const circle of handle.querySelectorAll("circle")) { circle.setAttribute("cx", x.toFixed(2)); circle.setAttribute("cy", y.toFixed(2)); } };
// Where its point is: the knob of one outside the plot stands at the edge.
const far = (handle) => { const [x, y] = at(handle); return [Number(handle.dataset.farX ?? x), Number(handle.dataset.farY ?? y)]; };
// Moves the point; the knob stays where it can be seized.
const move = (handle, [x, y], p) => {
  const [kx, ky] = p.clip([x, y]);
  put(handle, [kx, ky]);
  if (kx === x) delete handle.dataset.farX; else handle.dataset.farX = x.toFixed(2);
  if (ky === y) delete handle.dataset.farY; else handle.dataset.farY = y.toFixed(2);
};
const handles = (drawing) => [...drawing.querySelectorAll(".handle")];
const lines = (drawing) => [...drawing.querySelectorAll(".outline")];
const path = (points) => points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" ");

// A finger brings a point inside; a key moves one that lies outside from where it is.
function drag(drawing, handle, point, key = false) {
  const p = plane(drawing);
  const from = far(handle);
  const outside = p.clip(from).map((v, i) => key && v !== from[i]);
  const to = p.clip(point).map((v, i) => (outside[i] ? point[i] : v));
  if (drawing.dataset.shape === "ellipsoid") return ellipse(drawing, handle, handle.dataset.kind === "centre" ? to : point, p);
  point = to;
  const [x, y] = p.value(point);
  const { x: xField, y: yField } = handle.dataset;
  if (xField) field(drawing, xField).value = kept(x);
  if (yField) field(drawing, yField).value = kept(y);
  for (const other of handles(drawing)) {
    const [ox, oy] = far(other);
    move(other, [xField && other.dataset.x === xField ? point[0] : ox, yField && other.dataset.y === yField ? point[1] : oy], p);
  }
  if (drawing.dataset.shape === "quadrant") {
    const cuts = handles(drawing).filter((one) => !(one.dataset.x && one.dataset.y));
    cuts.forEach((one, i) => {
      const [cx, cy] = far(one);
      lines(drawing)[i]?.setAttribute("points", path(one.dataset.x ? [[cx, p.top], [cx, p.top + p.side]] : [[p.left, cy], [p.left + p.side, cy]]));
    });
  } else {
    const all = handles(drawing).map(far);
    lines(drawing)[0].setAttribute("points", path([...all, all[0]]));
  }
}

// Centre moves all; the long axis turns and stretches; the short one stays at a right angle to it on the plot.
function ellipse(drawing, handle, point, p) {
  const [centre, long, short] = ["centre", "long", "short"].map((kind) => drawing.querySelector(`.handle[data-kind=${kind}]`));
  let c = far(centre);
  let u = far(long).map((v, i) => v - c[i]);
  let w = far(short).map((v, i) => v - c[i]);
  const length = (v) => Math.max(3, Math.hypot(...v));
  if (handle === centre) c = point;
  else if (handle === long) {
    const [side, turned] = [length(w), w[0] * u[1] - w[1] * u[0] < 0 ? 1 : -1];
    u = [point[0] - c[0], point[1] - c[1]];
    const l = length(u);
    w = [(-u[1] / l) * side * turned, (u[0] / l) * side * turned];
  } else {
    const l = length(u);
    const normal = [-u[1] / l, u[0] / l];
    const side = (point[0] - c[0]) * normal[0] + (point[1] - c[1]) * normal[1];
    w = normal.map((v) => v * (Math.sign(side) || 1) * Math.max(3, Math.abs(side)));
  }
  move(centre, c, p);
  move(long, [c[0] + u[0], c[1] + u[1]], p);
  move(short, [c[0] + w[0], c[1] + w[1]], p);
  const points = Array.from({ length: 49 }, (_, n) => { const t = (n * Math.PI) / 24; return [0, 1].map((i) => c[i] + u[i] * Math.cos(t) + w[i] * Math.sin(t)); });
  lines(drawing)[0].setAttribute("points", path(points));
  const [sx, sy] = p.scale;
  const [xx, yy, xy] = [u[0] ** 2 + w[0] ** 2, u[1] ** 2 + w[1] ** 2, u[0] * u[1] + w[0] * w[1]];
  if (handle === centre) {
    const [x, y] = p.value(c);
    field(drawing, "mean0").value = kept(x);
    field(drawing, "mean1").value = kept(y);
    return;
  }
  field(drawing, "half0").value = kept(Math.sqrt(xx) / Math.abs(sx));
  field(drawing, "half1").value = kept(Math.sqrt(yy) / Math.abs(sy));
  field(drawing, "tilt0-1").value = kept(Math.max(-0.9999, Math.min(0.9999, (xy / Math.sqrt(xx * yy)) * Math.sign(sx * sy))));
}

document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest?.(".handle");
  if (!handle || event.button > 0) return;
  event.preventDefault();
  handle.focus();
  handle.setPointerCapture(event.pointerId);
  held = { handle, drawing: handle.ownerSVGElement, moved: false };
});
document.addEventListener("pointermove", (event) => {
  if (!held) return;
  const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(held.drawing.getScreenCTM().inverse());
  const [fromX, fromY] = at(held.handle);
  // A finger that only rests does not move a gate.
  if (!held.moved && Math.hypot(x - fromX, y - fromY) < 3) return;
  held.moved = true;
  drag(held.drawing, held.handle, [x, y]);
});
const release = () => {
  if (!held) return;
  const { drawing, moved } = held;
  held = null;
  if (moved) send(form(drawing));
};
document.addEventListener("pointerup", release);
document.addEventListener("pointercancel", release);

// A finger on a handle moves it and does not scroll the page away from under it.
document.addEventListener("touchstart", (event) => { if (event.target.closest?.(".handle")) event.preventDefault(); }, { passive: false });

// Arrow keys move a point; the counts follow half a second after the last key.
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
let waiting = null;
document.addEventListener("keydown", (event) => {
  const handle = event.target.closest?.(".handle");
  if (!handle) return;
  const drawing = handle.ownerSVGElement;
  const by = ARROWS[event.key];
  if (by) {
    event.preventDefault();
    const step = event.shiftKey ? 20 : 2;
    const [x, y] = far(handle);
    drag(drawing, handle, [x + by[0] * step, y + by[1] * step], true);
    clearTimeout(waiting);
    waiting = setTimeout(() => send(form(drawing)), 500);
  } else if (event.key === "Delete" || event.key === "Backspace") {
    if (drawing.dataset.shape !== "polygon") return;
    event.preventDefault();
    send(form(drawing), null, { change: `remove-point-${handles(drawing).indexOf(handle)}` });
  }
});
document.addEventListener("dblclick", (event) => {
  const handle = event.target.closest?.(".handle");
  if (!handle || handle.ownerSVGElement.dataset.shape !== "polygon") return;
  event.preventDefault();
  send(form(handle.ownerSVGElement), null, { change: `remove-point-${handles(handle.ownerSVGElement).indexOf(handle)}` });
});
document.addEventListener("click", (event) => {
  const middle = event.target.closest?.(".middle");
  if (middle) send(form(middle.ownerSVGElement), null, { change: `add-point-${middle.dataset.add}` });
});
}
