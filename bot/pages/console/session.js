/* Warns before the session ends, and lets it be prolonged without leaving the page (WCAG 2.2.1). Says so when it is over,
   and leaves on the page what was typed. What a page sends by itself counts, since it prolongs the session too. */
"use strict";
(() => {
  const band = document.getElementById("session");
  if (!band) return;
  const said = band.querySelector("p");
  const stay = band.querySelector("button");
  const idle = Number(band.dataset.idle) * 1000;
  const longest = Date.now() + Number(band.dataset.left) * 1000;
  const WARN = Math.min(180000, idle / 2);
  let ends = 0;
  let timer = 0;

  function show(text, canStay) {
    said.textContent = text;
    stay.hidden = !canStay;
    band.hidden = false;
    document.body.classList.add("warned");
  }

  function look() {
    const left = ends - Date.now();
    if (left <= 0) {
      show("You are signed out. What you typed is still here: copy it, then load the page again and sign in.", false);
      return;
    }
    if (left <= WARN) {
      const minutes = Math.ceil(left / 60000);
      const when = minutes === 1 ? "within a minute" : "in " + minutes + " minutes";
      const last = ends >= longest;
      if (band.hidden) {
        show("You will be signed out " + when + (last ? ". Finish what you are at, and sign in again." : "."), !last);
      }
      timer = setTimeout(look, left);
      return;
    }
    timer = setTimeout(look, left - WARN);
  }

  function renewed() {
    clearTimeout(timer);
    ends = Math.min(Date.now() + idle, longest);
    band.hidden = true;
    document.body.classList.remove("warned");
    look();
  }

  stay.addEventListener("click", () => {
    const sent = new URLSearchParams({ csrf: band.dataset.csrf });
    fetch(band.dataset.stay, { method: "POST", body: sent }).then(
      (answer) => {
        if (answer.ok) renewed();
        else { ends = 0; look(); }
      },
      () => { said.textContent = "The server cannot be reached. Try again."; },
    );
  });

  // What the page fetches by itself; where it failed, this errs by a warning that comes late.
  if (window.PerformanceObserver) {
    new PerformanceObserver((list) => {
      const calls = list.getEntries().filter((e) => e.initiatorType === "fetch" && e.responseStatus < 400);
      if (calls.length && ends > Date.now()) renewed();
    }).observe({ type: "resource" });
  }
  // A computer that slept has not counted.
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { clearTimeout(timer); look(); } });
  renewed();
})();
