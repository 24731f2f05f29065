// The findings, and the panel with the evidence of one of them.

import { awaited, badge, bar, fields, h } from "./dom.js";

const PREFIX = "#evidence/";

export function drawAnomalies({ anomalies, diagnoses, telemetry_label }, missing) {
  const summary = telemetry_label ? h("p", { class: "quiet" }, telemetry_label) : "";
  const list = missing ? awaited(missing) : h("ul", { class: "findings" }, anomalies.map((anomaly) =>
    h("li", { class: "finding", "data-tone": anomaly.severity.tone },
      h("p", { class: "finding-head" }, badge(anomaly.severity), h("b", {}, anomaly.component), h("span", { class: "quiet" }, anomaly.kind_label)),
      h("p", {}, anomaly.summary),
      h("p", { class: "finding-foot quiet" },
        h("span", {}, anomaly.count_label), h("span", { class: "num" }, anomaly.q_label),
        anomaly.source_label ? h("code", {}, anomaly.source_label) : "",
        h("a", { href: PREFIX + encodeURIComponent(anomaly.id) }, "Evidence", h("span", { class: "visually-hidden" }, ` of: ${anomaly.summary}`))))));
  return [summary, list, ...diagnoses.map(diagnosis)].filter(Boolean);
}

function diagnosis(view) {
  const rows = (title, list) => list.length === 0 ? "" : [
    h("h4", {}, title),
    h("ol", { class: "causes" }, list.map((cause) =>
      h("li", {}, h("span", { class: "cause-kind" }, cause.kind_label), h("span", {}, cause.summary),
        h("span", { class: "cause-weight quiet" }, bar(cause.weight_permille, "neutral"), cause.weight_label)))),
  ];
  return h("div", { class: "diagnosis" }, h("h3", {}, `Diagnosis of ${view.component}`), rows("Causes, likeliest first", view.causes), rows("What may help, best first", view.recommendations));
}

const dialog = document.getElementById("evidence");
let shown = "";

dialog.addEventListener("close", () => {
  shown = "";
  if (location.hash.startsWith(PREFIX)) history.pushState(null, "", location.pathname + location.search);
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});

// Opens the panel that the address names, so that evidence can be linked to.
export function showEvidence(anomalies) {
  if (!location.hash.startsWith(PREFIX)) {
    if (dialog.open) dialog.close();
    return;
  }
  const id = decodeURIComponent(location.hash.slice(PREFIX.length));
  const anomaly = anomalies.find((one) => one.id === id);
  const text = JSON.stringify(anomaly ?? id);
  if (text !== shown) {
    shown = text;
    dialog.replaceChildren(anomaly ? panel(anomaly) : missing(id));
  }
  if (!dialog.open) dialog.showModal();
}

const closing = () => h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Close");

function missing(id) {
  return h("div", { class: "panel" }, h("div", { class: "panel-head" }, h("h2", { id: "evidence-title" }, "No such finding"), closing()), h("p", {}, `The present report has no anomaly ${id}.`));
}

function panel(anomaly) {
  return h("div", { class: "panel" },
    h("div", { class: "panel-head" },
      h("div", {}, h("h2", { id: "evidence-title" }, anomaly.summary),
        h("p", { class: "finding-head" }, badge(anomaly.severity), h("b", {}, anomaly.component), h("span", { class: "quiet" }, [anomaly.kind_label, anomaly.count_label, anomaly.period_label].filter(Boolean).join(" · ")))),
      closing()),
    h("h3", {}, "The test"), fields(anomaly.evidence),
    h("h3", {}, "Log lines"),
    anomaly.lines.length === 0 ? awaited("There is no line to show: the anomaly is that nothing was written.") :
      h("ol", { class: "log" }, anomaly.lines.map((line) =>
        h("li", {}, h("p", { class: "log-head quiet" }, h("code", {}, line.position_label), h("span", {}, line.time_label), h("span", { class: "level", "data-level": line.level }, line.level)),
          h("pre", {}, line.message), line.fields.length === 0 ? "" : fields(line.fields, "inline")))),
    h("h3", {}, "Source"), anomaly.source ? source(anomaly.source) : awaited("Not traced yet: log-source-lineage.json is awaited."),
    h("p", { class: "quiet small" }, `anomaly ${anomaly.id}`));
}

function source(view) {
  return h("div", {},
    h("p", { class: "finding-head" }, badge(view.verdict), h("span", {}, view.how)),
    view.statements.map((statement) => h("div", { class: "code" },
      h("p", { class: "code-head" }, h("code", {}, statement.location_label), statement.symbol ? h("span", { class: "quiet" }, `in ${statement.symbol}`) : "", statement.emitted_label ? h("span", { class: "quiet" }, statement.emitted_label) : ""),
      h("div", { class: "code-lines", tabindex: 0, role: "region", "aria-label": `source of ${statement.location_label}` },
        h("table", {}, h("tbody", {}, statement.lines.map((line) =>
          h("tr", { class: line.is_statement ? "is-statement" : null }, h("td", { class: "line-number" }, String(line.number)), h("td", {}, h("pre", {}, line.text))))))))),
    view.variables.length === 0 ? "" : fields(view.variables, "inline"),
    view.owners_label || view.drift_label ? h("p", { class: "quiet small" }, [view.owners_label, view.drift_label].filter(Boolean).join(" · ")) : "",
    h("h3", {}, "Suspect commits"),
    view.suspects_label ? h("p", { class: "quiet" }, view.suspects_label) :
      h("ol", { class: "commits" }, view.suspects.map((commit) =>
        h("li", {}, h("p", { class: "finding-head" }, h("code", {}, commit.short_id), h("b", {}, commit.summary), badge(commit.score)),
          h("p", { class: "quiet small" }, commit.by_label), h("p", { class: "small" }, [commit.reason, ...commit.notes].join(" · "))))));
}
