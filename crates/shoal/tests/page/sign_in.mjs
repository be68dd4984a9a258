// Where one has to sign in.

import { accessible, expect, follow, given, run, text, until, visit } from "./browser.mjs";

await run(async (page) => {
  await until("/api/v1/alerts", ({ alerts }) => alerts.length > 0);
  for (const theme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
    expect((await visit(page, "/search?q=bridge")) === 401, "nobody has to sign in");
    await accessible(page, `sign-in, ${theme}`);
  }
  await page.type("input[name=token]", "not this one");
  await follow(page, "form.login button");
  expect((await text(page, "[role=alert]")).length > 0, "a wrong token is not told");
  await accessible(page, "a wrong token");
  await page.type("input[name=token]", given.token);
  await follow(page, "form.login button");
  expect(page.url().endsWith("/search?q=bridge"), `after signing in: ${page.url()}`);
  expect((await text(page, ".session")).includes("reader"), "it does not say who has signed in");
  await accessible(page, "signed in");
  await visit(page, "/");
  await follow(page, ".alerts h2 a");
  expect((await page.$("form.feedback")) === null, "whoever may read only is asked for feedback");
  await follow(page, "form.session button");
  expect((await visit(page, "/")) === 401, "whoever has signed out is still in");
});
