// What healing did: candidates with their gates and patch, deployment, verification, lessons, the log of it all.

import { awaited, badge, fields, fold, h } from "./dom.js";

export function drawHeal(heal, activity, missing) {
  if (missing) return awaited(missing);
  return h("div", { class: "heal" },
    h("div", { class: "heal-main" }, heal ? report(heal) : awaited("Under way: candidates, their checks and the patch are shown when the report is there (heal-report.json).")),
    activity.length === 0 ? "" : h("div", { class: "activity" }, h("h3", {}, "As it happened ", h("small", {}, "latest first")),
      h("ol", {}, activity.map((one) =>
        h("li", {}, h("time", { datetime: one.at }, one.at_label), badge(one.stage), h("span", { class: "message" }, one.message, one.candidate ? h("code", { class: "quiet" }, ` ${one.candidate}`) : ""))))));
}

function report(heal) {
  return [
    h("p", { class: "state" }, badge(heal.outcome, "large"), h("span", { class: "headline" }, heal.explanation)),
    fields(heal.facts, "inline"),
    heal.verdict ? h("div", { class: "card" }, h("h3", {}, "New traffic ", badge(heal.verdict)), h("p", {}, heal.verification), comparisons(heal.comparisons)) : "",
    heal.candidates.length === 0 ? "" : h("h3", {}, "Candidates ", h("small", {}, "best expected benefit first")),
    heal.candidates.map(candidate),
    heal.deployment.length === 0 ? "" : h("div", { class: "card" }, h("h3", {}, "Deployment"), fields(heal.deployment, "inline"),
      heal.remote_output ? fold("remote", "what the remote said", h("pre", { class: "output" }, heal.remote_output)) : ""),
    heal.refusals.length === 0 ? "" : h("div", { class: "card", "data-tone": "bad" }, h("h3", {}, "Refused by the guard rails"), fields(heal.refusals)),
    heal.lessons.length === 0 ? "" : h("div", { class: "card" }, h("h3", {}, "Learned"),
      h("ul", { class: "lessons" }, heal.lessons.map((lesson) => h("li", {}, h("code", {}, lesson.recipe), badge(lesson.verdict), h("span", { class: "quiet" }, lesson.probability_label))))),
  ];
}

function candidate(view) {
  return h("article", { class: "card candidate", "data-tone": view.state.tone },
    fold(`candidate ${view.id}`, h("span", { class: "candidate-head" }, h("b", {}, view.title), badge(view.state), h("span", { class: "quiet small" }, view.strategy_label)),
      h("div", { class: "candidate-body" },
        fields(view.ranking, "inline"),
        h("ol", { class: "gates" }, view.gates.map((gate) =>
          h("li", { "data-tone": gate.result.tone }, badge({ text: gate.label, tone: gate.result.tone }, "gate-label"), h("span", { class: "gate-result" }, gate.result.text), h("span", { class: "quiet gate-time" }, gate.time_label),
            gate.detail ? h("p", { class: "small gate-detail" }, gate.detail) : "",
            gate.command ? fold(`gate ${view.id} ${gate.label}`, h("code", {}, gate.command), h("pre", { class: "output" }, gate.output)) : ""))),
        view.comparisons.length === 0 ? "" : [h("h4", {}, "Replayed load, before and after"), comparisons(view.comparisons)],
        h("h4", {}, "Patch ", h("small", {}, view.diff_label)),
        diff(view.diff)), view.is_leading));
}

function diff(lines) {
  if (lines.length === 0) return "";
  const number = (value) => h("td", { class: "line-number" }, value === null ? "" : String(value));
  return h("div", { class: "code-lines diff", tabindex: 0, role: "region", "aria-label": "patch" }, h("table", {}, h("tbody", {}, lines.map((line) =>
    h("tr", { "data-kind": line.kind }, number(line.old_line), number(line.new_line), h("td", {}, h("pre", {}, line.text)))))));
}

function comparisons(list) {
  if (list.length === 0) return "";
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "before and after" }, h("table", { class: "comparisons" },
    h("thead", {}, h("tr", {}, ["what", "before", "after", "change", "test"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, list.map((one) => h("tr", {},
      h("th", { scope: "row" }, one.what, badge(one.verdict)),
      h("td", { "data-label": "before" }, one.before_label),
      h("td", { "data-label": "after" }, one.after_label, one.p95_label ? h("span", { class: "quiet small" }, `p95 ${one.p95_label}`) : ""),
      h("td", { "data-label": "change" }, h("b", {}, one.change_label), h("span", { class: "quiet small" }, one.interval_label)),
      h("td", { "data-label": "test", class: "small" }, one.test_label))))));
}
