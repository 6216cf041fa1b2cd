// The pages work without this. It sends a form once, keeps the page's height
// up to date from the gateway's events, and lets the keyboard reach what is often used.
"use strict";
(() => {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-once]") || !event.submitter || event.submitter.value !== "send") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    event.submitter.setAttribute("aria-busy", "true");
  });
  // A page that comes back out of the browser's memory may be sent again.
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  }));

  // What a form asks while it is filled in, and gets no answer to, is said.
  const unheard = (missing) => { const note = document.getElementById("unheard"); if (note) note.hidden = !missing; };
  for (const event of ["htmx:sendError", "htmx:responseError", "htmx:timeout", "htmx:swapError"]) document.addEventListener(event, () => unheard(true));
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) unheard(false); });

  const live = document.querySelector("[data-live]");
  if (live && window.EventSource) {
    let newest = Number(live.dataset.live);
    const source = new EventSource("/api/v1/events");
    source.addEventListener("block", (event) => {
      if (!(Number(event.lastEventId) > newest)) return;
      newest = Number(event.lastEventId);
      live.querySelector("[data-newest]").textContent = String(newest);
      live.hidden = false;
    });
    window.addEventListener("pagehide", () => source.close());
  }

  let prefix = false;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
    if (prefix) {
      prefix = false;
      const link = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    prefix = event.key === "g";
    if (event.key === "/") {
      const filter = document.querySelector(".filters select, .filters input");
      if (filter) { event.preventDefault(); filter.focus(); }
    }
  });
})();
