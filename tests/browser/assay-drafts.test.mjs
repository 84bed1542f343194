// Rows Q10, Q15, T3: a draft is discarded and taken back, with and without a script; lines show what their errors rest
// on; a gate that reaches beyond the plot is cut at its edge.
import { test } from "node:test";
import assert from "node:assert/strict";
import { SIZES, VIEWS, sound } from "./vena.mjs";
import { address, assayRoom, begin, reaches, room, technician } from "./assays.mjs";

assayRoom();

/** Discards the draft shown, in two presses; answers its id. */
async function discard(page) {
  const id = (await page.locator(".heading .code").innerText()).trim();
  assert.equal(await page.isVisible("#discard button"), false, "one press too few does nothing");
  await page.locator("#discard summary").press("Enter");
  await page.locator("#discard button").press("Enter");
  await page.waitForURL(/\/assays\?discarded=/);
  return id;
}

const listed = (page, id) => page.locator(`section[aria-labelledby=open-title] > .task a[href="/assays/${id}"]`).count();

test("a draft is discarded, stands apart, and comes back as it was", async () => {
  for (const { size, language, name } of VIEWS) {
    const page = await technician(size, language);
    await begin(page, "potency.csv");
    await page.locator("#discard summary").press("Enter");
    await sound(page, `discard asked, ${name}`);
    await page.reload();
    const id = await discard(page);
    const notice = page.locator("main [role=status]").filter({ hasText: id });
    assert.equal(await notice.count(), 1, "what was discarded is told, with the way back");
    assert.equal(await listed(page, id), 0, "it waits no more");
    await sound(page, `room after discarding, ${name}`);
    await notice.locator("a").click();
    await page.waitForSelector("form[action$='/discard'] button[value=take-back]");
    assert.equal(await page.locator("form[action$='/options'], form[action$='/record']").count(), 0, "nothing is done to it");
    await sound(page, `discarded draft, ${name}`);
    await page.locator("button[value=take-back]").press("Enter");
    await page.waitForSelector("form[action$='/options']");
    await page.goto(address("/assays"));
    assert.equal(await listed(page, id), 1, "taken back, it waits again");
    await page.context().close();
  }
});

test("discarding works without a script, and after the session ended nothing is discarded unasked", async () => {
  const signed = await technician("phone", "zh-TW");
  const context = await room.chrome.newContext({ viewport: SIZES.phone, locale: "zh-TW", javaScriptEnabled: false, storageState: await signed.context().storageState() });
  const page = await context.newPage();
  await begin(page, "potency.csv");
  const id = await discard(page);
  assert.match(await page.locator("main [role=status]").first().innerText(), /已捨棄/);
  assert.equal(await listed(page, id), 0);
  await context.close();

  await begin(signed, "potency.csv");
  const own = signed.url();
  await signed.locator("#discard summary").press("Enter");
  await signed.context().clearCookies({ name: "vena-session" });
  await signed.locator("#discard button").press("Enter");
  await signed.waitForSelector("form[action='/sign-in']");
  await signed.fill("#user", room.vena.logins.technician.user);
  await signed.fill("#password", room.vena.logins.technician.password);
  await signed.click("main button[type=submit]");
  await signed.waitForFunction(() => !document.querySelector("form[action='/sign-in'], form[data-resume]"));
  await signed.goto(own);
  assert.equal(await signed.locator("form[action$='/options']").count(), 1, "still a draft");
  await signed.context().close();
});

test("lines show their analysis of variance, and what the errors rest on is chosen", async () => {
  for (const { size, language, name } of VIEWS) {
    const page = await technician(size, language);
    await begin(page, "potency.csv");
    assert.equal(await page.locator("section.variance").count(), 0, "curves have none");
    await page.selectOption("#assay", "parallel-line");
    await page.fill("#reference", "Reference");
    await page.locator("#reference").press("Enter");
    await reaches(page, 2);
    const table = page.locator("section.variance");
    const rows = await table.locator("tbody tr").count();
    assert.ok(rows >= 7, `${rows} rows`);
    const words = await table.innerText();
    assert.match(words, language === "en" ? /Non-parallelism[\s\S]*replicates/ : /不平行[\s\S]*重複孔/);
    await sound(page, `analysis of variance, ${name}`);
    const interval = () => page.locator("section[aria-labelledby=relative-title] tbody tr td").nth(1).innerText();
    const before = await interval();
    assert.equal(await page.inputValue("#line-error"), "replicates");
    await page.selectOption("#line-error", "lines");
    await page.locator("#reference").press("Enter");
    await reaches(page, 3);
    assert.equal(await page.inputValue("#line-error"), "lines", "the choice stands");
    assert.match(await table.innerText(), language === "en" ? /residuals about the lines/ : /直線殘差/);
    assert.notEqual(await interval(), before, "the interval follows");
    await page.context().close();
  }
});

test("a gate that reaches beyond the plot keeps its shape", async () => {
  const page = await technician("desktop", "en");
  await begin(page, "sample.fcs", { gates: "gates.xml" });
  const points = async () => (await page.locator(".handles .outline").first().getAttribute("points")).trim().split(/\s+/).map((pair) => pair.split(",").map(Number));
  const before = await points();
  await page.fill("#gate-v1x", "3000000");
  await page.locator("#gate-v1x").press("Enter");
  await reaches(page, 2);
  const after = await points();
  assert.ok(after[1][0] > 500, `its side runs towards the point outside: ${after[1]}`);
  assert.deepEqual([after[0], after[2]], [before[0], before[2]]);
  assert.ok(await page.locator(".handles g[clip-path]").count() === 1, "and is cut at the plot's edge");
  const knob = page.locator(".handle[data-x=v1x]");
  assert.ok(Number(await knob.locator(".knob").getAttribute("cx")) <= 476, "its handle can be seized");
  // Another point is moved: the one outside stays where it is.
  await page.locator(".handle[data-x=v2x]").focus();
  await page.keyboard.press("ArrowLeft");
  assert.equal((await points())[1][0], after[1][0]);
  await reaches(page, 3);
  assert.equal(Number(await page.inputValue("#gate-v1x")), 3000000);
  await sound(page, "a gate beyond the plot");
  await page.context().close();
});
