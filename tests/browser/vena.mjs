// Starts a fresh demo programme on loopback and opens it in Chromium. Shared by all browser tests.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, mkdirSync, existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

export const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1440, height: 900 } };
export const LANGUAGES = ["en", "zh-TW"];

/** Every role the demonstration prints a login for. */
const ROLES = ["nurse", "physician", "coordinator", "technician", "pharmacist", "qa", "data-manager", "administrator"];

/** Each size with each language. */
export const VIEWS = Object.keys(SIZES).flatMap((size) => LANGUAGES.map((language) => ({ size, language, name: `${size}, ${language}` })));

/** Starts `vena demo` in a new folder; answers its address and logins once it serves. */
export async function serve(journeys = 18) {
  const program = process.env.VENA_PROGRAM;
  assert.ok(program && existsSync(program), "VENA_PROGRAM must name the built program (cargo xtask browser sets it)");
  const folder = mkdtempSync(join(tmpdir(), "vena-browser-"));
  const child = spawn(program, ["demo", "--data", join(folder, "data"), "--port", "0", "--journeys", String(journeys)], { stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  child.stderr.on("data", (chunk) => { printed += chunk; });
  const address = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`vena demo did not start:\n${printed}`)), 120000);
    child.stdout.on("data", (chunk) => {
      printed += chunk;
      const found = printed.match(/http:\/\/127\.0\.0\.1:\d+/);
      if (found && ROLES.every((role) => new RegExp(`^\\s*${role}\\s+\\S+\\s+\\S+\\s*$`, "m").test(printed))) { clearTimeout(late); resolve(found[0]); }
    });
    child.on("exit", (code) => { clearTimeout(late); reject(new Error(`vena demo ended with ${code}:\n${printed}`)); });
  });
  const logins = {};
  for (const line of printed.split("\n")) {
    const found = line.match(/^\s*(nurse|physician|coordinator|technician|pharmacist|qa|data-manager|administrator)\s+(\S+)\s+(\S+)/);
    if (found) logins[found[1]] = { user: found[2], password: found[3] };
  }
  // The folder goes when the program has written its last checkpoint and ended.
  const stop = () => new Promise((resolve) => {
    const clear = () => { rmSync(folder, { recursive: true, force: true, maxRetries: 5 }); resolve(); };
    child.removeAllListeners("exit");
    if (child.exitCode !== null || child.signalCode !== null) return clear();
    child.once("exit", clear);
    child.kill();
  });
  return { address, logins, stop };
}

/** A Chromium that asks no host but loopback. */
export async function browser() {
  return chromium.launch({
    executablePath: process.env.VENA_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
}

/** A new page of one size and language, with the errors it saw kept. */
export async function open(chrome, size, language) {
  const context = await chrome.newContext({ viewport: SIZES[size], locale: language, timezoneId: "Asia/Taipei" });
  const page = await context.newPage();
  page.errors = [];
  page.on("pageerror", (error) => page.errors.push(String(error)));
  // A refused form answers with a 4xx status, which Chromium reports as a resource that did not load.
  const refused = /^Failed to load resource: .* status of 4(01|03|04|09|22) /;
  page.on("console", (message) => { if (message.type() === "error" && !refused.test(message.text())) page.errors.push(message.text()); });
  return page;
}

/** Signs in through the page. */
export async function signIn(page, vena, role) {
  const login = vena.logins[role];
  assert.ok(login, `the demo printed no login for ${role}`);
  await page.goto(`${vena.address}/sign-in`);
  await page.fill("#user", login.user);
  await page.fill("#password", login.password);
  await page.click("main button[type=submit]");
  await page.waitForSelector("table.board, .board");
}

/** Signs out, and in again as somebody else, in the same window. */
export async function asRole(page, vena, role) {
  await page.context().clearCookies({ name: "vena-session" });
  await signIn(page, vena, role);
}

/** Chooses an answer; the visible label is pressed, as a finger would. */
export async function choose(page, name, value) {
  await page.click(`label.choice:has(input[name="${name}"][value="${value}"])`);
  assert.ok(await page.isChecked(`input[name="${name}"][value="${value}"]`), `${name} is not ${value}`);
}

/** Presses what leads to another page, and waits for that page. */
export async function press(page, button) {
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.click(button)]);
}

/** Sends the main form of the page. */
export async function send(page, button = "main form.form:not(.refusal form) > button[type=submit]") {
  await press(page, button);
}

/** The journeys of the board: address, text of the row, record number, day. */
export async function journeys(page, vena) {
  await page.goto(`${vena.address}/`);
  return page.$$eval("tr[data-seq]", (rows) => rows.map((row) => {
    const meta = row.querySelector(".patient .meta").textContent;
    return {
      address: row.querySelector(".patient a").href,
      name: row.querySelector(".patient a").textContent,
      birth: meta.split("·")[0].trim(),
      record: meta.split("·")[1].trim(),
      day: row.querySelector(".daynumber").textContent,
      grades: row.querySelector(".chips").textContent,
    };
  }));
}

/** Journeys between day 1 and day 28, of adults or of children. */
export async function acute(page, vena, child = false) {
  const year = new Date().getFullYear();
  return (await journeys(page, vena)).filter((one) => /^D\+([1-9]|1\d|2[0-8])$/.test(one.day) && (year - Number(one.birth.slice(0, 4)) < 11) === child);
}

/** The number of the newest event on a history page: how many a journey has, however many the page shows. */
export async function newestEvent(page) {
  return Number((await page.locator("tr[id^=event-]").first().getAttribute("id")).slice("event-".length));
}

/** axe-core on the page as it stands. In dark only the colours are looked at again: nothing else differs. */
export async function axe(page, what) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(readFileSync(axePath, "utf8"));
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const found = await page.evaluate((dark) => window.axe.run(document, {
      resultTypes: ["violations"],
      runOnly: dark ? { type: "rule", values: ["color-contrast"] } : { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
    }), colorScheme === "dark");
    const told = found.violations.map((v) => `${v.id}: ${v.help} at ${v.nodes.slice(0, 3).map((n) => `${n.target.join(" ")} ${n.failureSummary?.split("\n")[1] ?? ""}`).join(" | ")}`);
    assert.deepEqual(told, [], `${what} (${colorScheme})`);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}

/** What every page must be: without findings of axe-core, no wider than the screen, without an error in the console. */
export async function sound(page, what) {
  await fits(page, what);
  await axe(page, what);
  assert.deepEqual(page.errors, [], `${what}: errors in the console`);
  await shot(page, what.replace(/[^\p{L}\p{N}]+/gu, "-"));
}

/** No page may scroll sideways on its own width. */
export async function fits(page, what) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 1, `${what} is ${wide} px too wide`);
}

/** Keeps a picture where VENA_SHOTS names a folder. */
export async function shot(page, name) {
  const folder = process.env.VENA_SHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
