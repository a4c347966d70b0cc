import { element, setChildren } from "./dom.js";
import { age, number } from "./format.js";
import { t, word } from "./language.js";
import { statusPill } from "./table.js";

const everyMilliseconds = 4000;
const silentMilliseconds = 10_000;

/** The nodes that have reported, with what they see. */
export function showNodes(app, route, stage) {
  const place = element("div", { class: "stack" });
  stage.root.append(place);
  stage.poll(async (isOver) => {
    const nodes = await stage.resources.nodes();
    if (isOver()) return;
    setChildren(place, nodes.length ? nodes.map(nodeCard) : element("p", { class: "empty" }, t("nodes.none")));
  }, everyMilliseconds);
}

/** How a node is, in a state and a word. */
export function nodeState(node) {
  if (node.report_age_ms > silentMilliseconds) return ["bad", "node.silent"];
  return node.problems.length ? ["warn", "node.problems"] : ["good", "node.reports"];
}

function nodeCard(node) {
  const [state, key] = nodeState(node);
  const title = `node-${node.name}`;
  return element("section", { class: "card", "aria-labelledby": title },
    element("header", { class: "card-head" }, element("h2", { id: title }, node.name), statusPill(state, t(key)),
      element("span", { class: "muted" }, [
        t("node.heard", { age: age(Math.floor(node.report_age_ms / 1000) * 1000) }), node.kernel,
        t(`dataplane.${node.dataplane}`), t("node.generation", { generation: number(node.generation) }),
      ].join(" · "))),
    node.problems.map((problem) => element("div", { class: "notice warn" }, element("p", {}, problem.text))),
    interfacesOf(node), underlaysOf(node.underlays), interferencesOf(node.interferences), strangersOf(node));
}

function table(label, names, rows) {
  return [element("h3", {}, label), element("div", { class: "wide" }, element("table", { class: "plain" },
    element("thead", {}, element("tr", {}, names.map((name) =>
      element("th", { scope: "col", class: name === "MTU" || name === t("column.frames") ? "number" : null }, name)))),
    element("tbody", {}, rows)))];
}

function interfacesOf({ interfaces }) {
  const rows = interfaces.filter((face) => !face.loopback).map((face) => element("tr", {},
    element("td", { class: "code" }, face.name), element("td", {}, face.kind ?? "–"),
    element("td", {}, statusPill(face.up ? "good" : "bad", t(face.up ? "interface.up" : "interface.down"))),
    element("td", { class: "number" }, number(face.mtu)),
    element("td", { class: "code" }, face.addresses.join(", ") || "–"),
    element("td", {}, [
      face.master ? t("interface.portOf", { name: face.master }) : null,
      face.default_route ? t("interface.defaultRoute") : null, face.ours ? t("interface.ours") : null,
    ].filter(Boolean).join(", "))));
  return table(t("node.interfaces"),
    [t("column.name"), t("column.kind"), t("column.status"), "MTU", t("column.address"), t("column.notes")], rows);
}

function underlaysOf(underlays) {
  if (!underlays?.length) return null;
  return table(t("node.underlays"), [t("column.remote"), t("column.route"), "MTU", t("column.nextHop")],
    underlays.map((way) => element("tr", {},
      element("td", { class: "code" }, way.tunnel_ip), element("td", {}, routeText(way)),
      element("td", { class: "number" }, number(way.mtu)), element("td", {}, word("nextHop", way.next_hop)))));
}

function routeText({ route, route_error: error, interface: face, gateway_ip: gateway }) {
  return route === "interface" ? [face, gateway].filter(Boolean).join(" → ") : error ?? word("route", route);
}

function interferencesOf(found) {
  if (!found?.length) return null;
  return table(t("node.interferences"), [t("column.kind"), t("column.interface"), t("column.name"), t("column.drops")],
    found.map((one) => element("tr", {},
      element("td", {}, word("interference", one.kind)), element("td", { class: "code" }, one.interface ?? "–"),
      element("td", { class: "code" }, one.name ?? "–"), element("td", {}, number(one.recent_drops)))));
}

function strangersOf({ strangers }) {
  if (!strangers.length) return null;
  return table(t("node.strangers"),
    [t("column.source"), "VNI", t("column.reason"), t("column.frames"), t("column.seen")],
    strangers.map((one) => element("tr", {},
      element("td", { class: "code" }, one.source ?? "–"), element("td", {}, one.segmentation_id ?? "–"),
      element("td", {}, word("drop", one.reason)), element("td", { class: "number" }, number(one.frames)),
      element("td", {}, age(one.age_ms)))));
}
