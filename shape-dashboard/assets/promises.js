// The table of promises with their budgets and burn rates.

import { awaited, badge, bar, fold, h } from "./dom.js";

const COLUMNS = ["promise", "status", "target", "measured", "budget left", "burn by window", "outlook"];

export function drawSlos(rows, missing) {
  if (missing) return awaited(missing);
  const cell = (label, ...content) => h("td", { "data-label": label }, ...content);
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "table of promises" },
    h("table", { class: "slos" },
      h("thead", {}, h("tr", {}, COLUMNS.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, rows.map((row) =>
        h("tr", { "data-tone": row.status.tone },
          h("th", { scope: "row", "data-label": "promise" }, h("span", { class: "id" }, row.id), h("span", { class: "quiet small" }, row.indicator_label)),
          cell("status", badge(row.status), h("span", { class: "quiet small" }, row.since_label)),
          cell("target", h("b", { class: "num" }, row.target_label), h("span", { class: "quiet small" }, row.window_label)),
          cell("measured", h("b", { class: "num" }, row.sli_label), h("span", { class: "quiet small" }, row.events_label)),
          cell("budget left",
            row.remaining_label === "" ? h("span", { class: "quiet" }, row.consumed_label) : [
              h("b", { class: "num tone", "data-tone": row.remaining_tone }, row.remaining_label),
              h("span", { class: "quiet small" }, [`of ${row.allowed_label} allowed`, row.remaining_percent_label].filter(Boolean).join(" · ")),
              bar(row.consumed_permille, row.remaining_tone),
              h("span", { class: "quiet small" }, `used: ${row.consumed_label}`),
            ]),
          cell("burn by window", burn(row.burn)),
          cell("outlook", h("span", { class: "small" }, row.outlook_label), row.alerts.map((alert) => badge(alert, "wrap")),
            fold(`slo ${row.id}`, "in words", h("div", { class: "words small" },
              [row.explanation, row.forecast, row.standing_label, row.rationale].filter(Boolean).map((text) => h("p", {}, text)))),
          ))))));
}

function burn(bars) {
  if (bars.length === 0) return h("span", { class: "quiet" }, "–");
  return h("table", { class: "burn" }, h("tbody", {}, bars.map((window) =>
    h("tr", {},
      h("th", { scope: "row" }, window.window_label),
      h("td", { class: "burn-bar" }, h("span", { class: "bar marked", "data-tone": window.tone, vars: { "--length": window.length_permille, "--mark": window.one_permille }, title: "the mark is a burn of 1" })),
      h("td", { class: "num tone", "data-tone": window.tone }, window.label)))));
}
