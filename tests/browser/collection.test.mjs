// Row L4: the cells of a collection, from the tube of a flow cytometer or typed by hand, held against the product's profile.
import { test } from "node:test";
import assert from "node:assert/strict";
import { VIEWS, asRole, journeys, send, sound } from "./vena.mjs";
import { address, assayRoom, begin, recordedIsTheSame, record, room, technician } from "./assays.mjs";

assayRoom();

/** Type into a field that may lie in a folded group. */
async function type(page, id, value) {
  const group = page.locator(`details:has(#${id}):not([open])`).last();
  if (await group.count()) await group.locator("summary").first().click();
  await page.fill(`#${id}`, value);
}

const profile = (page) => page.locator("section[aria-labelledby=profile-title]");
/** Lines of the profile that speak of the collection: label and answer. */
const lines = (page) => profile(page).locator(".task").evaluateAll((tasks) => tasks
  .map((task) => [task.querySelector("b").textContent.trim(), task.querySelector("span").textContent.trim()])
  .filter(([label]) => /^(collection|收集)/.test(label)));

/** Answers of the collection's lines of every journey of the board. */
async function collections(page) {
  const all = [];
  for (const one of await journeys(page, room.vena)) {
    await page.goto(one.address);
    all.push({ ...one, answers: (await lines(page)).map(([, answer]) => answer) });
  }
  return all;
}

test("journeys of the demonstration past their collection have its tests: enough cells, in one too few", async () => {
  const page = await technician("desktop", "en");
  const all = await collections(page);
  const before = all.filter(({ answers }) => answers.includes("missing"));
  const few = all.filter(({ answers }) => answers.includes("outside"));
  const enough = all.filter(({ answers }) => answers.filter((answer) => answer === "inside").length === 3);
  assert.equal(few.length, 1, `${few.map(({ name }) => name)}`);
  assert.deepEqual(few[0].answers.slice(0, 3), ["inside", "outside", "inside"], "enough cells, too few of them T cells");
  assert.ok(enough.length > 8, `${enough.length}`);
  assert.ok(before.length > 0 && before.every(({ day }) => !/^D\+/.test(day)), `before its collection nothing is known of it: ${before.map(({ day }) => day)}`);
  assert.equal(before.length + few.length + enough.length, all.length);
  // The next tests record on one that has none.
  room.journey = before[0].address.split("/").pop();
  await page.goto(few[0].address);
  await sound(page, "too few T cells");
  await page.context().close();
});

test("a tube of the collection becomes cells of the product, and the journey says whether they suffice", async () => {
  for (const { size, language, name } of VIEWS) {
    const page = await technician(size, language);
    const english = language === "en";
    await begin(page, "sample.fcs", { gates: "gates.xml" });
    await type(page, "viable-gate", "Cells");
    await type(page, "product-volume", "100");
    await page.fill("#product-nucleated", "Cells");
    await page.fill("#product-cd3", "CD105");
    await page.fill("#product-analyser", "25000");
    await page.locator("#product-analyser").press("Enter");
    await page.waitForSelector("#assay-result[data-version='2']");
    const counted = await page.locator("section[aria-labelledby=counted-title]").innerText();
    assert.match(counted, /2\.2\d\d × 10⁹/, counted);
    await sound(page, `collection counted, ${name}`);
    if (size === "phone" && english) {
      await page.goto(address(`/journeys/${room.journey}`));
      const before = await lines(page);
      assert.deepEqual(before.map(([, answer]) => answer), ["missing", "missing", "missing"], "nothing recorded is nothing met");
      await page.goBack();
      await record(page);
      await recordedIsTheSame(page);
    }
    await page.goto(address(`/journeys/${room.journey}`));
    const told = await lines(page);
    const recorded = english ? ["inside", "inside", "inside", "no limit in the source"] : ["符合", "符合", "符合", "來源未訂界限"];
    if (size === "desktop" || !english) assert.deepEqual(told.map(([, answer]) => answer), recorded, `${name}: ${told}`);
    await page.context().close();
  }
});

test("a share is refused where it cannot be, and values typed by hand decide", async () => {
  const page = await technician("phone", "zh-TW");
  await asRole(page, room.vena, "physician");
  await page.goto(address(`/journeys/${room.journey}/collection-tests`));
  await sound(page, "tests of the collection, phone, zh-TW");
  await page.fill("#collection-t-cell-share", "300");
  await send(page);
  assert.ok(await page.locator("main [role=alert], .refusal, .wrong").count() > 0, "300 % is refused");
  assert.equal(await page.inputValue("#collection-t-cell-share"), "300", "and stays typed");
  await page.fill("#collection-t-cell-share", "3");
  await page.fill("#collection-viable-tnc", "1.99");
  await send(page);
  await page.goto(address(`/journeys/${room.journey}`));
  const told = await lines(page);
  assert.deepEqual(told.slice(0, 3).map(([, answer]) => answer), ["不符", "符合", "不符"], `${told}`);
  await page.context().close();
});
