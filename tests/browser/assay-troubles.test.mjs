// Rows Q10, Q11, Q15, T3: files that cannot be used are refused in words of the reader's language and lose nothing; a
// session that ends while a form is open loses nothing either.
import { test } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { axe, fits, signIn } from "./vena.mjs";
import { address, assayRoom, begin, inside, reaches, room, technician, version } from "./assays.mjs";

assayRoom();

const folder = mkdtempSync(join(tmpdir(), "vena-troubles-"));
const made = (name, bytes) => { const path = join(folder, name); writeFileSync(path, bytes); return path; };
const sample = () => readFileSync(join(room.files, "sample.fcs"));

/** A JPEG that says it has four inks; a reader that looks at its header refuses it before any pixel. */
function cmyk() {
  const frame = [0xff, 0xc0, 0, 20, 8, 0, 64, 0, 64, 4, ...[1, 2, 3, 4].flatMap((id) => [id, 0x11, 0])];
  const adobe = [0xff, 0xee, 0, 14, ...Buffer.from("Adobe"), 0, 100, 0, 0, 0, 0, 0];
  return Buffer.from([0xff, 0xd8, ...adobe, ...frame, 0xff, 0xd9]);
}

function bomb() {
  const letters = "abcdefghij".split("");
  const entities = letters.map((one, i) => `<!ENTITY ${one} "${i ? `&${letters[i - 1]};`.repeat(10) : "vena"}">`).join("");
  return `<?xml version="1.0"?><!DOCTYPE g [${entities}]><gating:Gating-ML xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating">&j;</gating:Gating-ML>`;
}

async function send(page, kind, path, more = {}) {
  await page.goto(address(kind ? `/assays?kind=${kind}` : "/assays"));
  if (more.typed) for (const [field, value] of Object.entries(more.typed)) await page.fill(field, value);
  await page.setInputFiles("#file", path);
  if (more.gates) await page.setInputFiles("#gates", more.gates);
  await page.locator("form.begin > button[type=submit]").press("Enter");
}

const CHINESE = /[\u4e00-\u9fff]/;
for (const language of ["en", "zh-TW"]) {
  test(`what cannot be used is refused in words and kept: ${language}`, async () => {
    const page = await technician("phone", language);
    const says = (text, what) => assert.equal(CHINESE.test(text), language === "zh-TW", `${what}: ${text}`);
    const kept = [
      ["a cut FCS file", "flow-cytometry", made("cut.fcs", sample().subarray(0, 30_000)), {}, /30,?000/],
      ["an entity bomb for gates", "flow-cytometry", join(room.files, "sample.fcs"), { gates: made("bomb.xml", bomb()) }, /\d/],
      ["a CMYK picture", "colonies", made("inks.jpg", cmyk()), {}, /CMYK/],
      ["a table of another assay", "qpcr", join(room.files, "potency.csv"), {}, /Cq/],
    ];
    for (const [what, kind, path, more, words] of kept) {
      await send(page, kind, path, more);
      const refusal = page.locator("#assay-result .refusal");
      await refusal.waitFor();
      const text = await refusal.innerText();
      assert.match(text, words, what);
      says(text, what);
      await fits(page, what);
      // The file is kept: the same address gives the same refusal again.
      await page.reload();
      assert.equal(await page.locator("#assay-result .refusal").count(), 1, what);
    }
    await axe(page, "a refused table");

    // A wrong suffix says nothing: content does.
    await send(page, "", made("picture.fcs", readFileSync(join(room.files, "plate.png"))));
    await page.waitForSelector("#assay-result .plate-marks");

    const asked = [
      ["an empty file", "potency", made("nothing.csv", ""), /nothing\.csv/],
      ["gates alone", "", join(room.files, "gates.xml"), /FCS/],
      ["nothing known", "", made("x.bin", Buffer.from([0, 1, 2, 3])), /FCS/],
    ];
    for (const [what, kind, path, words] of asked) {
      await send(page, kind, path, kind ? { typed: { "#reference": "R-17" } } : {});
      const alert = page.locator("main [role=alert]").first();
      await alert.waitFor();
      assert.match(await alert.innerText(), words, what);
      says(await alert.innerText(), what);
      if (kind) assert.equal(await page.inputValue("#reference"), "R-17", "what was typed stands there still");
    }
    assert.deepEqual(page.errors, []);
    await page.context().close();
  });
}

test("a file that is too large is said before it is sent, and without a script too; what was typed stays", async () => {
  const signed = await technician("desktop", "en");
  const large = made("large.csv", Buffer.alloc(65 << 20, "1,2\n"));
  await send(signed, "endotoxin", large, { typed: { "#dose-ml": "12.5" } });
  await signed.waitForFunction(() => /64 MiB/.test(document.querySelector(".dropped.error")?.textContent ?? ""));
  assert.equal(await signed.inputValue("#dose-ml"), "12.5");
  const context = await room.chrome.newContext({ locale: "zh-TW", javaScriptEnabled: false, storageState: await signed.context().storageState() });
  const page = await context.newPage();
  await send(page, "endotoxin", large, { typed: { "#dose-ml": "12.5" } });
  const alert = page.locator("main [role=alert]").first();
  await alert.waitFor();
  assert.match(await alert.innerText(), /64 MiB/);
  assert.match(await alert.innerText(), CHINESE);
  assert.equal(await page.inputValue("#dose-ml"), "12.5", "fields after the file are read all the same");
  await context.close();
  await signed.context().close();
});

const forget = (page) => page.context().clearCookies({ name: "vena-session" });

/** Signs in on the page a form was answered with, and goes back to the form. */
async function again(page, role = "technician") {
  await page.waitForSelector("form[action='/sign-in']");
  await page.fill("#user", room.vena.logins[role].user);
  await page.fill("#password", room.vena.logins[role].password);
  await page.click("main button[type=submit]");
  // The page between sends itself where there is a script.
  await page.waitForFunction(() => !document.querySelector("form[action='/sign-in'], form[data-resume]"));
  await page.waitForSelector("main [role=status]");
}

test("forms of the room come back after the session ended, and nothing was done meanwhile", async () => {
  const page = await technician("phone", "en");
  // A table typed and parameters: all of it stands there again; a chosen file is asked for by its name.
  await page.goto(address("/assays?kind=potency"));
  await page.locator("details:has(#typed) summary").click();
  const table = readFileSync(join(room.files, "potency.csv"), "utf8").replaceAll("Lot 7", "Lot 8");
  await page.fill("#typed", table);
  await page.fill("#reference", "Reference");
  await page.setInputFiles("#file", made("mine.csv", table));
  await forget(page);
  await page.locator("form.begin > button[type=submit]").press("Enter");
  await again(page);
  assert.equal((await page.inputValue("#typed")).trim(), table.trim());
  assert.equal(await page.inputValue("#reference"), "Reference");
  assert.match(await page.locator("main [role=status]").first().innerText(), /mine\.csv/);
  await page.locator("form.begin > button[type=submit]").press("Enter");
  await page.waitForSelector("#assay-result");

  // Parameters of a draft.
  await page.fill("#reference", "Lot 8");
  await forget(page);
  await page.locator("form[action$='/options'] button[type=submit]").press("Enter");
  await again(page);
  assert.equal(await page.inputValue("#reference"), "Lot 8", "as typed");
  assert.equal(await version(page), 1, "not computed yet");
  await page.locator("form[action$='/options'] button[type=submit]").press("Enter");
  await reaches(page, 2);

  // Recording.
  await page.goto(`${page.url().split("?")[0]}?q=${room.journey}`);
  await page.fill("#remark", "tube 3");
  await forget(page);
  await page.locator("form[action$='/record'] button[type=submit]").press("Enter");
  await again(page);
  assert.equal(await page.inputValue("#remark"), "tube 3");
  assert.ok(await page.isChecked(`input[name=journey][value="${room.journey}"]`));
  await page.locator("form[action$='/record'] button[type=submit]").press("Enter");
  await page.waitForURL(/\/journeys\/[^/]+\/assays$/);
  assert.match(await page.locator(".cards-of-assays section").first().innerText(), /tube 3/);

  // A gate moved by a script: the page goes to sign in with it, and comes back unchanged.
  await begin(page, "sample.fcs", { gates: "gates.xml" });
  const whole = await inside(page, "Cells");
  await forget(page);
  await page.fill("#gate-v1x", "100000");
  await page.locator("#gate-v1x").press("Enter");
  await again(page);
  await page.waitForSelector("#assay-result");
  assert.match(await page.locator("main [role=status]").first().innerText(), /100000/, "what was typed is told");
  assert.equal(await inside(page, "Cells"), whole);
  assert.equal(await version(page), 1);
  await page.context().close();
});

test("people and accesses come back too", async () => {
  const page = await technician("desktop", "en");
  await forget(page);
  await signIn(page, room.vena, "administrator");
  await page.goto(address("/people"));
  await page.fill("#login", "newcomer");
  await page.fill("#name-en", "New Comer");
  await forget(page);
  await page.locator("main form.form.body > button[type=submit]").press("Enter");
  await again(page, "administrator");
  assert.equal(await page.inputValue("#login"), "newcomer");
  assert.equal(await page.inputValue("#password"), "", "a password is typed again");
  assert.equal(await page.locator("td", { hasText: "newcomer" }).count(), 0, "nobody was added yet");
  await page.context().close();
});

test("a second change waits for the first", async () => {
  const page = await technician("desktop", "en");
  await begin(page, "sample.fcs", { gates: "gates.xml" });
  // Slow answers, as on a busy server.
  await page.route("**/gate", async (route) => { await new Promise((done) => setTimeout(done, 400)); await route.continue(); });
  await page.locator(".handle[data-x=v1x]").focus();
  await page.keyboard.press("ArrowLeft");
  await page.waitForTimeout(600);
  await page.locator(".handle[data-x=v2x]").focus();
  await page.keyboard.press("ArrowLeft");
  await reaches(page, 3);
  assert.ok(Number(await page.inputValue("#gate-v1x")) < 180_000 && Number(await page.inputValue("#gate-v2x")) < 190_000, "both points moved");
  await page.context().close();
});
