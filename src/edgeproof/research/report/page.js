(function () {
  "use strict";
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  // A figure names colours by style variable, so the page decides what they are.
  function resolve(value, style) {
    if (typeof value === "string") return value.startsWith("--") ? style.getPropertyValue(value).trim() : value;
    if (Array.isArray(value)) return value.map((item) => resolve(item, style));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, style)]));
    }
    return value;
  }

  function axis(style, own) {
    const grid = style.getPropertyValue("--line").trim();
    // A finger that scrolls the page must not zoom the chart.
    return { gridcolor: grid, zerolinecolor: grid, automargin: true, fixedrange: true, ...own };
  }

  function draw(place) {
    const style = getComputedStyle(document.documentElement);
    const figure = resolve(figures[place.dataset.figure], style);
    const layout = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: false, showlegend: false,
      margin: { l: 8, r: 8, t: 8, b: 8 },
      font: { family: "system-ui, sans-serif", size: 12, color: style.getPropertyValue("--ink").trim() },
      legend: { orientation: "h", y: -0.18, yanchor: "top", x: 0 },
      hoverlabel: { font: { family: "system-ui, sans-serif" } },
      ...figure.layout,
      xaxis: axis(style, figure.layout.xaxis),
      yaxis: axis(style, figure.layout.yaxis),
    };
    if (figure.layout.yaxis2) layout.yaxis2 = axis(style, figure.layout.yaxis2);
    Plotly.react(place, figure.data, layout, { responsive: true, displayModeBar: false, scrollZoom: false });
    place.dataset.drawn = "yes";
  }

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting && !entry.target.dataset.drawn) draw(entry.target);
    }
  }, { rootMargin: "300px" });
  document.querySelectorAll(".figure").forEach((place) => seen.observe(place));
  dark.addEventListener("change", () => document.querySelectorAll(".figure[data-drawn]").forEach(draw));
})();
