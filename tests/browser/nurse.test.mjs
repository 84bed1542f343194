// The nurse's path at the bedside, on a phone and on a ward computer, in both languages.
// Rows X2, X4, X5, X8, T3.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { acute, axe, browser, choose, open, press, send, serve, signIn, sound, VIEWS } from "./vena.mjs";

let vena, chrome;
before(async () => {
  vena = await serve(36);
  const filled = Math.floor(Date.now() / 60_000);
  chrome = await browser();
  // Forms write minutes. What the made-up ward wrote in the minute in which the programme was filled would stand at the
  // same time as what is typed here, and two different values of one time leave a grade open.
  while (Math.floor(Date.now() / 60_000) === filled) await new Promise((done) => setTimeout(done, 500));
});
after(async () => { await chrome?.close(); await vena?.stop(); });

const numeral = (page, scale) => page.textContent(`.grades a[href="#why-${scale}"] .numeral`);

/** Finds a patient as a nurse does: a scan into the search field, or on a phone the search page. */
async function find(page, size, record) {
  if (size === "desktop") {
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.name), "q");
    await page.keyboard.type(record);
  } else {
    await page.click(".thumbs a[href='/search']");
    await page.fill("#q", record);
  }
  await Promise.all([page.waitForURL(/\/journeys\//), page.keyboard.press("Enter")]);
}

async function vitals(page, address) {
  await page.goto(`${address}/vitals`);
  assert.ok((await page.inputValue("#when")).length >= 16, "the time is now until somebody says otherwise");
  assert.equal(await page.getAttribute("#body-temperature", "inputmode"), "decimal");
  await page.fill("#body-temperature", "390");
  await page.fill("#systolic-pressure", "88");
  await page.fill("#diastolic-pressure", "50");
  await send(page);
  assert.match(await page.textContent("#body-temperature-error"), /390.*45/s, "refused beside the field");
  assert.equal(await page.evaluate(() => document.activeElement.id), "body-temperature", "the person goes on where it is wrong");
  assert.equal(await page.inputValue("#body-temperature"), "390", "nothing typed is lost");
  assert.equal(await page.inputValue("#systolic-pressure"), "88");
  await page.fill("#body-temperature", "39.0");
  await choose(page, "oxygen-device", "nasal-cannula");
  await page.fill("#oxygen-flow", "2");
  await send(page);
  assert.match(page.url(), /recorded=vitals/);
  assert.match(await page.textContent(".notice.done"), /\d\d-\d\d \d\d:\d\d/, "it says when it is due again");
}

async function ice(page, address) {
  await page.goto(`${address}/ice`);
  assert.ok(await page.isHidden(".result .grade"), "no grade before the first answer");
  await choose(page, "level-of-consciousness", "alert");
  await press(page, "button[value=next]");
  for (const part of ["year", "month", "city"]) await choose(page, `ice-orientation-${part}`, "right");
  await choose(page, "ice-orientation-hospital", "wrong");
  await press(page, "button[value=next]");
  assert.match(await page.textContent(".result .grade b:first-of-type"), /[–≥]/, "while parts are open the grade is a range");
  await choose(page, "ice-naming-first", "right");
  await press(page, "button[value=back]");
  assert.ok(await page.isChecked("input[name='ice-orientation-hospital'][value=wrong]"), "going back keeps the answers");
  await press(page, "button[value=next]");
  for (const part of ["first", "second"]) await choose(page, `ice-naming-${part}`, "right");
  await choose(page, "ice-naming-third", "wrong");
  await press(page, "button[value=next]");
  await choose(page, "ice-command-command", "right");
  await press(page, "button[value=next]");
  await choose(page, "ice-writing-writing", "untested");
  await press(page, "button[value=next]");
  await choose(page, "ice-attention-attention", "wrong");
  await press(page, "button[value=next]");
  assert.equal(await page.textContent(".result .score"), "6");
  await press(page, "button[value=record]");
  await page.waitForURL(/recorded=ice/);
  // What ICANS still needs is offered next.
  await Promise.all([page.waitForURL(/\/neuro$/), page.click(".notice.done a.button")]);
  for (const domain of ["seizure", "motor", "raised-icp-signs"]) await choose(page, domain, "none");
  await send(page);
  assert.match(page.url(), /recorded=neuro/);
}

VIEWS.forEach(({ size, language, name }, index) => {
  test(`the nurse records vital signs, CRS, ICE and a drug, and corrects: ${name}`, async () => {
    const page = await open(chrome, size, language);
    await signIn(page, vena, "nurse");
    // Somebody without CRS so far, in the days when vital signs are due: what is recorded here decides the grade.
    const one = (await acute(page, vena)).filter((other) => /CRS0 /.test(other.grades) && /^D\+([1-9]|1[0-4])$/.test(other.day))[index];
    await find(page, size, one.record);
    assert.equal(page.url(), one.address);
    await vitals(page, one.address);

    await page.goto(`${one.address}/crs`);
    assert.match(await page.textContent(".field:has(#body-temperature) .hint"), /39\.0/, "the last value stands at the field");
    await page.fill("#body-temperature", "39.0");
    await choose(page, "hypotension", "no-vasopressor");
    await choose(page, "oxygen-device", "nasal-cannula");
    await page.fill("#oxygen-flow", "2");
    await send(page);
    assert.equal(await numeral(page, "crs"), "2", "low-flow oxygen and pressure without a vasopressor: grade 2");
    const why = page.locator("#why-crs");
    assert.match(await why.textContent(), /39\.0/);
    assert.match(await why.locator(".source").textContent(), /2019/);

    await ice(page, one.address);
    // 6 points of 9 asked, the tenth not tested: 6 points would be grade 2, 7 grade 1. It stays a range.
    assert.equal(await numeral(page, "icans"), "12");
    assert.match(await page.textContent(".grades a[href='#why-icans'] .title"), /1.*2/);
    assert.match(await page.locator("#why-icans").textContent(), /6/);
    await sound(page, `journey after ICE ${name}`);

    await page.goto(`${one.address}/drug`);
    await page.selectOption("#drug", "tocilizumab");
    await page.fill("#dose", "544");
    await page.fill("#unit", "mg");
    await page.fill("#route", "IV");
    await send(page);
    assert.match(await page.textContent("section:has(#course-title)"), /544 mg/);

    await page.goto(`${one.address}/history`);
    const newest = page.locator("tbody tr").first();
    assert.match(await newest.textContent(), /544/);
    assert.match(await newest.textContent(), /(SYN nurse|合成護理師)/, "who");
    assert.match(await newest.textContent(), /\d{4}-\d\d-\d\d \d\d:\d\d/, "when");

    // The pressure was typed wrongly: corrected, both stay visible.
    const wrong = page.locator("tbody tr", { hasText: "88 mmHg" }).first();
    await Promise.all([page.waitForURL(/\/correct\//), wrong.locator("a[href*='/correct/']").click()]);
    const field = page.locator("main .field input").filter({ hasNot: page.locator("[type=hidden]") });
    const values = await field.evaluateAll((inputs) => inputs.map((input) => [input.id, input.value]));
    const systolic = values.find(([, value]) => value === "88")[0];
    await page.fill(`#${systolic}`, "98");
    await press(page, "button[value=replace]");
    assert.ok(await page.isVisible("#reason-error"), "a correction needs its reason");
    assert.equal(await page.inputValue(`#${systolic}`), "98");
    await page.fill("#reason", "typed 88 for 98");
    await press(page, "button[value=replace]");
    await page.waitForURL(/\/history$/);
    const text = await page.textContent("tbody");
    assert.match(text, /88/);
    assert.match(text, /98/);
    assert.match(text, /typed 88 for 98/);
    assert.ok(await page.isVisible("tbody del"), "what was wrong stays, struck through");
    await axe(page, `history after a correction ${name}`);
    assert.deepEqual(page.errors, []);
    await page.context().close();
  });
});
