// Every page, light and dark, wide and narrow: right for everybody, and a picture of some.

import { join } from "node:path";
import { accessible, expect, fits, given, run, until, visit } from "./browser.mjs";

const SIZES = [
  [1280, 900],
  [360, 740],
];
/** Pages of which the README has a picture: name, theme, size, and how tall. */
const PICTURES = [
  ["alerts", "light", 1280, 760],
  ["alert", "light", 1280, 1000],
  ["search", "dark", 1280, 1000],
  ["alert", "dark", 360, 1100],
];

await run(async (page) => {
  const pages = await all();
  for (const theme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
    for (const [width, height] of SIZES) {
      await page.setViewport({ width, height });
      for (const [name, path, status] of pages) {
        const what = `${name}, ${theme}, ${width} px`;
        const found = await visit(page, path);
        expect(found === status, `${what}: status ${found}`);
        await accessible(page, what);
        await fits(page, what);
        await picture(page, name, theme, width);
      }
    }
  }
  await page.setViewport({ width: 320, height: 640 });
  for (const [name, path] of pages) {
    await visit(page, path);
    await fits(page, `${name}, 320 px`);
    await page.$$eval("details", (all) => all.forEach((details) => (details.open = true)));
    await fits(page, `${name} with everything open, 320 px`);
    await accessible(page, `${name} with everything open`);
  }
});

/** Name, path and status of each kind of page. */
async function all() {
  await until("/api/v1/search?limit=1", ({ total }) => total.count >= given.posts);
  const { alerts } = await until("/api/v1/alerts?sort=strongest", ({ alerts }) => alerts.length >= given.alerts);
  const { posts } = await until("/api/v1/search?q=harbour&limit=500", ({ posts }) => posts.some((post) => post.cluster));
  const post = posts.find((post) => post.cluster);
  const id = encodeURIComponent;
  return [
    ["alerts", "/", 200],
    ["no alerts", "/?min_bits=9999&state=resolved", 200],
    ["alert", `/alerts/${alerts[0].alert_id}`, 200],
    ["earlier alert", `/alerts/${alerts[0].alert_id}?revision=1`, 200],
    ["search", "/search?q=harbour+bridge", 200],
    ["narrowed search", "/search?q=%22harbour+bridge%22+-toll&lang=en&kind=post&sort=relevance", 200],
    ["no posts", "/search?q=nothinglikethis", 200],
    ["wrong search", "/search?q=%28", 400],
    ["cluster", `/clusters/${post.cluster}`, 200],
    ["account", `/accounts/${id(post.author)}`, 200],
    ["similar", `/posts/${id(post.id)}/similar?similarity=0.3`, 200],
    ["status", "/status", 200],
    ["way out", `/link?to=${id("http://news.ex\u0430mple:81/a/b?c=d")}`, 200],
    ["no way out", `/link?to=${id("javascript:alert(1)")}`, 400],
    ["nothing", "/nothing/here", 404],
  ];
}

/** Keeps a picture where the test asks for some. */
async function picture(page, name, theme, width) {
  const wanted = PICTURES.find(([...it]) => it[0] === name && it[1] === theme && it[2] === width);
  if (!given.pictures || !wanted) return;
  await page.evaluate(() => scrollTo(0, 0));
  const file = `page-${name}${width < 500 ? "-phone" : ""}.png`;
  const clip = { x: 0, y: 0, width, height: wanted[3] };
  await page.screenshot({ path: join(given.pictures, file), clip, captureBeyondViewport: true });
}
