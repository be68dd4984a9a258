// A browser that reports everything that a page must not do.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** What the test says: where the page is, which browser to use, where packages are. */
export const given = JSON.parse(process.argv[2]);

const require = createRequire(join(given.modules, "package.json"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** What went wrong so far. */
export const problems = [];

/** Notes a problem unless something holds. */
export function expect(holds, what) {
  if (!holds) problems.push(what);
}

/** A browser and a page in it. */
export async function open() {
  const browser = await puppeteer.launch({
    executablePath: given.chromium,
    args: [
      // As root, as in containers, Chromium has no sandbox of its own.
      ...(process.getuid() === 0 ? ["--no-sandbox"] : []),
      "--disable-gpu",
      "--disable-background-networking",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
  const page = await browser.newPage();
  await watch(page);
  return { browser, page };
}

/** Notes what a page tries that it must not, and stops it. */
async function watch(page) {
  const where = () => new URL(page.url()).pathname;
  page.on("console", (message) => {
    // A page that says why something cannot be done has such a status, and the browser tells of it.
    const expected = /Failed to load resource: the server responded with a status of 4\d\d/.test(message.text());
    if (message.type() === "error" && !expected) problems.push(`${where()}: console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`${where()}: script: ${error.message}`));
  page.on("dialog", async (dialog) => {
    problems.push(`${where()}: a dialog says ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on("popup", () => problems.push(`${where()}: a window opens`));
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin === given.base || url.protocol === "data:") return void request.continue();
    problems.push(`${where()}: a request to ${url.origin}`);
    request.abort();
  });
}

/** Goes to a path of the page; gives the status. */
export async function visit(page, path) {
  const answer = await page.goto(given.base + path, { waitUntil: "load" });
  return answer.status();
}

/** Clicks on what leads to another page, and waits for that. */
export async function follow(page, what) {
  const element = typeof what === "string" ? await page.waitForSelector(what) : what;
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), element.click()]);
}

/** The text of the first element that fits; empty where there is none. */
export async function text(page, selector) {
  return page.$eval(selector, (element) => element.textContent.trim()).catch(() => "");
}

/** The link with these words. */
export async function link(page, words, within = "main") {
  const links = await page.$$(`${within} a`);
  for (const candidate of links) {
    if ((await candidate.evaluate((it) => it.textContent.trim())) === words) return candidate;
  }
  throw new Error(`${page.url()}: there is no link "${words}"`);
}

/** Notes every rule of accessibility that the page breaks as it is shown now. */
export async function accessible(page, what) {
  await page.evaluate(`${axe}; 0`);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  for (const { id, nodes } of violations) {
    problems.push(`${what}: ${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(" | ")}`);
  }
}

/** Notes when a page is wider than its window: only tables and pictures may scroll. */
export async function fits(page, what) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(over <= 0, `${what}: scrolls sideways by ${over} px`);
}

/** Asks the API, until what it answers will do. */
export async function until(path, enough) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await fetch(given.base + path, { headers: given.token ? { authorization: `Bearer ${given.token}` } : {} });
    const body = answer.ok ? await answer.json() : {};
    if (answer.ok && enough(body)) return body;
    if (Date.now() > deadline) throw new Error(`${path} never came to it: ${JSON.stringify(body).slice(0, 300)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Runs a test to its end, and says what went wrong. */
export async function run(test) {
  const { browser, page } = await open();
  try {
    await test(page, browser);
  } catch (error) {
    problems.push(`${page.url()}: ${error.stack}`);
  } finally {
    await browser.close();
  }
  for (const problem of problems) console.log(problem);
  process.exit(problems.length === 0 ? 0 : 1);
}
