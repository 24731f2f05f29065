// The state of the loop, the components and the steps.

import { awaited, badge, bar, fold, h } from "./dom.js";

export function drawLoop(loop) {
  const history = loop.history.length === 0 ? null : fold("history", `${loop.history.length} changes of state`,
    h("ol", { class: "history" }, loop.history.map((move) =>
      h("li", {}, h("time", { datetime: move.at }, move.at_label), h("span", { class: "quiet" }, `${move.from_label} →`), badge(move.to), h("span", {}, move.reason)))));
  return [
    h("p", { class: "state" }, badge(loop.badge, "large"), h("span", { class: "headline" }, loop.headline)),
    loop.reason ? h("p", { class: "reason" }, loop.reason) : "",
    history ?? "",
  ].filter(Boolean);
}

export function drawStrip(states) {
  return states.map((state) =>
    h("li", { class: "strip-state", "data-phase": state.phase, "data-tone": state.tone, "data-end": state.is_end, "aria-current": state.phase === "current" ? "step" : null },
      h("i", { class: "shape", "aria-hidden": "true" }),
      h("span", { class: "strip-label" }, state.label),
      h("span", { class: "strip-time" }, state.entered_label),
      h("span", { class: "visually-hidden" }, { ahead: "not reached", passed: "passed", current: "now" }[state.phase])));
}

export function drawComponents(components, missing) {
  if (missing) return awaited(missing);
  return h("ul", { class: "tiles" }, components.map((tile) =>
    h("li", { class: "tile", "data-tone": tile.status.tone },
      h("div", { class: "tile-head" }, h("h3", {}, tile.name), badge(tile.status)),
      h("div", { class: "tile-figures" },
        h("div", { class: "score" },
          h("span", { class: "score-value" }, tile.score_label),
          h("span", { class: "score-of" }, "health"),
          badge(tile.tier)),
        h("div", { class: "p95" }, h("span", { class: "p95-value" }, tile.p95_label), h("span", { class: "quiet" }, "p95"))),
      h("p", { class: "tile-sentence" }, tile.sentence),
      h("p", { class: "tile-foot quiet" }, h("span", {}, tile.requests_label), badge(tile.anomalies)),
      tile.terms.length === 0 ? "" : fold(`terms ${tile.name}`, "what the score is made of", h("div", {},
        h("table", { class: "terms" }, h("tbody", {}, tile.terms.map((term) =>
          h("tr", {}, h("th", { scope: "row" }, term.name), h("td", {}, bar(term.value_permille, "neutral")), h("td", { class: "num" }, term.value_label), h("td", { class: "num quiet" }, term.weight_label))))),
        h("p", { class: "quiet" }, [tile.model && `model ${tile.model}`, tile.latency_label].filter(Boolean).join(" · ")))))));
}

export function drawSteps(steps, missing) {
  if (missing) return awaited(missing);
  return h("ol", { class: "steps" }, steps.map((step) =>
    h("li", { class: "step", "data-tone": step.badge.tone },
      h("div", { class: "step-head" }, h("span", { class: "step-name" }, step.name), badge(step.badge), h("span", { class: "step-time" }, step.time_label)),
      h("div", { class: "track", "aria-hidden": "true", vars: { "--start": step.bar_start_permille, "--length": step.bar_length_permille } }, h("span", {})),
      step.done_permille === null ? "" : h("progress", { max: 1000, value: step.done_permille, "aria-label": `${step.name}: progress` }),
      step.input ? h("p", { class: "quiet" }, `in: ${step.input}`) : "",
      step.detail ? h("p", {}, step.input ? `out: ${step.detail}` : step.detail) : "")));
}
