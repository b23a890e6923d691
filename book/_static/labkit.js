/* Whatever is wider than its frame scrolls there; let the keyboard reach it, and say so. */
(function () {
  "use strict";
  const FRAMES = [
    [".figure-frame", "Wide figure: scroll sideways"],
    ["div.math", "Wide formula: scroll sideways"],
    ["mjx-container", "Wide formula: scroll sideways"],
    ["pre", "Wide code: scroll sideways"],
    [".pst-scrollable-table-container", "Wide table: scroll sideways"],
    [".cell_output .text_html", "Wide table: scroll sideways"],
  ];

  function scrolls(element) {
    return ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
  }

  function mark() {
    for (const [selector, label] of FRAMES) {
      for (const frame of document.querySelectorAll(selector)) {
        const marked = frame.classList.contains("scrolls");
        const wide = frame.scrollWidth > frame.clientWidth && scrolls(frame);
        if (wide === marked) continue;
        frame.classList.toggle("scrolls", wide); // shows a line that says so
        if (!frame.dataset.reached && frame.hasAttribute("tabindex")) continue; // the theme's
        frame.dataset.reached = "yes";
        const values = { tabindex: "0", role: "group", "aria-label": label };
        for (const [name, value] of Object.entries(values)) {
          if (wide) frame.setAttribute(name, value);
          else frame.removeAttribute(name);
        }
      }
    }
  }

  function start() {
    mark();
    window.addEventListener("resize", mark);
    // Formulas get their width only when they have been typeset.
    const startup = window.MathJax && window.MathJax.startup;
    if (startup && startup.promise) startup.promise.then(mark);
  }

  if (document.readyState === "complete") start();
  else window.addEventListener("load", start);
})();

/* The search fetches pages to show excerpts of them, which browsers forbid on a page that was opened
   as a file. There the texts come from a script. */
(function () {
  "use strict";
  const here = window.location;
  if (here.protocol !== "file:" || !here.pathname.endsWith("/search.html")) return;
  const root = new URL(".", here.href).href;
  const texts = new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = "_static/excerpts.js";
    script.onload = () => resolve(window.labkitExcerpts);
    script.onerror = () => resolve({});
    document.head.append(script);
  });
  const fetched = window.fetch;
  window.fetch = (what, ...options) => {
    const address = new URL(what, here.href).href;
    if (!address.startsWith(root)) return fetched(what, ...options);
    const name = address.slice(root.length);
    return texts.then((all) => ({ text: () => all[name] || "" }));
  };
})();
