(function () {
  "use strict";
  const root = document.documentElement;
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const places = [...document.querySelectorAll(".figure")];
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  // What fits between the margins of an upright A4 or Letter page, in CSS pixels.
  const PAPER = 680;

  // A figure names colours by style variable, so the page decides what they are.
  function resolve(value, style) {
    if (typeof value === "string") return value.startsWith("--") ? style.getPropertyValue(value).trim() : value;
    // Arrays of numbers are the bulk of a figure and name no colour.
    if (Array.isArray(value)) {
      const numbers = typeof value[0] === "number" && typeof value[value.length - 1] === "number";
      return numbers ? value : value.map((item) => resolve(item, style));
    }
    if (value && typeof value === "object" && !ArrayBuffer.isView(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, style)]));
    }
    return value;
  }

  function axis(style, own) {
    const grid = style.getPropertyValue("--line").trim();
    // A finger that scrolls the page must not zoom the chart.
    const title = own && own.title ? { title: { standoff: 10, ...own.title } } : {};
    return { gridcolor: grid, zerolinecolor: grid, automargin: true, fixedrange: true, ...own, ...title };
  }

  function draw(place, width) {
    const style = getComputedStyle(root);
    const figure = resolve(figures[place.dataset.figure], style);
    const layout = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: false, showlegend: false,
      margin: { l: 8, r: 8, t: 8, b: 8 },
      font: { family: "system-ui, sans-serif", size: 12, color: style.getPropertyValue("--ink").trim() },
      legend: { orientation: "h", y: -0.18, yanchor: "top", x: 0 },
      hoverlabel: { font: { family: "system-ui, sans-serif" } },
      ...figure.layout,
    };
    for (const name of new Set(["xaxis", "yaxis", ...Object.keys(layout).filter((key) => /^[xy]axis\d+$/.test(key))])) {
      layout[name] = axis(style, layout[name]);
    }
    if (width) layout.width = Math.min(width, place.clientWidth || width);
    Plotly.react(place, figure.data, layout, {
      responsive: !width, displayModeBar: false, scrollZoom: false, ...figure.config,
    });
    place.dataset.drawn = "yes";
    place.dispatchEvent(new Event("drawn"));
  }

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting && !entry.target.dataset.drawn) draw(entry.target);
    }
  }, { rootMargin: "300px" });
  places.forEach((place) => seen.observe(place));
  dark.addEventListener("change", () => places.filter((place) => place.dataset.drawn).forEach((place) => draw(place)));

  // Paper cannot scroll: whatever is folded is opened, and every figure is drawn, by day and as wide as the paper.
  let unfolded = [];
  window.addEventListener("beforeprint", () => {
    root.dataset.print = "yes";
    unfolded = [...document.querySelectorAll("details:not([open])")];
    for (const one of unfolded) one.open = true;
    for (const place of places) draw(place, PAPER);
  });
  window.addEventListener("afterprint", () => {
    delete root.dataset.print;
    for (const one of unfolded) one.open = false;
    for (const place of places) draw(place);
  });

  window.edgeproof = {
    figures,
    // Give a figure other contents, and draw it where it has been drawn.
    show(name, figure) {
      figures[name] = figure;
      places.filter((place) => place.dataset.figure === name && place.dataset.drawn).forEach((place) => draw(place));
    },
  };
})();
