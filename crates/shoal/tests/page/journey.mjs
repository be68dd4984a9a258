// What a person does, among posts that mean harm.

import { appendFileSync, readFileSync } from "node:fs";
import { accessible, expect, follow, given, link, run, text, until, visit } from "./browser.mjs";

await run(async (page, browser) => {
  await until("/api/v1/search?limit=1", ({ total }) => total.count >= given.posts);
  const { alerts } = await until("/api/v1/alerts?q=&sort=strongest", ({ alerts }) => alerts.length >= given.alerts);
  await keyboard(page);
  await filters(page);
  await anAlert(page, alerts);
  await aSearch(page);
  await aText(page);
  await exports(page);
  await theWayOut(page);
  await news(page);
  await withoutScripts(browser);
  await harm(page, alerts);
});

/** The first stop of the keyboard leads past everything that repeats. */
async function keyboard(page) {
  await visit(page, "/");
  await page.keyboard.press("Tab");
  const skip = await page.evaluate(() => document.activeElement.getBoundingClientRect().top >= 0 && document.activeElement.className);
  expect(skip === "skip", `the first stop is ${skip}`);
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement.id === "content"), "the content has not the focus");
  await page.focus(".filters summary");
  await page.keyboard.press("Enter");
  expect(await page.$eval(".filters details", (details) => details.open), "filters do not open by keyboard");
}

/** Alerts are narrowed, and the narrowing is undone. */
async function filters(page) {
  await visit(page, "/");
  const all = (await page.$$(".alerts > li")).length;
  expect(all >= given.alerts, `${all} alerts are shown`);
  await page.type("input[name=min_accounts]", "10");
  await page.select("select[name=state]", "opened,updated,reopened");
  await follow(page, ".filters button");
  const few = (await page.$$(".alerts > li")).length;
  expect(few >= 1 && few < all, `${few} of ${all} alerts have ten accounts`);
  const address = new URL(page.url());
  expect(address.search === "?state=opened%2Cupdated%2Creopened&min_accounts=10", `the address says ${address.search}`);
  await follow(page, await link(page, "Remove all"));
  expect((await page.$$(".alerts > li")).length === all, "what was narrowed stays so");
}

/** One alert, with everything on it, and what a person concludes. */
async function anAlert(page, alerts) {
  const name = alerts.find(({ labels }) => labels.join().includes("toll")).alert_id;
  await visit(page, "/?q=toll");
  await follow(page, `a[href="/alerts/${name}"]`);
  expect((await text(page, "h1")).includes("accounts shared"), "the sentence is missing");
  expect((await text(page, ".verdict")).includes("not a verdict"), "it does not say what it is");
  for (const part of ["svg.lanes", "svg.network", "ins", "del", "#context", "#arithmetic", "#checks", "#downloads"]) {
    expect(await page.$(part), `the alert has no ${part}`);
  }
  await page.focus("#arithmetic details:not([open]) summary");
  await page.keyboard.press("Enter");
  await page.click("input[value=benign_coordination]");
  await page.type("textarea", "One campaign office.\nThey say so <b>openly</b>.");
  await follow(page, "form.feedback button");
  expect(page.url().endsWith("#feedback"), `after the feedback: ${page.url()}`);
  const said = await text(page, ".said-list");
  expect(said.includes("openly and harmlessly") && said.includes("<b>openly</b>"), `it says: ${said}`);
  await visit(page, "/?q=toll");
  expect((await text(page, ".said-of")).includes("openly and harmlessly"), "the list does not show the feedback");
  await visit(page, `/alerts/${name}`);
  await follow(page, "#accounts a.account");
  expect((await text(page, "main")).includes("Observed with others"), "the account does not name its alert");
}

/** A search, narrowed by time and by value, over several pages. */
async function aSearch(page) {
  await visit(page, "/search");
  await page.type("input[name=q]", "bridge");
  await follow(page, ".filters button");
  expect((await text(page, ".post mark")).toLowerCase().includes("bridge"), "nothing is marked");
  const count = async () => Number((await text(page, ".tally")).replace(/\D.*$/su, (rest) => rest.replace(/posts.*/su, "").replace(/\D/gu, "")));
  const all = await count();
  await follow(page, await page.$("svg.bars a"));
  expect(page.url().includes("since=") && (await count()) < all, "a bar does not narrow the time");
  await page.goBack();
  await follow(page, await page.$(".top .values a"));
  const narrowed = new URL(page.url());
  expect(narrowed.searchParams.get("q") && [...narrowed.searchParams].length > 1, `a value leads to ${narrowed}`);
  await visit(page, "/search?q=bridge");
  const first = await text(page, ".post");
  await follow(page, "a[rel=next]");
  expect((await text(page, ".post")) !== first, "the next page is the same");
  const again = await page.browser().newPage();
  await again.goto(page.url());
  expect((await text(again, ".post")) === (await text(page, ".post")), "the address does not hold the question");
  await again.close();
}

/** From a post to the life of its text, and to posts like it. */
async function aText(page) {
  await visit(page, "/search?q=%22tax+on+nurses%22&kind=post");
  await follow(page, await link(page, "life of this text"));
  expect((await text(page, "h1")) === "The life of a text" && (await page.$$("article.variant")).length > 1, "no variants");
  expect(await page.$(".alerts .alert"), "the text does not name its alert");
  await visit(page, "/search?q=%22tax+on+nurses%22&kind=post");
  await follow(page, await link(page, "similar posts"));
  expect((await page.$$(".post")).length > 2, "no similar posts");
}

/** Every file that a page offers is there. */
async function exports(page) {
  for (const path of ["/search?q=bridge", "/", await page.evaluate(async () => {
    const answer = await fetch("/api/v1/alerts?sort=strongest");
    return `/alerts/${(await answer.json()).alerts[0].alert_id}`;
  })]) {
    await visit(page, path);
    const files = await page.$$eval("a[href^='/api/']", (links) => links.map((it) => it.getAttribute("href")));
    expect(files.length >= 2, `${path} offers ${files.length} files`);
    for (const file of files) {
      const got = await page.evaluate(async (file) => {
        const answer = await fetch(file);
        return [answer.status, (await answer.text()).length];
      }, file);
      expect(got[0] === 200 && got[1] > 100, `${file}: status ${got[0]}, ${got[1]} characters`);
    }
  }
}

/** Whoever leaves is warned, and shown where to. */
async function theWayOut(page) {
  await visit(page, "/search?author=demo%3Aharm0");
  const ways = await page.$$eval("main a[href^='/link?']", (links) => links.map((it) => it.getAttribute("href")));
  expect(ways.length > 0, "no address leads to the warning");
  await visit(page, ways[0]);
  await accessible(page, "the warning");
  const out = await page.$eval("a.button", (it) => [it.href, it.rel]);
  expect(/^https?:/.test(out[0]) && out[1] === "noopener noreferrer nofollow", `the way out is ${out}`);
  expect((await text(page, ".address")).includes("[.]"), "the address can be followed by mistake");
}

/** New alerts are told, and shown when a person wants. */
async function news(page) {
  await visit(page, "/");
  expect((await text(page, "#news")) === "", "there are news before there are any");
  appendFileSync(given.file, readFileSync(given.rest));
  await page.waitForSelector("#news a", { timeout: 60_000 });
  expect(/^\d+ new or changed alerts?: show$/.test(await text(page, "#news")), await text(page, "#news"));
  await accessible(page, "news");
  await follow(page, "#news a");
  expect((await text(page, "#news")) === "", "the news stay");
  await visit(page, "/status");
  expect(await page.$eval("[data-refresh]", (it) => !it.hidden), "the status cannot refresh itself");
}

/** Everything works without scripts. */
async function withoutScripts(browser) {
  const page = await browser.newPage();
  await page.setJavaScriptEnabled(false);
  await page.goto(`${given.base}/?sort=largest`);
  const button = await page.$(".filters button");
  await Promise.all([page.waitForNavigation(), button.press("Enter")]);
  expect((await page.$$(".alerts > li")).length >= given.alerts, "without scripts there are no alerts");
  await page.close();
}

/** What strangers wrote does nothing. That no request leaves and no dialog opens is watched all the time. */
async function harm(page, alerts) {
  const id = encodeURIComponent;
  const { posts } = await until("/api/v1/search?author=demo%3Aharm0&limit=100", ({ posts }) => posts.length > 0);
  const group = alerts.find(({ labels }) => labels.join().includes("onerror"));
  expect(group, "the posts that mean harm raise no alert");
  const paths = ["/", `/alerts/${group?.alert_id}`, "/search?q=alert&limit=100", "/search?author=demo%3Aharm0", `/search?q=${id("<script>alert(1)</script>")}`];
  for (const post of posts.slice(0, 6)) {
    paths.push(`/accounts/${id(post.author)}`, `/posts/${id(post.id)}/similar?similarity=0.3`);
    if (post.cluster) paths.push(`/clusters/${post.cluster}`);
  }
  for (const path of new Set(paths)) {
    await visit(page, path);
    const found = await page.evaluate(() => {
      const elements = [...document.querySelectorAll("*")];
      const acts = (element) => element.getAttributeNames().some((name) => name.startsWith("on") || name === "style");
      const bad = elements.filter((element) => acts(element) || ["IMG", "IFRAME", "OBJECT", "STYLE", "BASE", "EMBED"].includes(element.tagName));
      const scripts = [...document.scripts].filter((script) => !/^\/assets\/shoal-[0-9a-f]+\.js$/.test(script.getAttribute("src")));
      const links = [...document.links].map((it) => it.getAttribute("href")).filter((it) => !/^[/#]/.test(it));
      const turned = [...document.querySelectorAll(".name")].filter((it) => /[\u202a-\u202e\u2066-\u2069]/u.test(it.textContent));
      if (/[\u202d\u202e]/u.test(document.body.innerText)) links.push("letters are written backwards");
      return [...bad, ...scripts, ...turned].map((it) => it.outerHTML.slice(0, 150)).concat(links);
    });
    for (const it of found) expect(false, `${path}: ${it}`);
    await accessible(page, path);
  }
}
