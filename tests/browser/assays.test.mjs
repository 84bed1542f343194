// Row Q10: from a dropped FCS file to a stored result and back to its picture, in a real browser; every kind of gate
// changed by mouse, by keys, by fields, on a phone and without a script.
import { test } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SIZES, VIEWS, axe, fits, shot, sound } from "./vena.mjs";
import { address, assayRoom, begin, drawn, inside, reaches, record, recordedIsTheSame, room, technician, version } from "./assays.mjs";

assayRoom();

async function dragBy(page, selector, dx, dy) {
  const knob = page.locator(`${selector} .knob`).first();
  await knob.scrollIntoViewIfNeeded();
  const box = await knob.boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + dx, y + dy, { steps: 6 });
  await page.mouse.up();
}

async function add(page, shape, name, parent = "Cells") {
  const before = await version(page);
  await page.fill("#new-name", name);
  await page.selectOption("#new-shape", shape);
  await page.selectOption("#new-parent", parent);
  await page.selectOption("#new-x", { label: "CD105 (PE-A)" });
  await page.selectOption("#new-y", { label: "CD45 (FITC-A)" });
  await page.click("button[name=change][value=add]");
  await reaches(page, before + 1);
}

test("a flow file becomes a stored result and its picture", async () => {
  const page = await technician();
  await begin(page, "sample.fcs", { gates: "gates.xml", panel: 1, kind: "flow-cytometry" });
  const whole = await inside(page, "Cells");
  assert.ok(whole > 3000, `${whole} cells`);
  assert.ok(await drawn(page), "the plot is drawn");
  await axe(page, "flow draft");
  await shot(page, "assay-flow");

  await dragBy(page, ".handle[data-x=v1x]", -120, -30);
  await reaches(page, 2);
  const fewer = await inside(page, "Cells");
  assert.ok(fewer < whole, `${fewer} of ${whole}: the counts follow the gate`);
  assert.match(await page.locator("#edits-title").innerText(), /\S/, "the change is listed");

  // Fields: type the number and send. What is no gate is refused in words and changes nothing.
  await page.locator("#gate-v0x").fill("50000");
  await page.locator("#gate-v0x").press("Enter");
  await reaches(page, 3);
  await page.locator("#gate-v0x").fill("abc");
  await page.locator("#gate-v0x").press("Enter");
  await page.waitForSelector("main [role=alert]");
  assert.equal(await version(page), 3);

  await page.goto(page.url());
  await record(page);
  assert.match(await page.locator(".cards-of-assays dl").first().innerText(), /Cells/, "the card says the result");
  const img = page.locator(".cards-of-assays .plot img").first();
  await img.scrollIntoViewIfNeeded();
  await page.waitForFunction((i) => i.complete && i.naturalWidth > 100, await img.elementHandle());
  await axe(page, "assays of a journey");
  await shot(page, "assay-list");
  await recordedIsTheSame(page);
  assert.ok(await inside(page, "Cells") > 0);
  await axe(page, "recorded flow result");
  await page.goto(address(`/journeys/${room.journey}/history`));
  assert.ok(await page.locator(`a[href^="/journeys/${room.journey}/assays/"]`).count() >= 1, "the history names the assay");
  assert.deepEqual(page.errors.filter((error) => !/422/.test(error)), []);
  await page.context().close();
});

test("every kind of gate is added, moved, combined, taken away and taken back", async () => {
  const page = await technician();
  await begin(page, "sample.fcs", { gates: "gates.xml" });

  // Polygon: a point added on a side, one taken away by its key.
  await page.locator(".middle").first().click();
  await reaches(page, 2);
  assert.equal(await page.locator(".handle").count(), 5);
  await page.locator(".handle[data-x=v1x]").focus();
  await page.keyboard.press("Delete");
  await reaches(page, 3);
  assert.equal(await page.locator(".handle").count(), 4);

  // Ellipse: moved by its centre, stretched and turned by its long axis; the arrows move it too.
  await add(page, "ellipsoid", "Round");
  const round = await inside(page, "Round");
  const half = Number(await page.inputValue("#gate-half0"));
  await dragBy(page, ".handle[data-kind=long]", 60, -40);
  await reaches(page, 5);
  assert.ok(Number(await page.inputValue("#gate-half0")) > half, "wider");
  assert.notEqual(Number(await page.inputValue("#gate-tilt0-1")), 0, "turned");
  assert.ok(await inside(page, "Round") >= round, "a larger ellipse holds more");
  const centre = Number(await page.inputValue("#gate-mean0"));
  await page.locator(".handle[data-kind=centre]").focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await reaches(page, 6);
  assert.ok(Number(await page.inputValue("#gate-mean0")) > centre, "moved right by keys");
  assert.ok(await page.evaluate(() => document.activeElement?.classList.contains("handle")), "the point keeps the focus");
  await axe(page, "an ellipse");
  await shot(page, "assay-ellipse");

  // Quadrants: a divider dragged; the four parts stay the whole.
  await add(page, "quadrant", "Q");
  const parts = async () => Promise.all(["Q --", "Q +-", "Q -+", "Q ++"].map((part) => inside(page, part)));
  const before = await parts();
  await dragBy(page, ".handle[data-x='cut0-0']:not([data-y])", 90, 0);
  await reaches(page, 8);
  const after = await parts();
  const sum = (all) => all.reduce((a, b) => a + b, 0);
  assert.notDeepEqual(after, before);
  assert.equal(sum(after), sum(before));
  assert.equal(sum(after), await inside(page, "Cells"));
  await shot(page, "assay-quadrants");

  // Boolean: built from ticks; its complement is the rest.
  await page.locator("details:has(#boolean-name) summary").click();
  await page.fill("#boolean-name", "Not round");
  await page.selectOption("#boolean-parent", "Cells");
  await page.selectOption("#new-operation", "not");
  await page.getByLabel("Round", { exact: true }).selectOption("in");
  await page.click("button[value=add-boolean]");
  await reaches(page, 9);
  assert.equal(await inside(page, "Not round") + await inside(page, "Round"), await inside(page, "Cells"));
  await axe(page, "a Boolean gate");

  // A gate on which another rests stays; what stands alone goes, and comes back.
  await page.goto(`${page.url().split("?")[0]}?gate=Round`);
  await page.click("button[name=change][value=remove]");
  await page.waitForSelector("main [role=alert]");
  assert.match(await page.locator("main [role=alert]").first().innerText(), /Not round/);
  await page.goto(`${page.url().split("?")[0]}?gate=Not%20round`);
  await page.click("button[name=change][value=remove]");
  await reaches(page, 10);
  assert.equal(await page.locator("#assay-result th", { hasText: "Not round" }).count(), 0);
  await page.locator("button[name=change][value=undo]").first().click();
  await reaches(page, 11);
  assert.equal(await page.locator("#assay-result th", { hasText: "Not round" }).count(), 1);
  await record(page);
  await recordedIsTheSame(page);
  assert.deepEqual(page.errors.filter((error) => !/422/.test(error)), []);
  await page.context().close();
});

test("a finger moves a gate on a phone", async () => {
  const signed = await technician("phone", "zh-TW");
  const context = await room.chrome.newContext({ viewport: SIZES.phone, locale: "zh-TW", hasTouch: true, isMobile: true, storageState: await signed.context().storageState() });
  const page = await context.newPage();
  await begin(page, "sample.fcs", { gates: "gates.xml" });
  const whole = await inside(page, "Cells");
  await page.locator(".handle .knob").nth(1).scrollIntoViewIfNeeded();
  const box = await page.locator(".handle .knob").nth(1).boundingBox();
  const finger = await context.newCDPSession(page);
  const touch = (type, dx) => finger.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [{ x: box.x + box.width / 2 + dx, y: box.y + box.height / 2 + dx }] });
  await touch("touchStart", 0);
  for (const dx of [-20, -50, -80]) await touch("touchMove", dx);
  await touch("touchEnd", 0);
  await reaches(page, 2);
  const fewer = await inside(page, "Cells");
  assert.ok(fewer < whole, `${fewer} of ${whole}; ${await page.inputValue("#gate-v1x")}, ${await page.inputValue("#gate-v1y")}`);
  await fits(page, "a gate on a phone");
  await context.close();
  await signed.context().close();
});

test("gates are changed without a script", async () => {
  const signed = await technician("phone", "zh-TW");
  const context = await room.chrome.newContext({ viewport: SIZES.phone, locale: "zh-TW", javaScriptEnabled: false, storageState: await signed.context().storageState() });
  const page = await context.newPage();
  await begin(page, "sample.fcs", { gates: "gates.xml" });
  const whole = await inside(page, "Cells");
  await page.fill("#gate-v1x", "100000");
  await page.press("#gate-v1x", "Enter");
  await reaches(page, 2);
  assert.ok(await inside(page, "Cells") < whole);
  await page.locator("#assay-result details.all-columns summary").click();
  await page.click("button[value=add-point-0]");
  await reaches(page, 3);
  await page.click("button[value=undo]");
  await reaches(page, 4);
  await page.fill("#new-name", "橢圓");
  await page.selectOption("#new-shape", "ellipsoid");
  await page.click("button[value=add]");
  await reaches(page, 5);
  assert.ok(await page.locator("#gate-tilt0-1").count() === 1, "the new gate is shown next");
  await context.close();
  await signed.context().close();
});

test("a damaged file is refused in words and kept", async () => {
  const page = await technician();
  const damaged = join(mkdtempSync(join(tmpdir(), "vena-assay-")), "cut.fcs");
  writeFileSync(damaged, readFileSync(join(room.files, "sample.fcs")).subarray(0, 30_000));
  await begin(page, damaged);
  assert.match(await page.locator("#assay-result .refusal").innerText(), /FCS/);
  assert.ok(await page.locator("form[action$='/options'] input[type=checkbox]").count() >= 14, "every tolerance is offered by name");
  await axe(page, "refused file");
  await shot(page, "assay-refused");
  await page.context().close();
});

test("flow pages fit every screen in both languages", async () => {
  for (const { size, language, name } of VIEWS) {
    const page = await technician(size, language);
    await begin(page, "sample.fcs", { gates: "gates.xml", panel: 1, kind: "flow-cytometry" });
    await sound(page, `flow draft, ${name}`);
    await page.goto(address(`/journeys/${room.journey}/assays`));
    await fits(page, `assays of a journey, ${name}`);
    await page.context().close();
  }
});
