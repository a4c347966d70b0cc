// Why a connection is as it is, with the remedy, in boxes.

import { element } from "./dom.js";
import { age } from "./format.js";
import { t, word } from "./language.js";
import { connectionStates } from "./status.js";

const signs = { good: "✓", warn: "!", bad: "✕", idle: "–" };

/**
 * The cause that the server found; without one, its reason for the status. Other findings follow.
 *
 * @param diagnosis of a connection
 * @param around what stands around it
 */
export function verdict(diagnosis, { node }) {
  const state = connectionStates[diagnosis.status] ?? "idle";
  const boxes = [];
  if (diagnosis.cause) {
    boxes.push(findingBox(state === "good" ? "warn" : state, diagnosis.cause, diagnosis.reason));
  } else if (diagnosis.reason) {
    boxes.push(box(state, t(`verdict.${diagnosis.status}`), element("p", {}, diagnosis.reason)));
  } else if (state === "good") {
    boxes.push(box("good", t("verdict.connected"), element("p", {}, evidence(diagnosis)), listed(diagnosis.evidence)));
  }
  for (const one of diagnosis.findings ?? []) boxes.push(findingBox(one.weight === "fault" ? "warn" : "idle", one));
  // A server that finds causes tells the node's problems among them.
  const problems = "cause" in diagnosis ? [] : node?.problems ?? [];
  for (const { subject, id, text } of problems) {
    if ((subject === "node" || id === diagnosis.id) && text !== diagnosis.reason) {
      boxes.push(box("warn", t("verdict.nodeProblem"), element("p", {}, text)));
    }
  }
  return boxes;
}

/** What the server found: what it is, how it shows, what to do, and how that is typed. */
export function findingBox(state, finding, reason = null) {
  const named = word("cause", finding.topic);
  const title = named === finding.topic ? finding.what : named;
  return box(state, finding.subject ? `${title} · ${finding.subject}` : title,
    finding.what !== title ? element("p", {}, finding.what) : null,
    reason && reason !== finding.what ? element("p", { class: "muted" }, reason) : null,
    listed(finding.evidence),
    finding.advice
      ? element("p", { class: "remedy" }, element("strong", {}, t("verdict.remedy")), " ", finding.advice) : null,
    finding.commands?.length ? commands(finding.commands) : null);
}

/** Commands to be typed; with the focus, they can be scrolled and copied by the keyboard. */
export function commands(lines) {
  return element("pre", { class: "commands", tabindex: "0", "aria-label": t("commands") },
    element("code", {}, lines.join("\n")));
}

function box(state, title, ...children) {
  return element("div", { class: `notice ${state}` },
    element("p", { class: "strong" },
      element("span", { class: "mark", "aria-hidden": "true" }, signs[state]), " ", title),
    ...children);
}

function listed(lines) {
  return lines?.length ? element("ul", { class: "evidence" }, lines.map((line) => element("li", {}, line))) : null;
}

function evidence({ remotes }) {
  const ages = remotes.map((remote) => remote.received_age_ms).filter((one) => typeof one === "number");
  return ages.length ? t("verdict.evidence", { age: age(Math.ceil(Math.min(...ages) / 1000) * 1000) }) : "";
}
