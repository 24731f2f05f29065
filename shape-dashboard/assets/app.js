// Puts the snapshot on the page. Every label, figure, order and bar length comes from the server.

import { badge, h, redraw } from "./dom.js";
import { address, connect } from "./live.js";
import { drawComponents, drawLoop, drawSteps, drawStrip } from "./overview.js";
import { drawSlos } from "./promises.js";
import { drawCharts } from "./charts.js";
import { drawAnomalies, showEvidence } from "./evidence.js";
import { drawHeal } from "./healing.js";

const at = (id) => document.getElementById(id);
let snapshot = null;
let age = "";
let serverTime = "";
let stale = false;

function show(next) {
  snapshot = next;
  age = "";
  const awaited = next.awaited;
  document.title = `${next.loop.badge.text} · ${next.service} · SHAPE`;
  at("service").textContent = next.service;
  at("run").textContent = next.loop.run_label;
  redraw("totals", next.totals, (totals) => totals.map((total) => badge(total)));
  redraw("loop-state", [next.loop.badge, next.loop.headline, next.loop.reason, next.loop.history], () => drawLoop(next.loop));
  redraw("strip", next.loop.strip, drawStrip);
  redraw("components", [next.components, awaited.components], () => drawComponents(next.components, awaited.components));
  redraw("slos", [next.slos, awaited.slos], () => drawSlos(next.slos, awaited.slos));
  redraw("charts", [next.charts, awaited.charts], () => drawCharts(next.charts, awaited.charts));
  redraw("anomalies", [next.anomalies, next.diagnoses, next.telemetry_label, awaited.anomalies], () => drawAnomalies(next, awaited.anomalies));
  redraw("steps", [next.steps, awaited.steps], () => drawSteps(next.steps, awaited.steps));
  redraw("heal", [next.heal, next.activity, awaited.heal], () => drawHeal(next.heal, next.activity, awaited.heal));
  redraw("artifacts", next.artifacts, drawArtifacts);
  showUpdated();
  showEvidence(next.anomalies);
  document.documentElement.dataset.seq = next.seq;
}

function showUpdated() {
  at("updated").textContent = [snapshot?.updated_label, serverTime].filter(Boolean).join(" · ");
  at("age").textContent = age;
}

function drawArtifacts(artifacts) {
  return [
    h("h2", {}, "Reports"),
    h("ul", { class: "artifacts" }, artifacts.map(({ name, title, href, is_there }) =>
      h("li", {}, is_there ? h("a", { href: address(href) }, name) : h("span", { class: "quiet" }, `${name} (awaited)`), h("span", { class: "quiet" }, title)))),
  ];
}

function showLink(link, lastBeat) {
  // While the line is down the page stays stale until it hears again; a retry is no news.
  if (link === "stale") stale = true;
  if (link === "live") stale = false;
  const shown = stale ? "stale" : link;
  const text = { connecting: "connecting", live: "live", reconnecting: "reconnecting", stale: "stale" }[shown];
  const place = at("link");
  if (place.dataset.link !== shown) {
    place.dataset.link = shown;
    at("link-text").textContent = text;
  }
  const since = lastBeat ? `Last heard of the server at ${lastBeat} UTC.` : "The server has not answered yet.";
  at("stale").hidden = !stale;
  at("stale").textContent = stale ? `Stale: what you see is old. ${since} Trying again.` : "";
  document.documentElement.toggleAttribute("data-stale", stale);
}

window.addEventListener("hashchange", () => snapshot && showEvidence(snapshot.anomalies));
connect({
  onSnapshot: show,
  onBeat: (beat) => {
    age = beat.age_label ?? "";
    serverTime = `server time ${beat.now_label} UTC`;
    showUpdated();
  },
  onLink: showLink,
});
