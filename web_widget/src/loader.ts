// Turns every <a data-hearout href="https://…/{org}/complain"> into the opener of a conversation in a frame of its own.
// Without this script, and with a held key, the link leads to the form. Nothing of the page is read or changed.
const style = `dialog.hearout{box-sizing:border-box;position:fixed;inset:0 0 0 auto;width:min(32rem,100%);height:100%;max-width:none;max-height:none;margin:0;padding:0;border:0;color-scheme:light dark;background:light-dark(#fff,#12171c);color:light-dark(#17212b,#eceff2);font:1rem/1.4 system-ui,sans-serif;box-shadow:0 0 3rem #0006}
dialog.hearout[open]{display:grid;grid-template:auto 1fr/1fr auto;align-items:center}
dialog.hearout::backdrop{background:#0009}
dialog.hearout>p{margin:0;padding:.6rem 0 .6rem clamp(1rem,4vw,1.28rem);font-weight:600}
dialog.hearout>button{margin:.5rem clamp(1rem,4vw,1.28rem) .5rem 1rem;padding:.4rem .9rem;min-height:2.75rem;border:1.5px solid light-dark(#6f7a84,#93a0ab);border-radius:8px;background:none;color:inherit;font:inherit;cursor:pointer}
dialog.hearout>button:focus-visible{outline:3px solid light-dark(#b35300,#ffb257);outline-offset:2px}
dialog.hearout>iframe{grid-column:1/3;width:100%;height:100%;border:0;border-top:1px solid light-dark(#dcd9d0,#37424c)}`;

function upgrade(link: HTMLAnchorElement): void {
  const address = new URL(link.href), language = link.closest<HTMLElement>("[lang]")?.lang.slice(0, 2);
  let dialog: HTMLDialogElement | undefined;
  address.pathname = address.pathname.replace(/\/complain\/?$/, "/widget");
  address.search = new URLSearchParams({ from: location.origin, ...(language ? { lang: language } : {}) }).toString();

  function build(): HTMLDialogElement {
    const made = document.createElement("dialog"), frame = document.createElement("iframe"), title = document.createElement("p"), close = document.createElement("button");
    made.className = "hearout";
    close.type = "button";
    close.textContent = link.dataset.hearoutClose ?? (language === "cy" ? "Cau" : "Close");
    close.onclick = () => made.close();
    frame.title = link.textContent!.trim();
    made.setAttribute("aria-label", frame.title);
    // Seen; whoever listens has heard it as the name of the dialog.
    title.ariaHidden = "true";
    title.textContent = frame.title;
    frame.allow = "clipboard-write";
    frame.src = address.href;
    made.append(title, close, frame);
    made.onclose = () => {
      link.setAttribute("aria-expanded", "false");
      link.focus();
    };
    addEventListener("message", (event) => {
      if (event.origin === address.origin && event.source === frame.contentWindow && event.data?.hearout === "close") made.close();
    });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    document.body.append(made);
    return made;
  }
  function open(event: Event): void {
    event.preventDefault();
    dialog ??= build();
    dialog.showModal();
    link.setAttribute("aria-expanded", "true");
    dialog.querySelector("iframe")!.focus();
  }
  link.setAttribute("role", "button");
  link.setAttribute("aria-haspopup", "dialog");
  link.setAttribute("aria-expanded", "false");
  link.addEventListener("click", (event) => event.ctrlKey || event.metaKey || event.shiftKey || open(event));
  link.addEventListener("keydown", (event) => event.key === " " && open(event));
}

const begin = () => document.querySelectorAll<HTMLAnchorElement>("a[data-hearout]").forEach(upgrade);
if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin);
else begin();

export {};
