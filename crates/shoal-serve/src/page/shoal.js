// Nothing here is needed: pages work without it.
"use strict";

// New alerts while the first page is open: a line that says how many, never a page that moves by itself.
function listen() {
  const news = document.querySelector("#news[data-stream]");
  if (!news || !window.EventSource) return;
  const seen = new Set();
  const stream = new EventSource(news.dataset.stream);
  stream.addEventListener("alert", (event) => {
    let id;
    try { id = JSON.parse(event.data).alert_id; } catch { return; }
    if (typeof id !== "string" || seen.size > 9999) return;
    seen.add(id);
    const link = document.createElement("a");
    link.href = news.dataset.show;
    link.textContent = `${seen.size} new or changed ${seen.size === 1 ? "alert" : "alerts"}: show`;
    news.replaceChildren(link);
  });
  window.addEventListener("pagehide", () => stream.close());
}

// The status, every few seconds, while that is wanted and somebody looks.
function refresh() {
  const control = document.querySelector("[data-refresh]");
  if (!control) return;
  control.hidden = false;
  const box = control.querySelector("input");
  setInterval(async () => {
    const live = document.querySelector("#live");
    if (!box.checked || document.hidden || live.contains(document.activeElement)) return;
    try {
      const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of ["#live", ".health"]) {
        const now = document.querySelector(part);
        const next = page.querySelector(part);
        if (now && next) now.replaceWith(next);
      }
    } catch { /* The next time will tell. */ }
  }, Number(control.dataset.refresh) * 1000);
}

listen();
refresh();
