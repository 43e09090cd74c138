"use strict";
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const charts = [...document.querySelectorAll(".chart")];
  const PRINTED = 680; // pixels: what A4 and Letter hold upright

  function colours(isDark) {
    const [ink, grid] = isDark ? ["#c9d0d8", "#2c323a"] : ["#333a42", "#e4e7eb"];
    return {
      "font.color": ink,
      "xaxis.gridcolor": grid,
      "yaxis.gridcolor": grid,
      "xaxis.linecolor": grid,
      "yaxis.linecolor": grid,
      "hoverlabel.bgcolor": isDark ? "#22272e" : "#ffffff",
      "hoverlabel.font.color": ink,
      "updatemenus[0].bgcolor": isDark ? "#22272e" : "#ffffff",
      "updatemenus[0].bordercolor": grid,
    };
  }

  function paint(isDark, size) {
    for (const chart of charts) {
      const wanted = { ...colours(isDark), ...size };
      if (!chart.layout.updatemenus) {
        delete wanted["updatemenus[0].bgcolor"];
        delete wanted["updatemenus[0].bordercolor"];
      }
      Plotly.relayout(chart, wanted);
    }
  }

  for (const chart of charts) {
    const { data, layout } = JSON.parse(document.getElementById(chart.dataset.figure).textContent);
    Plotly.newPlot(chart, data, layout, { responsive: true, displayModeBar: false });
  }
  paint(dark.matches, {});
  dark.addEventListener("change", () => paint(dark.matches, {}));
  addEventListener("beforeprint", () => paint(false, { autosize: false, width: PRINTED }));
  addEventListener("afterprint", () => paint(dark.matches, { autosize: true, width: null }));
})();
