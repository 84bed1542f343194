// Who the patient is, who the people are, what the site has signed: put right, restricted, merged, signed; and
// nothing typed is lost when a session ends.
// Rows T3, X2, X8.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { acute, asRole, browser, choose, journeys, newestEvent, open, press, send, serve, signIn, sound, VIEWS } from "./vena.mjs";

let vena, chrome;
before(async () => { vena = await serve(); chrome = await browser(); });
after(async () => { await chrome?.close(); await vena?.stop(); });

const forget = (page) => page.context().clearCookies({ name: "vena-session" });

async function register(page, fields, again = false) {
  await page.goto(`${vena.address}/journeys/new`);
  for (const [name, value] of Object.entries(fields)) await page.fill(`#${name}`, value);
  await choose(page, "diagnosis", "dlbcl");
  await choose(page, "product", "tisagenlecleucel");
  await send(page);
  if (again) await press(page, ".refusal form:has(input[name=somebody-else]) button");
  assert.match(page.url(), /recorded=registered$/, (await page.locator("main").textContent()).slice(0, 400));
  return page.url().split("?")[0];
}

const person = (record, more = {}) => ({ "name-zh": "合成甲", "name-latin": "Synthetic, A", "record-number": record, "birth-date": "1970-02-03", ...more });

for (const { size, language, name } of VIEWS) {
  test(`the pages of people, identity, knowledge, infusion and the wall are sound: ${name}`, async () => {
    const page = await open(chrome, size, language);
    await signIn(page, vena, "administrator");
    await page.goto(`${vena.address}/people`);
    await page.click("tbody tr:has-text('nurse') details > summary");
    await sound(page, `people ${name}`);
    await page.goto(`${vena.address}/access`);
    await sound(page, `access ${name}`);
    await asRole(page, vena, "coordinator");
    const one = (await acute(page, vena))[0];
    for (const path of ["identity", "infusion", "infusion/record"]) {
      await page.goto(`${one.address}/${path}`);
      await page.evaluate(() => document.querySelectorAll("main details").forEach((fold) => { fold.open = true; }));
      await sound(page, `${path} ${name}`);
    }
    await page.goto(`${vena.address}/wall`);
    assert.ok(await page.locator(".wall-rows li").count() > 5);
    await sound(page, `wall ${name}`);
    await asRole(page, vena, "physician");
    await page.goto(`${vena.address}/knowledge/crs/site-defaults@1`);
    await page.click("details.why > summary");
    await sound(page, `signature ${name}`);
    await forget(page);
    await page.goto(`${vena.address}/sign-in`);
    await page.context().close();
  });
}

test("a session that ends while a form is open loses nothing, with scripts and without", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const context = await chrome.newContext({ javaScriptEnabled, locale: "en", viewport: { width: 390, height: 844 } });
    const page = await context.newPage();
    await signIn(page, vena, "nurse");
    const one = (await acute(page, vena))[0];
    await page.goto(`${one.address}/vitals`);
    await page.fill("#heart-rate", "93");
    await page.fill("#body-temperature", "38.4");
    await page.check("input[name=oxygen-device][value=none]", { force: true });
    await forget(page);
    await send(page);
    assert.match(await page.textContent(".notice.warn"), /What you typed is kept/);
    await page.fill("#user", vena.logins.nurse.user);
    await page.fill("#password", "a wrong password");
    await send(page);
    await page.fill("#user", vena.logins.nurse.user);
    await page.fill("#password", vena.logins.nurse.password);
    if (javaScriptEnabled) {
      await page.click("main button[type=submit]");
      await page.waitForSelector("#heart-rate");
    } else {
      await send(page);
      await send(page);
    }
    assert.equal(await page.inputValue("#heart-rate"), "93", "after signing in again the form is there as it was");
    assert.equal(await page.inputValue("#body-temperature"), "38.4");
    assert.ok(await page.isChecked("input[name=oxygen-device][value=none]"));
    const beside = await context.newPage();
    await beside.goto(`${one.address}/history`);
    const before = await newestEvent(beside);
    await beside.close();
    await send(page);
    assert.match(page.url(), /recorded=vitals$/);
    await page.goto(`${one.address}/history`);
    assert.equal(await newestEvent(page), before + 1, "recorded once, and only when sent");
    await context.close();
  }
});

test("a file stays with its form until the form is recorded", async () => {
  const page = await open(chrome, "phone", "en");
  await signIn(page, vena, "coordinator");
  const one = (await journeys(page, vena)).find((row) => row.day === "–");
  await page.goto(`${one.address}/step/consent`);
  await choose(page, "kind", "research");
  await page.setInputFiles("#scan", { name: "consent.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4 synthetic") });
  await send(page);
  assert.match(await page.textContent(".kept-file"), /consent\.pdf/);
  assert.ok(await page.isVisible("#version-error"));
  await page.fill("#version", "R-2");
  await send(page);
  assert.match(page.url(), /recorded=consent$/);
  // Without a session the file must be chosen again, and the form says so.
  await page.goto(`${one.address}/step/consent`);
  await choose(page, "kind", "registry");
  await page.fill("#version", "G-1");
  await page.setInputFiles("#scan", { name: "registry.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4 synthetic") });
  await forget(page);
  await send(page);
  await page.fill("#user", vena.logins.coordinator.user);
  await page.fill("#password", vena.logins.coordinator.password);
  await page.click("main button[type=submit]");
  await page.waitForSelector("#version");
  assert.equal(await page.inputValue("#version"), "G-1");
  assert.match(await page.textContent("form.form"), /Choose registry\.pdf again/);
  await page.context().close();
});

test("two people check the identity in one form; the first stays signed in", async () => {
  const page = await open(chrome, "phone", "en");
  await signIn(page, vena, "nurse");
  for (const one of (await journeys(page, vena)).filter((row) => row.day === "–")) {
    await page.goto(one.address);
    const bag = (await page.textContent(".journey .aside")).match(/SYN-BAG-\S+/)?.[0];
    if (!bag) continue;
    const number = (await page.textContent(".who .code")).trim();
    await page.goto(`${one.address}/step/identity`);
    await choose(page, "check", "infusion");
    for (const [field, value] of [["bag", bag], ["on-patient", number], ["on-product", number]]) await page.fill(`#${field}`, value);
    await choose(page, "agree", "yes");
    await page.fill("#second-login", vena.logins.physician.user);
    await page.fill("#second-password", "not the password");
    await send(page);
    assert.ok(await page.isVisible("#second-password-error"));
    assert.equal(await page.inputValue("#on-product"), number, "nothing typed is lost");
    assert.equal(await page.inputValue("#second-password"), "", "but a password is never kept");
    await page.fill("#second-login", vena.logins.nurse.user);
    await page.fill("#second-password", vena.logins.nurse.password);
    await send(page);
    assert.ok(await page.isVisible("#second-login-error"), "the second person is another person");
    await page.fill("#second-login", vena.logins.physician.user);
    await page.fill("#second-password", vena.logins.physician.password);
    await send(page);
    assert.match(page.url(), /recorded=identity$/);
    await page.goto(`${one.address}/history`);
    const rows = await page.locator("tbody tr").allTextContents();
    assert.ok(rows[0].includes("physician") && rows[1].includes("nurse"), "one reading under each name");
    return;
  }
  assert.fail("the demonstration has a product before its infusion");
});

test("a typing error in the identity is put right everywhere, and the versions stay", async () => {
  const page = await open(chrome, "desktop", "en");
  await signIn(page, vena, "coordinator");
  const address = await register(page, person("SYN-P-1", { "name-latin": "Synthetik, B", "name-zh": "合成乙" }));
  await page.goto(`${address}/identity`);
  await page.fill("#name-latin", "Synthetic, B");
  await page.fill("#birth-date", "1971-02-03");
  await send(page, "section:has(#change-title) button[type=submit]");
  assert.ok(await page.isVisible("#because-error"), "a reason is asked");
  assert.equal(await page.inputValue("#name-latin"), "Synthetic, B");
  await choose(page, "because", "typing-error");
  await page.fill("#words", "the passport");
  await send(page, "section:has(#change-title) button[type=submit]");
  assert.match(page.url(), /recorded=identity$/);
  assert.match(await page.textContent(".who"), /Synthetic, B.*1971-02-03/s);
  await page.goto(`${address}/identity`);
  const versions = await page.textContent("section:has(#versions-title)");
  assert.match(versions, /Synthetik, B → Synthetic, B/);
  assert.match(versions, /the passport/);
  await page.goto(`${vena.address}/search?q=${encodeURIComponent("Synthetic, B")}`);
  assert.match(await page.textContent("main"), /Synthetic, B/);
  await page.context().close();
});

test("a restricted identity hides, the glass breaks with a reason, and somebody else looks at it", async () => {
  const page = await open(chrome, "phone", "en");
  await signIn(page, vena, "coordinator");
  const address = await register(page, person("SYN-P-2", { "name-latin": "Colleague, C", "name-zh": "合成丙" }));
  await page.goto(`${address}/identity`);
  await page.click("section:has(#access-title) summary");
  await page.fill("#reason-restrict", "works on this ward");
  await page.fill("#signature-restrict", vena.logins.coordinator.password);
  await press(page, "section:has(#access-title) button[type=submit]");
  assert.match(await page.textContent("section:has(#access-title)"), /works on this ward/);
  await asRole(page, vena, "nurse");
  await page.goto(address);
  assert.match(await page.textContent(".who"), /restricted/);
  assert.ok(!(await page.content()).includes("Colleague"), "the name stands nowhere on the page");
  await page.goto(`${vena.address}/search?q=Colleague`);
  assert.ok(!(await page.textContent("main")).includes("Colleague, C"));
  await page.goto(`${address}/identity`);
  await sound(page, "restricted identity");
  await page.fill("#reason-glass", "unconscious and alone at night");
  await page.fill("#signature-glass", "a wrong password");
  await press(page, "section:has(#glass-title) button[type=submit]");
  assert.equal(await page.inputValue("#reason-glass"), "unconscious and alone at night", "nothing typed is lost");
  await page.fill("#signature-glass", vena.logins.nurse.password);
  await press(page, "section:has(#glass-title) button[type=submit]");
  await page.goto(address);
  assert.match(await page.textContent(".who"), /Colleague, C/);
  await asRole(page, vena, "qa");
  await page.goto(`${vena.address}/access`);
  assert.match(await page.textContent("main"), /unconscious and alone at night/);
  await sound(page, "access to review");
  await page.fill("main input[name=finding]", "needed");
  await press(page, "main form button");
  assert.match(await page.textContent("main"), /all reviewed/);
  await page.context().close();
});

test("a double is suggested at registration, merged and parted again", async () => {
  const page = await open(chrome, "desktop", "en");
  await signIn(page, vena, "coordinator");
  const first = await register(page, person("SYN-P-3", { "name-latin": "Double, D", "name-zh": "合成丁" }));
  await page.goto(`${vena.address}/journeys/new`);
  const twice = person("SYN-P-4", { "name-latin": "Double, D", "name-zh": "合成丁" });
  for (const [name, value] of Object.entries(twice)) await page.fill(`#${name}`, value);
  await choose(page, "diagnosis", "dlbcl");
  await choose(page, "product", "tisagenlecleucel");
  await send(page);
  assert.match(await page.textContent(".refusal"), /Double, D.*SYN-P-3/s, "it says who that may be");
  await sound(page, "a possible double");
  await press(page, ".refusal form:has(input[name=same]) button");
  assert.match(page.url(), /recorded=registered$/, "a further journey of the same patient");
  assert.match(await page.textContent(".who"), /SYN-P-3/);
  const second = await register(page, twice, true);
  assert.match(await page.textContent(".who"), /SYN-P-4/);
  await page.goto(`${first}/identity`);
  await page.click("section:has(#doubles-title) summary");
  await page.fill("section:has(#doubles-title) textarea", "registered twice");
  await page.fill("section:has(#doubles-title) input[type=password]", vena.logins.coordinator.password);
  await press(page, "section:has(#doubles-title) button[type=submit]");
  await page.goto(second);
  assert.match(await page.textContent(".who"), /SYN-P-3/, "the journey goes on under the one that stays");
  await page.goto(`${vena.address}/search?q=SYN-P-4`);
  assert.match(await page.textContent("main"), /SYN-P-3/, "the old number still finds it");
  await page.goto(`${first}/identity`);
  await page.click("section:has(#doubles-title) details:has(input[value=part]) summary");
  await page.fill("section:has(#doubles-title) details:has(input[value=part]) textarea", "two people");
  await page.fill("section:has(#doubles-title) details:has(input[value=part]) input[type=password]", vena.logins.coordinator.password);
  await press(page, "section:has(#doubles-title) details:has(input[value=part]) button[type=submit]");
  await page.goto(second);
  assert.match(await page.textContent(".who"), /SYN-P-4/);
  await page.context().close();
});

test("a rule set nobody has signed for use says so on the grades, until somebody signs", async () => {
  const page = await open(chrome, "phone", "en");
  await signIn(page, vena, "qa");
  const one = (await acute(page, vena))[0];
  await page.goto(one.address);
  assert.equal(await page.locator(".summary .notice.warn").count(), 0, "the demonstration has signed all");
  const rule = `${vena.address}/knowledge/crs/astct@2019`;
  await page.goto(rule);
  await page.click("details.why > summary");
  await page.fill("#reason", "under review");
  await page.fill("#signature", "wrong password");
  await press(page, "details.why button[type=submit]");
  assert.ok(await page.isVisible("#signature-error"));
  assert.equal(await page.inputValue("#reason"), "under review");
  await page.fill("#signature", vena.logins.qa.password);
  await press(page, "details.why button[type=submit]");
  await page.goto(one.address);
  assert.match(await page.textContent(".summary .notice.warn"), /Not activated at this site: CRS/);
  await sound(page, "grades not activated");
  await asRole(page, vena, "nurse");
  await page.goto(rule);
  assert.equal(await page.locator("#signature").count(), 0, "a nurse signs no rule set");
  await asRole(page, vena, "physician");
  await page.goto(rule);
  await page.fill("#signature", vena.logins.physician.password);
  await press(page, "main form button[type=submit]");
  assert.match(await page.textContent("main"), /signed for use by/);
  await page.goto(one.address);
  assert.equal(await page.locator(".summary .notice.warn").count(), 0);
  await page.context().close();
});

test("an administrator makes an account, changes its role, signs it out and stops it", async () => {
  const [admin, other] = [await open(chrome, "desktop", "en"), await open(chrome, "phone", "en")];
  await signIn(admin, vena, "administrator");
  const change = async (act, button) => {
    await admin.goto(`${vena.address}/people`);
    await admin.click("tbody tr:has-text('newcomer') details > summary");
    if (act) await act();
    await press(admin, `tbody tr:has-text('newcomer') form:has(input[value='${button}']) button`);
    assert.equal(await admin.locator(".notice.done").count(), 1);
  };
  await admin.goto(`${vena.address}/people`);
  await send(admin, "section:has(#new-person) button[type=submit]");
  assert.ok(await admin.isVisible("#login-error"));
  await admin.fill("#login", "newcomer");
  await admin.fill("#name-en", "New Comer");
  await choose(admin, "role", "nurse");
  await admin.fill("#password", "a long enough password");
  await send(admin, "section:has(#new-person) button[type=submit]");
  const enter = async () => {
    await other.goto(`${vena.address}/sign-in`);
    await other.fill("#user", "newcomer");
    await other.fill("#password", "a long enough password");
    await press(other, "main button[type=submit]");
  };
  await enter();
  assert.match(await other.textContent(".person"), /New Comer/);
  await change(() => admin.selectOption("tbody tr:has-text('newcomer') select", "physician"), "role");
  await other.goto(`${vena.address}/`);
  assert.match(other.url(), /sign-in/, "what was open was drawn for the old role");
  await enter();
  await change(null, "sign-out");
  await other.goto(`${vena.address}/`);
  assert.match(other.url(), /sign-in/);
  await change(null, "disable");
  await enter();
  assert.ok(await other.isVisible("#password-error"));
  await signIn(other, vena, "nurse");
  await other.goto(`${vena.address}/people`);
  assert.ok(!(await other.content()).includes("newcomer"), "only an administrator sees accounts");
  await other.context().close();
  await admin.context().close();
});

test("times are typed as people type them, and the wall and the record show them", async () => {
  const [page, wall] = [await open(chrome, "phone", "en"), await open(chrome, "desktop", "zh-TW")];
  await signIn(page, vena, "nurse");
  const one = (await acute(page, vena))[0];
  await page.goto(`${one.address}/vitals`);
  assert.match(await page.inputValue("#when"), /^\d{4}-\d\d-\d\d \d\d:\d\d$/, "the same in every language of the device");
  await page.fill("#heart-rate", "81");
  await page.fill("#when", "03/04/2026");
  await send(page);
  assert.ok(await page.isVisible("#when-error"), "an order of numbers that could be two days is not guessed");
  await page.fill("#when", "-20");
  await send(page);
  assert.match(page.url(), /recorded=vitals$/);
  await page.goto(`${one.address}/infusion/record`);
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.isVisible("svg.barcode") && await page.isVisible(".hands") && await page.isVisible(".printed-by"));
  assert.match(await page.textContent(".printed-by"), /Demonstration site/);
  assert.ok(await page.isHidden(".top"));
  await signIn(wall, vena, "physician");
  await wall.goto(`${vena.address}/wall`);
  const size = await wall.evaluate(() => parseFloat(getComputedStyle(document.querySelector(".wall-name")).fontSize));
  assert.ok(size >= 22, `names are read from across the room: ${size}px`);
  await page.context().close();
  await wall.context().close();
});

test("every fact of a journey is entered by a person in a page", async () => {
  const page = await open(chrome, "phone", "zh-TW");
  await signIn(page, vena, "nurse");
  const one = (await acute(page, vena)).find((row) => !row.grades.includes("X")) ?? (await acute(page, vena))[0];
  const done = (slug) => assert.match(page.url(), new RegExp(`recorded=${slug}$`), slug);
  await page.goto(`${one.address}/laboratory`);
  for (const [name, value] of [["anc", "0.42 10*9/L"], ["platelets", "61000"], ["ferritin", "812 ng/mL"], ["crp", "88 mg/L"]]) await page.fill(`#${name}`, value);
  await send(page);
  done("laboratory");
  // A drug that runs, and its stop.
  await page.goto(`${one.address}/drug`);
  await page.selectOption("#drug", "norepinephrine");
  await page.fill("#dose", "0.05");
  await page.fill("#unit", "ug/kg/min");
  await page.fill("#route", "IV");
  await page.fill("#when", "-120");
  await page.fill("#until", "-30");
  await send(page);
  done("drug");
  await page.goto(`${one.address}/drug`);
  await page.selectOption("#drug", "norepinephrine");
  await choose(page, "stopped", "yes");
  await page.fill("#when", "-30");
  await send(page);
  done("drug");
  await page.goto(`${one.address}/neuro`);
  await choose(page, "seizure", "none");
  await choose(page, "motor", "none");
  await send(page);
  done("neuro");
  // A time typed wrong is put right; the value stays.
  await page.goto(`${one.address}/vitals`);
  await page.fill("#heart-rate", "77");
  await send(page);
  await page.goto(`${one.address}/history`);
  const line = page.locator("tbody tr").first();
  const before = await line.locator("td[data-label]").first().textContent();
  await Promise.all([page.waitForURL(/\/correct\//), line.locator("a[href*='/correct/']").click()]);
  await page.fill("#when", "-15");
  await page.fill("#reason", "時間輸入錯誤");
  await press(page, "button[value=replace]");
  const after = await page.locator("tbody tr").nth(1).textContent();
  assert.match(after, /77/);
  assert.ok(before.length > 0);
  await asRole(page, vena, "physician");
  for (const slug of ["episode-closed", "followed-up", "relapsed"]) {
    await page.goto(`${one.address}/step/${slug}`);
    await send(page);
    done(slug);
  }
  await page.goto(`${one.address}/step/next-therapy`);
  await page.fill("#what", "blinatumomab");
  await send(page);
  done("next-therapy");
  await page.goto(`${one.address}/step/withdrew`);
  await page.fill("#reason", "病人意願");
  await choose(page, "fate", "none");
  await send(page);
  done("withdrew");
  assert.deepEqual(page.errors, []);
  await page.context().close();
});
