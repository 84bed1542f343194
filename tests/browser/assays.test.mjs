// Rows Q10, Q11, Q15: from a dropped file to a stored result and back to its picture, in a real browser, with files
// our own writers made (crates/app/examples/assay_files.rs).
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LANGUAGES, SIZES, axe, browser, fits, open, serve, shot, signIn } from "./vena.mjs";

let vena, chrome, files, journey;

before(async () => {
  files = process.env.VENA_ASSAY_FILES ?? mkdtempSync(join(tmpdir(), "vena-assay-files-"));
  if (!existsSync(join(files, "sample.fcs"))) {
    const cargo = process.env.CARGO ?? "cargo";
    execFileSync(cargo, ["run", "-q", "-p", "vena-app", "--example", "assay_files", "--", files], { cwd: new URL("../..", import.meta.url).pathname, stdio: ["ignore", "ignore", "inherit"] });
  }
  vena = await serve();
  chrome = await browser();
});
after(async () => { await chrome?.close(); await vena?.stop(); });

async function technician(size = "desktop", language = "en") {
  const page = await open(chrome, size, language);
  await signIn(page, vena, "technician");
  if (!journey) {
    const link = await page.locator('.board a[href^="/journeys/"]').first().getAttribute("href");
    journey = link.split("/")[2];
  }
  return page;
}

async function begin(page, chosen, more = {}) {
  await page.goto(`${vena.address}/assays`);
  await page.setInputFiles("#file", join(files, chosen));
  if (Object.keys(more).length) await page.locator("main details.why summary").first().click();
  if (more.gates) await page.setInputFiles("#gates", join(files, more.gates));
  if (more.panel) await page.selectOption("#panel", { index: more.panel });
  await page.click("main form[action='/assays'] button[type=submit]");
  await page.waitForSelector("#assay-result");
}

async function record(page) {
  await page.fill("#q", journey);
  await page.click("section[aria-labelledby=record-title] form[role=search] button");
  await page.waitForSelector("input[name=journey]");
  await page.fill("#remark", "browser test");
  await page.click("form[action$='/record'] button[type=submit]");
  await page.waitForURL(/\/journeys\/[^/]+\/assays$/);
}

const number = (text) => Number(text.replace(/[^0-9.]/g, ""));
const cells = async (page, gate) => {
  const row = page.locator("#assay-result table tr", { has: page.locator(`th:has-text("${gate}")`) }).first();
  return Number((await row.locator("td").nth(1).innerText()).split("/")[0]);
};
const version = async (page) => Number(await page.locator("#assay-result").getAttribute("data-version"));

// Rows Q10: file drop → gates, plot, verdict → a dragged vertex with percentages following → stored → same bits.
test("a flow file becomes a stored result and its picture", async () => {
  const page = await technician();
  await begin(page, "sample.fcs", { gates: "gates.xml", panel: 1 });
  const whole = await cells(page, "Cells");
  assert.ok(whole > 3000, `${whole} cells`);
  assert.ok(await page.locator("#assay-result .plot img").evaluate((img) => img.complete && img.naturalWidth > 100), "the plot is drawn");
  await axe(page, "flow draft");
  await shot(page, "assay-flow");

  const handle = page.locator(".handle").nth(1);
  const box = await handle.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x - 120, box.y - 30, { steps: 6 });
  await page.mouse.up();
  await page.waitForSelector("#assay-result[data-version='2']");
  const fewer = await cells(page, "Cells");
  assert.ok(fewer < whole, `${fewer} of ${whole}: the counts follow the gate`);
  assert.match(await page.locator("#edits-title").innerText(), /\S/, "the change is listed");

  // The keyboard's way: type the number and send.
  await page.locator("#gate-v0x").fill("50000");
  await page.locator("#gate-v0x").press("Enter");
  await page.waitForSelector("#assay-result[data-version='3']");
  // What is no gate is refused in words and changes nothing.
  await page.locator("#gate-v0x").fill("abc");
  await page.locator("#gate-v0x").press("Enter");
  await page.waitForSelector("main [role=alert]");
  assert.equal(await version(page), 3);

  await page.goto(page.url());
  await record(page);
  assert.match(await page.locator(".cards-of-assays dl").first().innerText(), /Cells/, "the card says the result");
  await shot(page, "assay-list");
  const img = page.locator(".cards-of-assays .plot img").first();
  await img.scrollIntoViewIfNeeded();
  await page.waitForFunction((i) => i.complete && i.naturalWidth > 100, await img.elementHandle());
  await axe(page, "assays of a journey");
  await page.click(".cards-of-assays h2 a");
  await page.waitForSelector("#recomputed[data-same=yes]");
  assert.equal(await cells(page, "Cells") > 0, true);
  await axe(page, "recorded flow result");
  await page.goto(`${vena.address}/journeys/${journey}/history`);
  assert.ok(await page.locator(`a[href^="/journeys/${journey}/assays/"]`).count() >= 1, "the history names the assay");
  assert.deepEqual(page.errors.filter((error) => !/422/.test(error)), []);
  await page.context().close();
});

// Row Q11: picture → count → a colony taken away by a click, one added → both numbers → stored → same bits.
test("a plate is counted, corrected and stored", async () => {
  const page = await technician();
  await begin(page, "plate.png");
  const counts = () => page.locator("#assay-result dl .figure").allInnerTexts();
  const [automatic] = await counts();
  assert.ok(Math.abs(number(automatic) - 24) <= 2, automatic);
  assert.equal(await page.locator(".plate-marks text").count(), number(automatic), "every colony has its number");
  await page.locator(".plate-marks .colony").first().click();
  await page.waitForSelector("#assay-result[data-version='2']");
  assert.deepEqual((await counts()).map(number), [number(automatic), number(automatic) - 1]);
  const drawing = await page.locator(".plate-marks").boundingBox();
  await page.locator(".plate-marks").scrollIntoViewIfNeeded();
  await page.locator(".plate-marks").click({ position: { x: drawing.width / 2, y: drawing.height * 0.13 } });
  await page.waitForSelector("#assay-result[data-version='3']");
  assert.equal(await version(page), 3);
  await axe(page, "colony draft");
  await shot(page, "assay-colonies");
  await record(page);
  await page.click(".cards-of-assays h2 a");
  await page.waitForSelector("#recomputed[data-same=yes]");
  assert.equal((await counts()).length, 2, "the program's count and the corrected one");
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

// Row Q15: tables of both kinds, recognised by content.
for (const [name, title] of [["potency.csv", "Potency"], ["qpcr.csv", "qPCR"]]) {
  test(`${name} becomes a stored result`, async () => {
    const page = await technician();
    await begin(page, name);
    assert.equal(await page.locator("h1").innerText(), title);
    assert.ok(await page.locator("#assay-result .plot img").evaluate((img) => img.complete && img.naturalWidth > 100), "the curve is drawn");
    await axe(page, name);
    await shot(page, `assay-${title}`);
    await record(page);
    await page.click(".cards-of-assays h2 a");
    await page.waitForSelector("#recomputed[data-same=yes]");
    assert.deepEqual(page.errors, []);
    await page.context().close();
  });
}

// Rows Q10, Q11: what cannot be read is said in words, and kept.
test("a damaged file is refused in words and kept; other content is asked about", async () => {
  const page = await technician();
  const damaged = join(mkdtempSync(join(tmpdir(), "vena-assay-")), "cut.fcs");
  writeFileSync(damaged, readFileSync(join(files, "sample.fcs")).subarray(0, 30_000));
  await page.goto(`${vena.address}/assays`);
  await page.setInputFiles("#file", damaged);
  await page.click("main form[action='/assays'] button[type=submit]");
  await page.waitForSelector("#assay-result .refusal");
  assert.match(await page.locator("#assay-result .refusal").innerText(), /FCS/);
  assert.equal(await page.locator("form[action$='/options'] input[type=checkbox]").count(), 14, "every tolerance is offered by name");
  await axe(page, "refused file");
  await shot(page, "assay-refused");
  const other = join(mkdtempSync(join(tmpdir(), "vena-assay-")), "x.bin");
  writeFileSync(other, Buffer.from([0, 1, 2, 3]));
  await page.goto(`${vena.address}/assays`);
  await page.setInputFiles("#file", other);
  await page.click("main form[action='/assays'] button[type=submit]");
  await page.waitForSelector("main [role=alert]");
  await page.context().close();
});

// Rows Q10, Q11: the same way without JavaScript, in Chinese, on a phone.
test("works without a script", async () => {
  const signed = await technician("phone", "zh-TW");
  const context = await chrome.newContext({ viewport: SIZES.phone, locale: "zh-TW", javaScriptEnabled: false, storageState: await signed.context().storageState() });
  const page = await context.newPage();
  await page.goto(`${vena.address}/assays`);
  await page.setInputFiles("#file", join(files, "plate.png"));
  await page.click("main form[action='/assays'] button[type=submit]");
  await page.waitForSelector("#assay-result");
  await page.locator("#assay-result details.why summary").first().click();
  await page.fill("input[name=colony]", "1");
  // Enter sends with the first button: take away.
  await page.press("input[name=colony]", "Enter");
  await page.waitForSelector("#assay-result[data-version='2']");
  await context.close();
  await signed.context().close();
});

test("rooms fit a phone in both languages, light and dark", async () => {
  for (const language of LANGUAGES) {
    for (const size of Object.keys(SIZES)) {
      const page = await technician(size, language);
      await begin(page, "sample.fcs", { gates: "gates.xml", panel: 1 });
      await fits(page, `flow draft, ${size}, ${language}`);
      await axe(page, `flow draft, ${size}, ${language}`);
      await shot(page, `assay-flow-${size}-${language}`);
      await page.goto(`${vena.address}/assays?journey=${journey}`);
      await fits(page, `assay room, ${size}, ${language}`);
      await axe(page, `assay room, ${size}, ${language}`);
      await shot(page, `assay-room-${size}-${language}`);
      await page.goto(`${vena.address}/journeys/${journey}/assays`);
      await fits(page, `assays of a journey, ${size}, ${language}`);
      await page.context().close();
    }
  }
});

test("a nurse is told who may", async () => {
  const page = await open(chrome, "desktop", "en");
  await signIn(page, vena, "nurse");
  const answer = await page.goto(`${vena.address}/assays`);
  assert.equal(answer.status(), 403);
  assert.match(await page.locator("main").innerText(), /technician/);
  await page.context().close();
});
