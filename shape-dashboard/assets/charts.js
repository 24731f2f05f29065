// Two charts of the chosen promise. uPlot draws; the values and their labels come from the server.

import uPlot from "./vendor/uplot/uPlot.esm.js";
import { awaited, h } from "./dom.js";
import { onTheme } from "./theme.js";

let chosen = null;
let charts = [];
let drawn = [];
let box = null;

export function drawCharts(next, missing) {
  charts = next;
  for (const plot of drawn.splice(0)) plot.destroy();
  if (missing) {
    box = null;
    return awaited(missing);
  }
  const current = charts.find((chart) => chart.slo === chosen) ?? charts[0];
  const select = h("select", { id: "chart-of", onchange: (event) => { chosen = event.target.value; plot(); } },
    charts.map((chart) => h("option", { value: chart.slo, selected: chart === current }, chart.title)));
  box = h("div", { class: "charts" });
  requestAnimationFrame(plot);
  return [h("p", { class: "chooser" }, h("label", { for: "chart-of" }, "Promise"), select), box];
}

function plot() {
  if (!box?.isConnected) return;
  for (const old of drawn.splice(0)) old.destroy();
  const chart = charts.find((one) => one.slo === chosen) ?? charts[0];
  const figure = (series) => {
    const place = h("div", { class: "plot", role: "img", "aria-label": `${series.caption}. ${series.reference_label}. Latest: ${series.labels.at(-1) ?? "none"}.` });
    return { place, series, element: h("figure", {}, h("figcaption", {}, series.caption, h("span", { class: "legend-line" }, series.reference_label)), series.values.length === 0 ? awaited("No points with a time yet.") : place, h("p", { class: "readout quiet" }, series.labels.at(-1) ?? "")) };
  };
  const figures = [figure(chart.burndown), figure(chart.sli)];
  box.replaceChildren(...figures.map(({ element }) => element));
  for (const { place, series, element } of figures) {
    if (series.values.length !== 0) drawn.push(line(place, series, element.querySelector(".readout")));
  }
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function line(place, series, readout) {
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--grid"), width: 1 }, ticks: { stroke: colour("--grid"), width: 1 }, font: "11px system-ui, sans-serif" };
  const reference = series.times_unix_s.map(() => series.reference);
  return new uPlot({
    width: place.clientWidth,
    height: 200,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), "Etc/UTC"),
    legend: { show: false },
    cursor: { y: false, points: { size: 7 } },
    padding: [12, 12, 0, 0],
    axes: [{ ...axis, values: timeTicks }, { ...axis, size: 58 }],
    scales: { y: { range: (_, low, high) => room(low, high, series.reference) } },
    series: [{}, {
      stroke: colour("--line"), width: 2, fill: colour("--area"), fillTo: series.reference,
      points: { show: series.values.length < 60, size: 4 },
    }, { stroke: colour("--bad"), width: 1.5, dash: [6, 4], points: { show: false } }],
    hooks: {
      setCursor: [(self) => { readout.textContent = self.cursor.idx == null ? series.labels.at(-1) : `${clock(series.times_unix_s[self.cursor.idx])} UTC: ${series.labels[self.cursor.idx]}`; }],
    },
  }, [series.times_unix_s, series.values, reference], place);
}

const clock = (seconds) => new Date(seconds * 1e3).toISOString().slice(0, 19).replace("T", " ");

function timeTicks(self, ticks) {
  const coarse = ticks.length > 1 && ticks[1] - ticks[0] >= 86400;
  const fine = ticks.length > 1 && ticks[1] - ticks[0] < 60;
  return ticks.map((tick) => (coarse ? clock(tick).slice(5, 10) : clock(tick).slice(11, fine ? 19 : 16)));
}

// Coordinates only: a little air around the line and its reference.
function room(low, high, reference) {
  const bottom = Math.min(low, reference);
  const top = Math.max(high, reference);
  const air = (top - bottom) * 0.08 || 1;
  return [bottom - air, top + air];
}

let resizing = null;
window.addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(plot, 120);
});
onTheme(() => requestAnimationFrame(plot));
