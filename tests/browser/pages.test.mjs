// Every page, at phone and desktop width, in both languages, light and dark: nothing found by axe-core, no
// sideways scrolling, no error in the console; small, and readable without scripts.
// Rows X5, X8, T3.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { acute, asRole, browser, choose, journeys, open, press, send, serve, signIn, sound, VIEWS } from "./vena.mjs";

let vena, chrome;
before(async () => { vena = await serve(); chrome = await browser(); });
after(async () => { await chrome?.close(); await vena?.stop(); });

const FORMS = ["vitals", "crs", "ice", "capd", "neuro", "laboratory", "drug", "history", "step/consent", "step/identity", "step/received",
  "step/infusion-start", "step/died", "step/withdrew"];

for (const { size, language, name } of VIEWS) {
  test(`every page is sound: ${name}`, async () => {
    const page = await open(chrome, size, language);
    await page.goto(`${vena.address}/`);
    await sound(page, `sign-in ${name}`);
    await page.fill("#user", "nobody");
    await page.fill("#password", "not the password");
    await send(page);
    assert.ok(await page.isVisible("#password-error"));
    await sound(page, `sign-in refused ${name}`);
    await signIn(page, vena, "coordinator");
    await sound(page, `board ${name}`);
    const all = await journeys(page, vena);
    const now = (await acute(page, vena))[0];
    const ahead = all.find((one) => one.day === "–");
    for (const path of ["/?phase=ended", "/search?q=", `/search?q=${encodeURIComponent(now.record.slice(0, 5))}`, "/journeys/new", "/knowledge", "/knowledge/crs/astct@2019", "/nowhere"]) {
      await page.goto(`${vena.address}${path}`);
      await sound(page, `${path} ${name}`);
    }
    for (const [which, one] of [["running", now], ["before", ahead]]) {
      await page.goto(one.address);
      await sound(page, `journey ${which} ${name}`);
    }
    for (const form of FORMS) {
      await page.goto(`${now.address}/${form}`);
      await sound(page, `${form} ${name}`);
    }
    await page.goto(`${now.address}/correct/2`);
    await sound(page, `correct ${name}`);
    // A refusal, and a form with something wrong in it.
    await page.goto(`${ahead.address}/step/infusion-start`);
    await page.fill("#bag", "SYN-NOT-A-BAG");
    await send(page);
    assert.ok(await page.isVisible(".refusal"));
    await sound(page, `refusal ${name}`);
    await page.goto(`${ahead.address}/step/consent`);
    await page.fill("#when", "");
    await send(page);
    await sound(page, `wrong fields ${name}`);
    // The next screens of ICE.
    await asRole(page, vena, "nurse");
    await page.goto(`${now.address}/ice`);
    await choose(page, "level-of-consciousness", "alert");
    await press(page, "button[value=next]");
    await choose(page, "ice-orientation-year", "untested");
    await sound(page, `ice question ${name}`);
    for (let screen = 1; screen < 6; screen += 1) await press(page, "button[value=next]");
    await sound(page, `ice end ${name}`);
    await page.context().close();
  });
}

test("a page weighs less than 150 kB cold and asks no other host", async () => {
  const page = await open(chrome, "desktop", "zh-TW");
  const hosts = new Set();
  page.on("request", (request) => hosts.add(new URL(request.url()).host));
  await signIn(page, vena, "nurse");
  const one = (await acute(page, vena))[0];
  for (const address of [`${vena.address}/`, one.address, `${one.address}/history`]) {
    const fresh = await page.context().newPage();
    const cdp = await page.context().newCDPSession(fresh);
    await cdp.send("Network.enable");
    await cdp.send("Network.setCacheDisabled", { cacheDisabled: true });
    let bytes = 0;
    cdp.on("Network.loadingFinished", (event) => { bytes += event.encodedDataLength; });
    await fresh.goto(address, { waitUntil: "load" });
    await fresh.waitForTimeout(200);
    assert.ok(bytes > 10_000 && bytes < 150_000, `${address} brought ${bytes} bytes`);
    await fresh.close();
  }
  assert.deepEqual([...hosts], [new URL(vena.address).host]);
  await page.context().close();
});

test("nobody is led to a room that stays shut", async () => {
  const page = await open(chrome, "desktop", "en");
  for (const role of Object.keys(vena.logins)) {
    await asRole(page, vena, role);
    const [wide, narrow] = await Promise.all([".rooms a", ".thumbs a"].map((links) => page.$$eval(links, (all) => all.map((link) => link.href))));
    assert.deepEqual(wide, narrow);
    assert.equal(wide.includes(`${vena.address}/assays`), ["physician", "technician", "qa"].includes(role), role);
    for (const room of wide) assert.equal((await page.goto(room)).status(), 200, `${role}: ${room}`);
  }
  await page.context().close();
});

test("a long history is read page by page and loses no event", async () => {
  const page = await open(chrome, "phone", "en");
  await signIn(page, vena, "nurse");
  const lengths = [];
  for (const one of (await acute(page, vena)).slice(0, 4)) {
    await page.goto(`${one.address}/history`);
    const seen = [];
    for (;;) {
      const here = await page.$$eval("tr[id^=event-]", (rows) => rows.map((row) => Number(row.id.slice(6))));
      assert.ok(here.length > 0 && here.length <= 100, `${here.length} events`);
      seen.push(...here);
      const older = page.locator("a[href*='/history?before=']");
      if (!(await older.count())) break;
      await Promise.all([page.waitForURL(/before=/), older.click()]);
    }
    assert.deepEqual(seen, Array.from(seen, (_, i) => seen.length - i), "every event once, the newest first");
    lengths.push(seen.length);
  }
  assert.ok(Math.max(...lengths) > 100, `no history is long enough: ${lengths}`);
  await page.context().close();
});

test("without scripts pages read and a basic form works", async () => {
  const context = await chrome.newContext({ javaScriptEnabled: false, locale: "en" });
  const page = await context.newPage();
  await signIn(page, vena, "nurse");
  assert.ok(await page.locator("tr[data-seq]").count() > 5);
  await page.click(".patient a >> nth=0");
  assert.ok(await page.isVisible("#course-title"));
  const address = page.url();
  await page.goto(`${address}/vitals`);
  await page.fill("#heart-rate", "82");
  await send(page);
  assert.match(page.url(), /recorded=vitals/);
  await page.goto(`${address}#course-table`);
  assert.ok(await page.isVisible("#course-table table"), "an address into the fold opens it");
  await context.close();
});

test("paper shows the whole record, without navigation", async () => {
  const page = await open(chrome, "desktop", "en");
  await signIn(page, vena, "nurse");
  const one = (await acute(page, vena))[0];
  await page.goto(one.address);
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  assert.ok(await page.isHidden(".top") && await page.isHidden(".tabs"));
  assert.ok(await page.isVisible(".who .name") && await page.isVisible(".grades"));
  const ground = await page.evaluate(() => getComputedStyle(document.querySelector(".who")).backgroundColor);
  assert.equal(ground, "rgb(255, 255, 255)", "paper is light whatever the screen");
  assert.ok((await page.pdf()).length > 20_000);
  await page.context().close();
});
