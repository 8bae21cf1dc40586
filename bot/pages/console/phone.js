/* Saves a call at every change and shows what is needed now, without moving the focus or touching what is being typed.
   The page works without: then "Check what is needed" does the same. Nothing is kept in the browser. */
"use strict";
(() => {
  const form = document.getElementById("call");
  if (!form || !window.fetch) return;
  const saved = document.getElementById("saved");
  const bar = document.getElementById("bar");
  // Blocks with something in them that the server has not confirmed yet.
  const dirty = new Set();
  const PAUSE = 900;
  const RETRY = 4000;
  let timer = 0;
  let busy = false;
  let again = false;
  // What is on its way to the server, and not confirmed yet.
  let going = new Set();

  document.querySelectorAll("[data-plain]").forEach((e) => { e.hidden = true; });

  // A form that came back with errors begins with them.
  const problem = form.querySelector(".problem");
  if (problem) problem.focus();

  const blockOf = (element) => element.closest("[data-block]");
  const blocks = (root) => [...root.querySelectorAll("#questions > [data-block]")];
  const hasFocus = (block) => block.contains(document.activeElement);

  function tell(text, bad) {
    if (saved.textContent !== text) saved.textContent = text;
    bar.classList.toggle("bad", Boolean(bad));
  }

  function body(names) {
    const sent = new URLSearchParams();
    sent.set("csrf", form.elements.csrf.value);
    sent.set("token", form.elements.token.value);
    sent.set("do", "save");
    for (const block of form.querySelectorAll("[data-block]")) {
      if (!names.has(block.dataset.block) && !("always" in block.dataset)) continue;
      for (const field of block.querySelectorAll("input[name], textarea[name], select[name]")) {
        if ((field.type === "radio" || field.type === "checkbox") && !field.checked) continue;
        sent.append(field.name, field.value);
      }
    }
    return sent;
  }

  /* The questions of the answer take the place of ours, one by one. Those that have the focus, or were changed since
     they were sent, stay as they are; no block is moved, which would lose the focus too. */
  function merge(page) {
    const home = document.getElementById("questions");
    const wanted = blocks(page);
    const names = new Set(wanted.map((b) => b.dataset.block));
    for (const old of blocks(document)) {
      if (!names.has(old.dataset.block) && !hasFocus(old)) old.remove();
    }
    let at = home.firstElementChild;
    for (const fresh of wanted) {
      const old = document.getElementById(fresh.id);
      if (!old) {
        home.insertBefore(document.adoptNode(fresh), at);
        continue;
      }
      at = old.nextElementSibling;
      if (hasFocus(old) || dirty.has(old.dataset.block)) {
        told(old, fresh);
      } else if (old.outerHTML !== fresh.outerHTML || changedByHand(old)) {
        old.replaceWith(document.adoptNode(fresh));
      }
    }
    for (const id of ["read-back", "trouble", "help", "reference", "left", "head", "mistake-box", "mistake-form"]) {
      const old = document.getElementById(id);
      const fresh = page.getElementById(id);
      // Giving up is there from the first save on, and stays as it is: somebody may have opened it.
      if (id.startsWith("mistake") && old.childElementCount) continue;
      // A summary of errors does not push away what is being typed: the field says it.
      if (id === "trouble" && !old.textContent.trim()) continue;
      if (old && fresh && old.innerHTML !== fresh.innerHTML && !hasFocus(old)) old.replaceWith(document.adoptNode(fresh));
    }
    agreement(page);
    for (const id of ["about", "words"]) told(document.getElementById(id), page.getElementById(id));
  }

  function changedByHand(block) {
    return [...block.querySelectorAll("input, textarea, select")].some((f) =>
      f.type === "radio" || f.type === "checkbox" ? f.checked !== f.defaultChecked : f.value !== f.defaultValue);
  }

  /* What is said of a block that stays: its tag, its error and, beside it, what is read aloud. */
  function told(old, fresh) {
    for (const part of [".state", ".say"]) {
      const mine = old.querySelector(part);
      const theirs = fresh.querySelector(part);
      if (mine && theirs && mine.innerHTML !== theirs.innerHTML && !hasFocus(mine)) mine.replaceWith(document.adoptNode(theirs));
    }
    old.querySelectorAll(".error").forEach((e) => e.remove());
    old.querySelectorAll("[aria-invalid]").forEach((e) => e.removeAttribute("aria-invalid"));
    for (const error of fresh.querySelectorAll(".error")) {
      const field = old.querySelector("#" + CSS.escape(error.id.replace(/-error$/, "")));
      if (!field) continue;
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", error.id);
      const before = field.tagName === "FIELDSET" ? field.querySelector(".pick") : field;
      before.parentNode.insertBefore(document.adoptNode(error), before);
    }
  }

  function agreement(page) {
    const old = document.getElementById("back");
    const fresh = page.getElementById("back");
    if (dirty.has("read-back") || !fresh) return;
    const mine = old.querySelector("#agreed");
    const theirs = fresh.querySelector("#agreed");
    if (!mine !== !theirs) { if (!hasFocus(old)) old.replaceWith(document.adoptNode(fresh)); return; }
    if (!mine) return;
    for (const radio of mine.querySelectorAll("input[type=radio]")) {
      radio.checked = theirs.querySelector("#" + radio.id).checked;
      const label = mine.querySelector(`label[for=${radio.id}]`);
      const other = theirs.querySelector(`label[for=${radio.id}]`);
      if (label.innerHTML !== other.innerHTML) label.replaceWith(document.adoptNode(other));
    }
  }

  // Nothing moves between pressing a button of the mouse and letting it go: the click would land elsewhere.
  let pressed = false;
  addEventListener("pointerdown", () => { pressed = true; });
  for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, () => setTimeout(() => { pressed = false; }));
  async function released() {
    for (let i = 0; pressed && i < 50; i += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async function save() {
    clearTimeout(timer);
    if (busy) { again = true; return; }
    if (!dirty.size) return;
    busy = true;
    const sent = new Set(dirty);
    going = sent;
    dirty.clear();
    tell("Saving ...");
    try {
      const answer = await fetch(form.getAttribute("action"), {
        method: "POST", body: body(sent), headers: { "X-Saved-Quietly": "1", "HX-Request": "true" }, credentials: "same-origin",
      });
      if (answer.status === 401 || answer.status === 403) {
        throw new Error("You are signed out. Sign in again in another tab; what stands here is kept.");
      }
      if (answer.status !== 200 && answer.status !== 422) throw new Error("Not saved. Trying again ...");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const theirs = page.getElementById("call");
      if (!theirs) throw new Error("This draft is no longer open here. Look at your open drafts.");
      named(theirs.dataset.reference);
      await released();
      merge(page);
      const at = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
      tell(answer.status === 422 ? "Saved, but for what is marked." : `Saved at ${at}.`, answer.status === 422);
    } catch (error) {
      for (const name of sent) dirty.add(name);
      tell(error instanceof TypeError ? "Not saved. Trying again ..." : error.message, true);
      timer = setTimeout(save, RETRY);
    } finally {
      busy = false;
      going = new Set();
      if (again) { again = false; save(); }
    }
  }

  function named(reference) {
    if (!reference || form.dataset.reference === reference) return;
    form.dataset.reference = reference;
    form.setAttribute("action", form.dataset.base + reference);
    history.replaceState(null, "", form.dataset.base + reference + "?kept=1");
  }

  /* An address as it is spelt, while it is typed: the words are those that the server gave for the alphabet. */
  const WORDS = ("Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec " +
    "Romeo Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu").split(" ");
  const SIGNS = { "@": "at", ".": "dot", "-": "hyphen", "_": "underscore", "+": "plus", "'": "apostrophe", "/": "slash", " ": "space" };
  const DIGITS = "zero one two three four five six seven eight nine".split(" ");
  function spell(text) {
    return [...text.trim()].map((c) => {
      const place = c.toLowerCase().charCodeAt(0) - 97;
      if (c.length === 1 && place >= 0 && place < 26) return `${c !== c.toLowerCase() ? "capital " : ""}${c} for ${WORDS[place]}`;
      return DIGITS[c] || SIGNS[c] || c;
    }).join(", ");
  }

  form.addEventListener("input", (event) => {
    const block = blockOf(event.target);
    if (!block) return;
    const name = block.dataset.block;
    dirty.add(name);
    const letters = form.querySelector(`[data-spells="${event.target.id}"]`);
    if (letters) letters.textContent = spell(event.target.value) || "Nothing typed yet.";
    const not = form.querySelector(`#not-${CSS.escape(event.target.id)}`);
    if (not && event.target.value.trim()) not.checked = false;
    clearTimeout(timer);
    // A story is saved in longer pieces: each is kept as it was said.
    timer = setTimeout(save, name === "story" ? PAUSE * 4 : PAUSE);
  });
  form.addEventListener("change", (event) => {
    const block = blockOf(event.target);
    if (!block) return;
    dirty.add(block.dataset.block);
    clearTimeout(timer);
    save();
  });
  form.addEventListener("submit", (event) => {
    const filing = event.submitter && event.submitter.id === "file";
    // The whole form goes with it.
    if (filing) { dirty.clear(); going = new Set(); busy = false; clearTimeout(timer); return; }
    // Enter in a line saves; it never files.
    event.preventDefault();
    save();
  });
  // Who leaves all the same loses nothing: what was not confirmed yet goes out with the page.
  window.addEventListener("pagehide", () => {
    const left = new Set([...dirty, ...going]);
    if (left.size) fetch(form.getAttribute("action"), { method: "POST", body: body(left), headers: { "X-Saved-Quietly": "1" }, keepalive: true });
  });
  window.addEventListener("beforeunload", (event) => { if (dirty.size || busy) event.preventDefault(); });
  // What call software put into the address is not stored yet.
  if (!form.dataset.reference && form.elements.caller_name.value + form.elements.caller_phone.value + form.elements.member_number.value) {
    dirty.add("about");
    save();
  }
})();
