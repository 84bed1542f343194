// From referral to the end of the infusion, each step by the person whose it is, with several logins.
// Rows X2, X5, X8, T3.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { asRole, axe, browser, choose, fits, journeys, newestEvent, open, press, send, serve, signIn, sound, VIEWS } from "./vena.mjs";

let vena, chrome;
before(async () => { vena = await serve(); chrome = await browser(); });
after(async () => { await chrome?.close(); await vena?.stop(); });

/** Opens a step's form, fills it and sends it. */
async function step(page, address, slug, fields = {}, choices = {}) {
  await page.goto(`${address}/step/${slug}`);
  for (const [name, value] of Object.entries(fields)) await page.fill(`#${name}`, value);
  for (const [name, value] of Object.entries(choices)) await choose(page, name, value);
  await send(page);
}

async function recorded(page, slug) {
  assert.match(page.url(), new RegExp(`recorded=${slug}$`), `${slug}: ${(await page.locator(".refusal, .notice.bad").allTextContents()).join(" ")}`);
}

async function register(page, known, record) {
  await page.goto(`${vena.address}/journeys/new`);
  await send(page);
  assert.ok(await page.isVisible("#record-number-error") && await page.isVisible("#birth-date-error"), "what is missing is said beside its field");
  await page.fill("#name-zh", "合成測試");
  await page.fill("#name-latin", "Synthetic, Test");
  await page.fill("#record-number", known);
  await page.fill("#birth-date", `1971-05-${record.slice(-2)}`);
  await choose(page, "sex", "female");
  await page.fill("#weight", "61.5");
  await page.fill("#allergies", "Penicillin");
  await choose(page, "diagnosis", "dlbcl");
  await choose(page, "product", "tisagenlecleucel");
  await send(page);
  assert.ok(await page.isVisible(".refusal"), "a record number that is known is said before anything is stored");
  assert.equal(await page.inputValue("#name-latin"), "Synthetic, Test", "nothing typed is lost");
  await page.fill("#record-number", record);
  await send(page);
  await recorded(page, "registered");
  return page.url().split("?")[0];
}

VIEWS.forEach(({ size, language, name }, index) => {
  test(`a journey from referral to infusion, with the gates and the two people: ${name}`, async () => {
    const page = await open(chrome, size, language);
    const [number, bag, apheresis] = [`SYN-COI-T${index}`, `SYN-T${index}-1`, `SYN-T${index}-A`];
    const as = (role) => asRole(page, vena, role);

    await signIn(page, vena, "coordinator");
    const known = (await journeys(page, vena))[0].record;
    const address = await register(page, known, `SYN-T-0${index + 1}`);
    await sound(page, `a new journey ${name}`);

    await page.goto(`${address}/step/consent`);
    await choose(page, "kind", "treatment");
    await page.fill("#version", "SYN-3");
    await page.setInputFiles("#scan", { name: "consent.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4 synthetic consent") });
    await send(page);
    await recorded(page, "consent");
    await step(page, address, "number", { number });
    await recorded(page, "number");
    // The coordinator may not choose the product: the refusal says who can.
    await step(page, address, "product", {}, { product: "tisagenlecleucel" });
    assert.match(await page.textContent(".refusal"), /(physician|醫師)/);
    await axe(page, `refused by role ${name}`);

    await as("physician");
    await step(page, address, "product", {}, { product: "tisagenlecleucel" });
    await recorded(page, "product");
    await as("technician");
    await step(page, address, "collection", { bags: apheresis, volume: "212" });
    await recorded(page, "collection");
    await as("qa");
    await step(page, address, "made", { bags: bag, "on-label": number });
    await recorded(page, "made");

    // Not released, not received, no identity check: shut, and it says why and what helps.
    await as("nurse");
    await step(page, address, "lymphodepletion-start");
    await recorded(page, "lymphodepletion-start");
    await step(page, address, "lymphodepletion-end");
    await step(page, address, "infusion-start", { bag });
    assert.equal(await page.locator(".refusal dl").count(), 3, "each reason is said: release, receipt, identity check");
    assert.equal(await page.inputValue("#bag"), bag);
    await fits(page, "refusal");

    await as("qa");
    await step(page, address, "released", { bags: bag });
    await recorded(page, "released");
    await as("technician");
    await step(page, address, "received", { bags: bag, "on-label": number, temperature: "-162" });
    await recorded(page, "received");
    await as("nurse");
    await step(page, address, "received", { bags: bag, "on-label": number });
    await recorded(page, "received");

    // The same person twice is not two people.
    const reading = { bag, "on-patient": number, "on-product": number };
    for (let time = 0; time < 2; time += 1) {
      await step(page, address, "identity", reading, { check: "infusion", agree: "yes" });
    }
    await step(page, address, "infusion-start", { bag });
    assert.equal(await page.locator(".refusal dl").count(), 1);
    assert.match(await page.textContent(".refusal"), /1/, "one person so far");
    await as("physician");
    await step(page, address, "identity", reading, { check: "infusion", agree: "yes" });
    await recorded(page, "identity");

    await as("nurse");
    await step(page, address, "infusion-start", { bag });
    await recorded(page, "infusion-start");
    assert.equal((await page.textContent(".who .day b")).trim(), "D0");
    await sound(page, `during the infusion ${name}`);
    await step(page, address, "infusion-end", { bag });
    await recorded(page, "infusion-end");
    const row = (await journeys(page, vena)).find((one) => one.address === address);
    assert.equal(row.day, "D0", "the board shows day 0");
    
    await page.goto(address);
    assert.match(await page.textContent(".who .allergy"), /Penicillin/, "the allergy is never lost");
    await page.goto(`${address}/history`);
    assert.ok(await newestEvent(page) >= 14);
    assert.deepEqual(page.errors, []);
    await page.context().close();
  });
});

test("a scanner's Enter goes to the next field and does not send the form", async () => {
  const page = await open(chrome, "desktop", "en");
  await signIn(page, vena, "nurse");
  const one = (await journeys(page, vena))[0];
  await page.goto(`${one.address}/step/identity`);
  assert.equal(await page.evaluate(() => document.activeElement.id), "bag", "the first scan lands in the first field");
  for (const scan of ["SYN-BAG-1", "SYN-COI-1", "SYN-COI-2"]) {
    await page.keyboard.type(scan);
    await page.keyboard.press("Enter");
  }
  assert.deepEqual(await page.$$eval("#bag, #on-patient, #on-product", (fields) => fields.map((field) => field.value)), ["SYN-BAG-1", "SYN-COI-1", "SYN-COI-2"]);
  assert.match(page.url(), /\/step\/identity$/);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "BUTTON");
  await page.context().close();
});

test("identifiers that do not agree are never overridden", async () => {
  const page = await open(chrome, "phone", "en");
  await signIn(page, vena, "nurse");
  const ready = (await journeys(page, vena)).filter((one) => one.day === "–");
  let tried = 0;
  for (const one of ready) {
    await page.goto(`${one.address}`);
    const gate = await page.textContent(".journey .aside");
    const bag = gate.match(/SYN-BAG-\S+/)?.[0];
    if (!bag) continue;
    tried += 1;
    const number = (await page.textContent(".who .code")).trim();
    await step(page, one.address, "identity", { bag, "on-patient": number, "on-product": "SYN-SOMEBODY-ELSE" }, { check: "infusion", agree: "yes" });
    await step(page, one.address, "infusion-start", { bag });
    assert.match(await page.textContent(".refusal"), /SYN-SOMEBODY-ELSE/);
    assert.equal(await page.locator(".refusal details:has(input[value=override])").count(), 0, "nobody is offered to go on");
    break;
  }
  assert.ok(tried > 0, "the demonstration has a journey before its infusion");
  await page.context().close();
});
