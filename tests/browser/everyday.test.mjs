// What everybody does on every page: language, theme, live update, keyboard, search, signing, endings.
// Rows X4, X5, X8, T3.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { acute, asRole, axe, browser, choose, journeys, open, press, send, serve, signIn, sound } from "./vena.mjs";

let vena, chrome;
before(async () => { vena = await serve(); chrome = await browser(); });
after(async () => { await chrome?.close(); await vena?.stop(); });

test("one press switches the language; page and typing stay", async () => {
  const page = await open(chrome, "phone", "en");
  await signIn(page, vena, "nurse");
  const one = (await acute(page, vena))[0];
  await page.goto(`${one.address}/vitals`);
  await page.fill("#heart-rate", "91");
  await choose(page, "oxygen-device", "none");
  await press(page, "button[name=lang]");
  assert.equal(page.url(), `${one.address}/vitals`);
  assert.equal(await page.getAttribute("html", "lang"), "zh-TW");
  assert.equal(await page.inputValue("#heart-rate"), "91", "what was typed comes along");
  assert.ok(await page.isChecked("input[name=oxygen-device][value=none]"));
  assert.ok(await page.evaluate(() => !("vena-typed" in sessionStorage)), "and is not kept");
  // In the middle of ICE too: the same screen with its answers.
  await page.goto(`${one.address}/ice`);
  await choose(page, "level-of-consciousness", "alert");
  await press(page, "button[value=next]");
  await choose(page, "ice-orientation-city", "wrong");
  await press(page, "button[name=lang]");
  assert.equal(await page.getAttribute("html", "lang"), "en");
  assert.equal(page.url(), `${one.address}/ice`);
  assert.ok(await page.isChecked("input[name=ice-orientation-city][value=wrong]"));
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("the theme follows the system until the half-disc is pressed", async () => {
  const page = await open(chrome, "desktop", "en");
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await signIn(page, vena, "nurse");
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await ground();
  await page.emulateMedia({ colorScheme: "light" });
  assert.notEqual(await ground(), dark);
  await press(page, "button[name=theme]");
  assert.equal(await ground(), dark, "one press changes what is seen");
  await press(page, "button[name=theme]");
  assert.notEqual(await ground(), dark);
  await page.context().close();
});

test("what one person records another sees without reloading", async () => {
  const [nurse, physician] = [await open(chrome, "phone", "zh-TW"), await open(chrome, "desktop", "en")];
  await signIn(nurse, vena, "nurse");
  await signIn(physician, vena, "physician");
  const one = (await acute(nurse, vena))[2];
  const board = await physician.context().newPage();
  await board.goto(`${vena.address}/`);
  await physician.goto(one.address);
  await physician.click(".fold > summary");
  const seq = await board.getAttribute(`tr[data-seq]:has(a[href="${new URL(one.address).pathname}"])`, "data-seq");
  await nurse.goto(`${one.address}/vitals`);
  await nurse.fill("#body-temperature", "40.1");
  await send(nurse);
  await physician.waitForFunction(() => document.querySelector("#now .lane .last")?.closest("#now")?.textContent.includes("40.1"), null, { timeout: 8000 });
  assert.ok(await physician.isVisible("#course-table"), "what was unfolded stays unfolded");
  await board.waitForFunction(([path, before]) => document.querySelector(`tr[data-seq]:has(a[href="${path}"])`)?.dataset.seq !== before,
    [new URL(one.address).pathname, seq], { timeout: 8000 });
  assert.deepEqual([...nurse.errors, ...physician.errors], []);
  await nurse.context().close();
  await physician.context().close();
});

test("sign-in and ICE with the keyboard alone", async () => {
  const page = await open(chrome, "desktop", "en");
  const keys = async (...names) => { for (const one of names) await page.keyboard.press(one); };
  const focused = () => page.evaluate(() => document.activeElement?.name || document.activeElement?.textContent?.trim());
  const until = async (wanted) => {
    for (let i = 0; i < 60; i += 1) {
      if ((await focused()) === wanted) return;
      await keys("Tab");
    }
    assert.fail(`Tab never reaches ${wanted}`);
  };
  await page.goto(`${vena.address}/`);
  await keys("Tab");
  assert.equal(await focused(), "Skip to content");
  await until("user");
  await page.keyboard.type(vena.logins.nurse.user);
  await until("password");
  await page.keyboard.type(vena.logins.nurse.password);
  await Promise.all([page.waitForSelector(".board"), keys("Enter")]);
  const one = (await acute(page, vena))[0];
  await page.goto(`${one.address}/ice`);
  const next = async () => { await until("go"); await Promise.all([page.waitForNavigation(), keys("Enter")]); };
  await until("level-of-consciousness");
  await keys("Space");
  assert.ok(await page.isChecked("input[name=level-of-consciousness][value=alert]"));
  await next();
  for (const parts of [["orientation-year", "orientation-month", "orientation-city", "orientation-hospital"], ["naming-first", "naming-second", "naming-third"],
    ["command-command"], ["writing-writing"], ["attention-attention"]]) {
    for (const part of parts) { await until(`ice-${part}`); await keys("Space"); }
    await page.focus("button.first[name=go]");
    await Promise.all([page.waitForNavigation(), keys("Enter")]);
  }
  assert.equal(await page.textContent(".result .score"), "10");
  await page.focus("button[value=record]");
  await Promise.all([page.waitForURL(/recorded=ice/), keys("Enter")]);
  await page.context().close();
});

for (const [size, language] of [["phone", "zh-TW"], ["desktop", "en"]]) {
  test(`a child is asked CAPD: ${size}, ${language}`, async () => {
    const page = await open(chrome, size, language);
    await signIn(page, vena, "nurse");
    const children = (await journeys(page, vena)).filter((one) => Number(one.birth.slice(0, 4)) > new Date().getFullYear() - 11);
    assert.ok(children.length > 0, "the demonstration has a child");
    const one = children.find((child) => /^D\+/.test(child.day)) ?? children[0];
    await page.goto(one.address);
    assert.ok(await page.isVisible(".aside a[href$='/capd']"));
    assert.equal(await page.locator(".aside a[href$='/ice']").count(), 0, "CAPD stands where ICE would");
    await page.goto(`${one.address}/ice`);
    assert.match(await page.textContent(".notice.warn"), /CAPD/);
    await page.click(".notice.warn a");
    await page.waitForURL(/\/capd$/);
    await choose(page, "level-of-consciousness", "alert");
    for (let item = 1; item <= 4; item += 1) await choose(page, `capd-item-${item}`, "always");
    for (let item = 5; item <= 8; item += 1) await choose(page, `capd-item-${item}`, "never");
    await axe(page, "CAPD");
    await send(page);
    assert.match(page.url(), /recorded=capd/);
    await page.context().close();
  });
}

test("a patient is found by any part of the name in either script", async () => {
  const page = await open(chrome, "phone", "zh-TW");
  await signIn(page, vena, "nurse");
  const one = (await journeys(page, vena))[0];
  const latin = await (async () => { await page.goto(one.address); return (await page.textContent(".who .name small .keep")).trim(); })();
  for (const words of [one.name.slice(0, 2), latin.split(",")[0], latin.split(",")[0].toLowerCase(), one.record]) {
    await page.goto(`${vena.address}/search`);
    await page.fill("#q", words);
    await press(page, "main form button");
    const here = page.url() === one.address;
    assert.ok(here || (await page.textContent("main")).includes(one.record), `“${words}” finds ${one.record}`);
  }
  await page.goto(`${vena.address}/search?q=${encodeURIComponent("沒有這個人")}`);
  await sound(page, "search with nobody found");
  await page.context().close();
});

test("a physician goes on outside the rule only with a reason and the password again", async () => {
  const page = await open(chrome, "desktop", "en");
  await signIn(page, vena, "physician");
  const one = (await journeys(page, vena)).filter((other) => other.day === "–").at(-1);
  await page.goto(`${one.address}/step/next-therapy`);
  await page.goto(`${one.address}/step/ended`);
  await choose(page, "ending", "not-eligible");
  await page.fill("#reason", "progression on imaging");
  await choose(page, "fate", "none");
  await send(page);
  assert.match(page.url(), /recorded=ended/);
  // Ended: a collection now is refused, and a physician may sign for it.
  await page.goto(`${one.address}/step/lymphodepletion-start`);
  await send(page);
  assert.ok(await page.isVisible(".refusal"));
  const override = page.locator(".refusal details:has(input[value=override])");
  await override.locator("summary").click();
  await override.locator("textarea").fill("eligible again after a second reading");
  await Promise.all([page.waitForNavigation(), override.locator("button").click()]);
  assert.match(await page.textContent("section:has(#sign-title)"), /eligible again/, "what is signed stands in words");
  await axe(page, "signing");
  await page.fill("#signature", "not the password");
  await press(page, "section:has(#sign-title) button");
  assert.ok(await page.isVisible("#signature-error"), "a wrong password signs nothing");
  await page.fill("#signature", vena.logins.physician.password);
  await press(page, "section:has(#sign-title) button");
  assert.match(page.url(), /recorded=lymphodepletion-start/);
  await page.goto(`${one.address}/history`);
  assert.match(await page.textContent("tbody tr"), /eligible again/, "the record says that it stands outside the rule, and why");
  await page.context().close();
});

test("a physician puts a finding down to another cause, and the history says so", async () => {
  const page = await open(chrome, "phone", "en");
  await signIn(page, vena, "physician");
  const one = (await acute(page, vena))[1];
  await page.goto(`${one.address}/crs`);
  await choose(page, "hypotension", "no-vasopressor");
  await send(page);
  await page.goto(`${one.address}/history`);
  await Promise.all([page.waitForURL(/\/attribute\//), page.click("tbody tr:first-of-type a[href*='/attribute/']")]);
  await send(page);
  assert.ok(await page.isVisible("#cause-error"), "both questions are asked");
  await choose(page, "fact", "0");
  await choose(page, "cause", "infection");
  await axe(page, "cause of a finding");
  await send(page);
  assert.match(page.url(), /recorded=cause/);
  await page.goto(`${one.address}/history`);
  assert.match(await page.textContent("tbody tr:first-of-type"), /Cause of a finding/);
  await page.context().close();
});

test("a death is recorded; treatment is refused from then on", async () => {
  const page = await open(chrome, "phone", "zh-TW");
  await signIn(page, vena, "physician");
  const one = (await acute(page, vena)).at(-1);
  await page.goto(`${one.address}/step/died`);
  await page.fill("#cause", "SYN");
  await send(page);
  assert.match(page.url(), /recorded=died/);
  await page.goto(`${one.address}/step/infusion-start`);
  await page.fill("#bag", "SYN-X");
  await send(page);
  assert.ok(await page.isVisible(".refusal"));
  assert.equal(await page.locator(".refusal details:has(input[value=override])").count(), 0, "nobody may override it");
  await page.goto(`${vena.address}/?phase=ended`);
  assert.ok((await page.textContent("tbody")).includes(one.record));
  await sound(page, "ended journeys");
  await page.context().close();
});

test("nobody reads without signing in, and the session's cookie is closed to scripts and other sites", async () => {
  const page = await open(chrome, "desktop", "en");
  await page.goto(`${vena.address}/knowledge`);
  assert.match(page.url(), /\/sign-in\?back=\/knowledge/);
  await signIn(page, vena, "nurse");
  const cookie = (await page.context().cookies()).find((one) => one.name === "vena-session");
  assert.ok(cookie.secure && cookie.httpOnly && cookie.sameSite === "Strict");
  await page.goto(`${vena.address}/`);
  assert.ok(await page.isVisible(".board"), "a Secure cookie comes back on loopback");
  await press(page, "form[action='/sign-out'] button");
  await page.goto(`${vena.address}/`);
  assert.match(page.url(), /\/sign-in/);
  await page.context().close();
});
