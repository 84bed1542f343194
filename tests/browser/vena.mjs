// Starts a fresh demo programme on loopback and opens it in Chromium. Shared by all browser tests.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, mkdirSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

export const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1440, height: 900 } };
export const LANGUAGES = ["en", "zh-TW"];

/** Starts `vena demo` in a new folder; answers its address and logins once it serves. */
export async function serve() {
  const program = process.env.VENA_PROGRAM;
  assert.ok(program && existsSync(program), "VENA_PROGRAM must name the built program (cargo xtask browser sets it)");
  const folder = mkdtempSync(join(tmpdir(), "vena-browser-"));
  const child = spawn(program, ["demo", "--data", join(folder, "data"), "--port", "0"], { stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  child.stderr.on("data", (chunk) => { printed += chunk; });
  const address = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`vena demo did not start:\n${printed}`)), 120000);
    child.stdout.on("data", (chunk) => {
      printed += chunk;
      const found = printed.match(/http:\/\/127\.0\.0\.1:\d+/);
      if (found && /nurse/.test(printed) && /coordinator/.test(printed)) { clearTimeout(late); resolve(found[0]); }
    });
    child.on("exit", (code) => { clearTimeout(late); reject(new Error(`vena demo ended with ${code}:\n${printed}`)); });
  });
  const logins = {};
  for (const line of printed.split("\n")) {
    const found = line.match(/^\s*(nurse|physician|coordinator|technician|pharmacist|qa|data-manager|administrator)\s+(\S+)\s+(\S+)/);
    if (found) logins[found[1]] = { user: found[2], password: found[3] };
  }
  return { address, logins, stop: () => { child.kill(); rmSync(folder, { recursive: true, force: true }); } };
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
  page.on("console", (message) => { if (message.type() === "error") page.errors.push(message.text()); });
  return page;
}

/** Signs in through the page. */
export async function signIn(page, vena, role) {
  const login = vena.logins[role];
  assert.ok(login, `the demo printed no login for ${role}`);
  await page.goto(`${vena.address}/`);
  await page.fill("#user", login.user);
  await page.fill("#password", login.password);
  await page.click("main button[type=submit]");
  await page.waitForSelector("table.board, .board");
}

/** axe-core on the page as it stands, light and dark; anything found fails with its rule and place. */
export async function axe(page, what) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    if (!(await page.evaluate(() => "axe" in window))) await page.addScriptTag({ path: axePath }).catch(async () => {
      // The content policy forbids injected tags: evaluate the script in the page's own world instead.
      const { readFileSync } = await import("node:fs");
      await page.evaluate(readFileSync(axePath, "utf8"));
    });
    const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    const told = found.violations.map((v) => `${v.id}: ${v.help} at ${v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | ")}`);
    assert.deepEqual(told, [], `${what} (${colorScheme})`);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
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
