/* Moves the explorers of a page (labkit/book/explorer_page.py draws them): no library, no request. */
(function () {
  "use strict";
  const plain = (n) => String(Number(n.toFixed(1)));
  const small = (n) => n.toFixed(4);
  const megabytes = (n) => (n / 1e6).toFixed(2) + "\u00a0MB";
  const commas = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
  let count = 0;

  function enhance(root) {
    if (root.dataset.ready) return;
    root.dataset.ready = "yes";
    const data = JSON.parse(root.querySelector("script").textContent);
    const all = (selector) => Array.from(root.querySelectorAll(selector));
    const range = root.querySelector("input[type=range]");
    const radios = all("input[type=radio]");
    const output = root.querySelector("output");
    const said = root.querySelector(".lk-said");
    const group = "lk-model-" + (count += 1);
    let timer = 0;

    function nearest(levels, percent) {
      let best = 0;
      levels.forEach((level, i) => {
        if (Math.abs(level - percent) < Math.abs(levels[best] - percent)) best = i;
      });
      return best;
    }

    function place(element, values) {
      for (const name of Object.keys(values)) element.setAttribute(name, values[name]);
    }

    function histogram(figure, name, model, percent) {
      const plot = data.plot;
      const half = (model.cut[percent] / model.limit / 2) * plot.width;
      const middle = plot.left + plot.width / 2;
      const drawn = figure.querySelector('[data-model="' + name + '"]');
      const window_ = { x: plain(middle - half), width: plain(2 * half) };
      window_.viewBox = [window_.x, plot.top, window_.width, plot.height].join(" ");
      place(drawn.querySelector(".lk-window"), window_);
      for (const [side, x] of [["left", middle - half], ["right", middle + half]]) {
        place(drawn.querySelector(".lk-cut-" + side), { x1: plain(x), x2: plain(x) });
      }
      const count = commas(model.zeros[percent]) + " of " + commas(model.weights) +
        " weights are zero";
      if (!model.zeros[percent]) return count + ".";
      return count + ": those up to " + small(model.cut[percent]) + " in magnitude.";
    }

    function patch(figure, name, model, percent) {
      const { columns, gone, shades, parameter } = model.patch;
      const paths = {};
      for (const path of figure.querySelectorAll("[data-shade]")) paths[path.dataset.shade] = "";
      let zeros = 0;
      shades.forEach((shade, i) => {
        const x = (i % columns) * 10;
        const y = Math.floor(i / columns) * 10;
        if (gone[i] > percent) {
          paths[shade] += "M" + x + " " + y + "h9v9h-9z";
        } else {
          zeros += 1;
          paths[0] += "M" + (x + 4) + " " + (y + 4) + "h1v1h-1z";
        }
      });
      for (const path of figure.querySelectorAll("[data-shade]")) {
        path.setAttribute("d", paths[path.dataset.shade]);
      }
      return zeros + " of these " + gone.length + " weights are zero (" +
        ((100 * zeros) / gone.length).toFixed(0) + "\u00a0%): one cut for the whole model takes " +
        "more from some places than from others. " + parameter;
    }

    function held(model, at, percent) {
      const level = model.levels[at];
      return level === percent ? "" : " Measured at " + level + "\u00a0%, the nearest level.";
    }

    function size(figure, name, model, percent, at) {
      const [left, right] = data.bars;
      const most = Math.max(...model.bytes.csr);
      const bytes = { file: model.bytes.file, zstd: model.bytes.zstd[at] };
      for (const form of ["csr", "bitmask", "entropy"]) bytes[form] = model.bytes[form][percent];
      for (const form of Object.keys(bytes)) {
        const width = (bytes[form] / most) * (right - left);
        figure.querySelector('[data-form="' + form + '"]').setAttribute("width", plain(width));
        figure.querySelector('[data-mb="' + form + '"]').textContent = megabytes(bytes[form]);
      }
      const x = plain(left + (bytes.file / most) * (right - left));
      place(figure.querySelector(".lk-dense"), { x1: x, x2: x });
      return "The dense file keeps its " + megabytes(bytes.file) + "; as a bit mask it is " +
        ((100 * bytes.bitmask) / bytes.file).toFixed(0) + "\u00a0% of that." +
        (held(model, at, percent) && " zstandard measured at " + model.levels[at] + "\u00a0%.");
    }

    const draw = {
      histogram, patch, size,
      scores: (figure, name, model, percent, at) => model.scores[at] + held(model, at, percent),
      text: (figure, name, model, percent, at) => model.texts[at] + held(model, at, percent),
      runtime: (figure, name, model, percent, at) => model.times[at] + held(model, at, percent),
    };

    function sentence(model, percent, at) {
      const said = [];
      const has = (part) => root.querySelector('[data-part="' + part + '"]');
      if (has("histogram")) {
        said.push(model.zeros[percent] ?
          "weights up to " + small(model.cut[percent]) + " in magnitude are zero" :
          "no weight is zero");
      } else if (has("patch")) {
        said.push(model.patch.gone.filter((p) => p <= percent).length + " zeros in the patch");
      }
      const where = model.levels[at] === percent ? "" : " (at " + model.levels[at] + "\u00a0%)";
      if (model.short) said.push(model.short[at] + where);
      if (model.paid) said.push(model.paid[at] + where);
      if (model.bytes) said.push(megabytes(model.bytes.bitmask[percent]) + " as a bit mask");
      if (model.ms) said.push(model.ms[at] + "\u00a0ms a forward pass" + where);
      return model.title + ", " + percent + "\u00a0% sparsity: " + said.join("; ") + ".";
    }

    function show() {
      const percent = Number(range.value);
      const name = radios.find((radio) => radio.checked).value;
      const model = data.models[name];
      const at = nearest(model.levels, percent);
      output.textContent = percent + "\u00a0%";
      range.setAttribute("aria-valuetext", percent + " per cent");
      for (const drawn of all("[data-model]")) {
        if (drawn.dataset.model === name) drawn.removeAttribute("display");
        else drawn.setAttribute("display", "none");
      }
      for (const figure of all("figure[data-part]")) {
        const words = draw[figure.dataset.part](figure, name, model, percent, at);
        figure.querySelector("figcaption").textContent = words;
        const x = plain(data.plot.left + (data.plot.width * percent) / 100);
        for (const now of figure.querySelectorAll(".lk-now")) place(now, { x1: x, x2: x });
      }
      // Spoken once the slider rests, not at each of its stops.
      clearTimeout(timer);
      timer = setTimeout(() => { said.textContent = sentence(model, percent, at); }, 250);
    }

    function fromAddress() {
      const wanted = new URLSearchParams(location.hash.slice(1));
      if (!/^\d{1,2}$/.test(wanted.get("s") || "")) return;
      range.value = wanted.get("s");
      const radio = radios.find((candidate) => candidate.value === wanted.get("model"));
      if (radio) radio.checked = true;
    }

    for (const radio of radios) {
      radio.name = group;
      radio.addEventListener("change", show);
    }
    radios.forEach((radio, i) => { radio.checked = i === 0; });
    range.addEventListener("input", show);
    for (const button of all("[data-step]")) {
      button.addEventListener("click", () => {
        range.value = Number(range.value) + Number(button.dataset.step);
        show();
      });
    }
    window.addEventListener("hashchange", () => { fromAddress(); show(); });
    fromAddress();
    root.querySelector(".lk-controls").hidden = false;
    root.querySelector(".lk-table").open = false;
    show();
  }

  const start = () => document.querySelectorAll(".lk-explorer").forEach(enhance);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
