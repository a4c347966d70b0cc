// What a change would do, as the server has worked it out (`dry_run`), before it is made.

import { element } from "./dom.js";
import { duration, number } from "./format.js";
import { t, word } from "./language.js";
import { statusPill } from "./table.js";
import { commands } from "./verdict.js";

const resultStates = { pass: "good", warn: "warn", fail: "bad" };
const frameStates = { none: "good", lost: "warn", ended: "bad" };
const effectMarks = { made: "+", changed: "~", removed: "−" };
/** Of the steps of one node, how many are drawn. */
const mostSteps = 200;

/** A plan to be read: interruption, checks, then node by node the steps. */
export function planView(plan) {
  return element("div", { class: "plan" },
    element("p", {}, statusPill(frameStates[plan.frames] ?? "idle", t(`frames.${plan.frames}`))),
    plan.nodes.flatMap((node) => node.interruptions.map(interruptionOf)),
    checksOf(plan.checks),
    plan.nodes.length === 0 ? element("p", { class: "muted" }, t("plan.noNode")) : plan.nodes.map(nodeOf));
}

/** Whether something stands against it. */
export const planFails = (plan) => plan.result === "fail";

function interruptionOf({ frames, subject, milliseconds, reason }) {
  const whom = subject.kind === "interface" ? t("plan.interface", { name: subject.name })
    : t("plan.connection", { name: subject.name ?? "–", hosts: number(subject.hosts) });
  return element("div", { class: `notice ${frameStates[frames] ?? "idle"}` },
    element("p", { class: "strong" }, whom,
      milliseconds === null ? null : `: ${t("plan.atMost", { time: duration(milliseconds * 1000) })}`),
    element("p", {}, reason));
}

function checksOf(checks) {
  if (checks.length === 0) return null;
  const order = ["fail", "warn", "pass"];
  const sorted = [...checks].sort((a, b) => order.indexOf(a.result) - order.indexOf(b.result));
  return [
    element("h3", {}, t("plan.checks")),
    element("ul", { class: "rows checks" }, sorted.map((check) => element("li", {},
      statusPill(resultStates[check.result] ?? "idle", t(`check.${check.result}`)),
      element("span", { class: "strong" }, word("topic", check.topic)), element("span", {}, check.text)))),
  ];
}

function nodeOf(node) {
  const steps = node.steps.slice(0, mostSteps);
  const left = node.step_count - steps.length;
  return element("section", {},
    element("h3", {}, t("plan.node", { name: node.name, count: node.step_count, number: number(node.step_count) })),
    node.exact ? null : element("p", { class: "muted" }, t("plan.inexact")),
    node.notes.map((note) => element("p", { class: "muted" }, note)),
    steps.length === 0 ? element("p", { class: "muted" }, t("plan.nothing")) : element("ol", { class: "steps" },
      steps.map((step) => element("li", { class: step.effect },
        element("span", { class: "effect", title: t(`effect.${step.effect}`) }, effectMarks[step.effect],
          element("span", { class: "unseen" }, t(`effect.${step.effect}`))),
        element("code", {}, step.command)))),
    left > 0 ? element("p", { class: "muted" }, t("plan.more", { count: number(left) })) : null,
    node.present.length === 0 ? null : element("details", {},
      element("summary", {}, t("plan.present", { count: node.present.length, number: number(node.present.length) })),
      commands(node.present.map((step) => step.command))));
}
