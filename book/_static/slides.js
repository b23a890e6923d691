/* Fits each slide to its frame, formulas included, and hands the deck to reveal.js. */
(function () {
  "use strict";
  const WIDTH = 1280;
  const HEIGHT = 720;

  function fit(slide) {
    for (let size = 100; slide.scrollHeight > HEIGHT && size > 40; size -= 4) {
      slide.style.fontSize = `${size}%`;
    }
  }

  async function start() {
    document.body.classList.add("measuring");
    const startup = window.MathJax && window.MathJax.startup;
    if (startup && startup.promise) await startup.promise;
    document.querySelectorAll(".slides > section").forEach(fit);
    document.body.classList.remove("measuring");
    await window.Reveal.initialize({
      width: WIDTH,
      height: HEIGHT,
      margin: 0.02,
      center: false,
      hash: true,
      slideNumber: "c/t",
      transition: "none",
    });
    document.body.dataset.ready = "yes";
  }

  if (document.readyState === "complete") start();
  else window.addEventListener("load", start);
})();
