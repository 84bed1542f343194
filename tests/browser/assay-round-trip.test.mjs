// Rows Q10, Q11, Q15: a file of each kind dropped on its frame becomes a stored result and its picture again, in both
// languages, on a phone and a desktop. What comes back is held against the file's own bytes and the result seen before
// recording, so that another result of the same journey cannot pass for it.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { VIEWS, sound } from "./vena.mjs";
import { address, assayRoom, record, room, technician } from "./assays.mjs";

assayRoom();

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const file = (name) => readFileSync(join(room.files, name));

// The number that is read off each result, and how its page is named.
const KINDS = [
  { kind: "flow-cytometry", name: "sample.fcs", word: "fcs", beside: ["#gates", "gates.xml"], title: ["Flow cytometry", "流式細胞分析"], figure: "#assay-result .flow-first tbody tr:first-child td:nth-of-type(1)", made: true },
  { kind: "", name: "plate.png", word: "image", title: ["Colony count", "群落計數"], figure: "#assay-result dl .figure", made: true },
  // Another lot than the example's: nobody's example any more.
  { kind: "", name: "potency.csv", word: "table", own: (bytes, n) => Buffer.from(bytes.toString().replaceAll("Lot 7", `Lot 9${n}`)), title: ["Potency", "效價測定"], figure: "#assay-result section[aria-labelledby=relative-title] td b", made: false },
];

/** Drops a file where a person lets it go, as the browser does it. */
async function drop(page, name, bytes) {
  const carried = await page.evaluateHandle(({ name, data }) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name));
    return transfer;
  }, { name, data: bytes.toString("base64") });
  await page.dispatchEvent("[data-drop]", "dragover", { dataTransfer: carried });
  await page.dispatchEvent("[data-drop]", "drop", { dataTransfer: carried });
  assert.match(await page.locator("[data-dropped]").innerText(), new RegExp(name.replace(".", "\\.")), "the frame names the file");
}

/** Colours in a picture: a blank one has one or two. */
const colours = (page, where) => page.locator(where).first().evaluate(async (img) => {
  await img.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [img.naturalWidth, img.naturalHeight];
  const drawing = canvas.getContext("2d");
  drawing.drawImage(img, 0, 0);
  const { data } = drawing.getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  return seen.size;
});

/** What an address gives to the person signed in: its type and digest. */
const fetched = (page, path) => page.evaluate(async (path) => {
  const answer = await fetch(path);
  if (!answer.ok || answer.redirected) throw new Error(`${path}: ${answer.status}`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await answer.arrayBuffer()));
  return { type: answer.headers.get("content-type"), sha256: [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
}, path);

/** Every digest the page proves its result with. */
const digests = (page) => page.$$eval("details.why .digest, #recomputed .digest", (all) => all.map((one) => one.textContent.trim().slice(0, 64)).filter((text) => /^[0-9a-f]{64}$/.test(text)));

for (const [n, { size, language, name }] of VIEWS.entries()) {
  test(`a dropped file of each kind comes back as its stored result and picture: ${name}`, async () => {
    const page = await technician(size, language);
    const zh = language === "zh-TW" ? 1 : 0;
    for (const one of KINDS) {
      const bytes = one.own ? one.own(file(one.name), n) : file(one.name);
      await page.goto(address(`/assays${one.kind ? `?kind=${one.kind}` : ""}`));
      await drop(page, one.name, bytes);
      if (one.beside) await page.setInputFiles(one.beside[0], join(room.files, one.beside[1]));
      await page.locator("form.begin > button[type=submit]").press("Enter");
      await page.waitForSelector("#assay-result");
      assert.equal(await page.locator("h1").innerText(), one.title[zh]);
      const figure = await page.locator(one.figure).first().innerText();
      assert.match(figure, /\d/, `${one.name}: a number`);
      assert.equal(await page.locator(".heading .made-up").count(), one.made ? 1 : 0, `${one.name}: marked as made up only where it is`);
      const proved = await digests(page);
      assert.ok(proved.includes(sha256(bytes)), `${one.name}: the file's own digest stands beside the result`);
      const result = proved[0];

      await page.goto(address(`/journeys/${room.journey}/assays`));
      const before = await page.$$eval(".cards-of-assays h2 a", (all) => all.map((a) => a.getAttribute("href")));
      await page.goBack();
      await record(page);
      const after = await page.$$eval(".cards-of-assays h2 a", (all) => all.map((a) => a.getAttribute("href")));
      const added = after.filter((link) => !before.includes(link));
      assert.equal(added.length, 1, `${one.name}: one new result on the journey`);
      const card = page.locator(".cards-of-assays section.panel", { has: page.locator(`a[href="${added[0]}"]`) });
      assert.match(await card.locator("h2").innerText(), new RegExp(one.title[zh]));
      assert.equal(await card.locator(".made-up").count(), one.made ? 1 : 0);
      const picture = `img[src="${added[0]}/picture"]`;
      await page.locator(picture).scrollIntoViewIfNeeded();
      assert.ok(await colours(page, picture) > 8, `${one.name}: the picture is drawn from the stored file`);

      await page.goto(address(added[0]));
      await page.waitForSelector("#recomputed[data-same=yes]");
      assert.deepEqual((await digests(page)).slice(0, 2), [result, result], `${one.name}: recorded and computed again, the result that was seen`);
      assert.equal(await page.locator(one.figure).first().innerText(), figure, `${one.name}: the number that was seen`);
      const stored = await fetched(page, `${added[0]}/file/${one.word}`);
      assert.equal(stored.sha256, sha256(bytes), `${one.name}: the stored file is the one that was dropped`);
      assert.match((await fetched(page, `${added[0]}/picture`)).type, one.word === "image" ? /^image\/png/ : /^image\/svg/);
      if (one.word !== "image") assert.ok(await colours(page, "#assay-result .plot img") > 8, `${one.name}: its picture stands on its page`);
      await sound(page, `round trip of ${one.name}, ${name}`);
    }
    assert.deepEqual(page.errors, []);
    await page.context().close();
  });
}
