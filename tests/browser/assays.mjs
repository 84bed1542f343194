// What the assay tests share: a served programme, a technician, files our own writers made.
import { after, before } from "node:test";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { browser, open, serve, signIn } from "./vena.mjs";

export const room = { vena: null, chrome: null, files: null, journey: null };

/** Serves a programme for the tests of one file. */
export function assayRoom() {
  before(async () => {
    room.files = process.env.VENA_ASSAY_FILES ?? mkdtempSync(join(tmpdir(), "vena-assay-files-"));
    if (!existsSync(join(room.files, "sample.fcs"))) {
      const cargo = process.env.CARGO ?? "cargo";
      execFileSync(cargo, ["run", "-q", "-p", "vena-app", "--example", "assay_files", "--", room.files], { cwd: new URL("../..", import.meta.url).pathname, stdio: ["ignore", "ignore", "inherit"] });
    }
    room.vena = await serve();
    room.chrome = await browser();
  });
  after(async () => { await room.chrome?.close(); await room.vena?.stop(); });
}

/** A technician's page; the first one also finds a journey to record on. */
export async function technician(size = "desktop", language = "en") {
  const page = await open(room.chrome, size, language);
  await signIn(page, room.vena, "technician");
  if (!room.journey) {
    const link = await page.locator('.board a[href^="/journeys/"]').first().getAttribute("href");
    room.journey = link.split("/")[2];
  }
  return page;
}

export const address = (path) => `${room.vena.address}${path}`;

/** Gives a file to the room or to an assay's page and waits for the result. */
export async function begin(page, chosen, more = {}) {
  const kind = more.kind ?? (more.gates ? "flow-cytometry" : null);
  await page.goto(address(kind ? `/assays?kind=${kind}` : "/assays"));
  await page.setInputFiles("#file", chosen.startsWith("/") ? chosen : join(room.files, chosen));
  if (more.gates) await page.setInputFiles("#gates", join(room.files, more.gates));
  if (more.panel) await page.selectOption("#panel", { index: more.panel });
  // By key: on a phone the bar of rooms may lie over the button until the page is scrolled.
  await page.locator("form.begin > button[type=submit]").press("Enter");
  await page.waitForSelector("#assay-result");
}

/** Records the draft shown on the journey. */
export async function record(page, searched = room.journey) {
  await page.fill("#q", searched);
  await page.click("section[aria-labelledby=record-title] form[role=search] button");
  await page.waitForSelector("input[name=journey]");
  await page.fill("#remark", "browser test");
  await page.click("form[action$='/record'] button[type=submit]");
  await page.waitForURL(/\/journeys\/[^/]+\/assays$/);
}

/** Opens the newest recorded result and holds it against its files. */
export async function recordedIsTheSame(page) {
  await page.click(".cards-of-assays h2 a");
  await page.waitForSelector("#recomputed[data-same=yes]");
}

export const version = async (page) => Number(await page.locator("#assay-result").getAttribute("data-version"));
export const reaches = (page, n) => page.waitForSelector(`#assay-result[data-version='${n}']`);
export const drawn = (page, where = "#assay-result .plot img") => page.locator(where).first().evaluate((img) => img.complete && img.naturalWidth > 100);

/** Events inside a gate, from the table. The shape stands after the name. */
export async function inside(page, gate) {
  const name = new RegExp(`^\\s*${gate.replace(/[+\-.]/g, "\\$&")}\\s+(range|rectangle|polygon|ellipsoid|quadrant|Boolean|範圍|矩形|多邊形|橢圓|象限|布林)\\s*$`);
  const row = page.locator("#assay-result table tr").filter({ has: page.locator("th", { hasText: name }) }).first();
  return Number((await row.locator("td").first().innerText()).split("/")[0]);
}
