import { chain } from "./chain.js";
import { deleteConnection } from "./change-connection.js";
import { Chart } from "./chart.js";
import { element, setChildren } from "./dom.js";
import { age, moment, number } from "./format.js";
import { t, word } from "./language.js";
import { Picture } from "./picture.js";
import { RateHistory } from "./rates.js";
import { connectionPill, sideText } from "./status.js";
import { Table } from "./table.js";
import { verdict } from "./verdict.js";
import { eventsCard } from "./view-events.js";

const everyMilliseconds = 2000;
const surroundingsEveryMilliseconds = 15_000;

/** One connection: the way from host to host, why it is as it is, what crosses, who is where. */
export function showConnection(app, route, stage) {
  stage.back = ["connections"];
  const known = { diagnosis: null, around: null, aroundAt: -Infinity };
  const parts = partsOf(stage);
  const draw = () => {
    const { diagnosis, around } = known;
    stage.name(diagnosis.name);
    setChildren(parts.status, connectionPill(diagnosis.status));
    setChildren(parts.facts, subtitle(app, diagnosis, around));
    parts.picture.show(chain({ diagnosis, ...around, rates: parts.history.current }));
    setChildren(parts.verdict, verdict(diagnosis, around));
    parts.chart.show(parts.history);
    setChildren(parts.drops, dropsOf(diagnosis));
    parts.hosts.setRows(diagnosis.hosts);
    setChildren(parts.details, detailsOf(diagnosis, around));
  };
  stage.actions.append(parts.status, element("button", {
    type: "button", class: "danger",
    on: { click: () => known.diagnosis && deleteConnection(app, stage, known.diagnosis, () => app.go("connections")) },
  }, t("delete")));
  stage.poll(async (isOver) => {
    const diagnosis = await stage.resources.diagnosis(route.id);
    // A picture without what stands around would tell of things missing that are only not known yet.
    if (performance.now() - known.aroundAt > surroundingsEveryMilliseconds) {
      known.around = await stage.resources.surroundings(diagnosis);
      known.aroundAt = performance.now();
    }
    if (isOver()) return;
    known.diagnosis = diagnosis;
    parts.history.add(diagnosis, Date.now());
    draw();
  }, everyMilliseconds);
  const events = eventsCard(app, stage, { connection_id: route.id });
  if (events) stage.root.insertBefore(events, parts.detailsCard);
}

function partsOf(stage) {
  const parts = {
    picture: new Picture(), chart: new Chart(), history: new RateHistory(), status: element("span", {}),
    facts: element("p", { class: "facts" }), verdict: element("div", { class: "verdict" }),
    drops: element("div", {}), details: element("dl", { class: "details" }),
    hosts: new Table({
      label: t("place.hosts"), key: (host) => `${host.mac} ${host.side} ${host.tunnel_ip ?? ""}`,
      columns: hostColumns(), empty: t("hosts.none"), view: { sort: "address" },
    }),
  };
  stage.onEnd(() => parts.picture.stop());
  parts.hosts.node.classList.add("short");
  parts.detailsCard = card("connection.details", parts.details);
  stage.root.append(
    parts.facts, parts.verdict,
    element("section", { class: "card", "aria-label": t("connection.path") },
      element("h2", {}, t("connection.path")), parts.picture.node),
    element("div", { class: "columns" },
      card("connection.traffic", parts.chart.node), card("connection.drops", parts.drops)),
    card("place.hosts", stage.hold(parts.hosts)), parts.detailsCard);
  return parts;
}

/** A section with its title. */
export function card(title, ...children) {
  return element("section", { class: "card" }, element("h2", {}, t(title)), children);
}

function subtitle(app, diagnosis, { instance, subnet }) {
  return [
    element("span", {}, t("switch"), " ",
      element("a", { href: app.link("switch", diagnosis.instance_id) }, instance?.name ?? diagnosis.instance_id)),
    subnet ? element("span", {}, t("column.subnet"), " ", subnet.name, " ", element("code", {}, subnet.cidr)) : null,
    element("span", {}, "VNI ", [...new Set(diagnosis.remotes.map((remote) => remote.segmentation_id))].join(", ")),
    diagnosis.node
      ? element("span", {}, t("column.node"), " ", element("a", { href: app.link("nodes") }, diagnosis.node)) : null,
  ];
}

/** Columns of a list of hosts. */
export function hostColumns(extra = []) {
  const ages = (name) => ({
    text: (host) => age(host[name]), order: (host) => host[name] ?? Infinity, class: "number", width: "8rem",
  });
  return [
    {
      id: "address", title: t("column.address"), class: "code", text: (host) => host.address ?? "–",
      order: (host) => addressOrder(host.address),
    },
    { id: "mac", title: "MAC", class: "code", text: (host) => host.mac },
    { id: "side", title: t("column.side"), width: "9rem", text: (host) => sideText(host.side) },
    { id: "behind", title: t("column.behind"), class: "code minor", text: (host) => host.tunnel_ip ?? "–" },
    ...extra,
    { id: "seen", title: t("column.seen"), ...ages("seen_age_ms") },
    { id: "since", title: t("column.since"), ...ages("since_age_ms"), class: "number minor" },
    {
      id: "moves", title: t("column.moves"), class: "number", width: "7rem",
      text: (host) => (host.held_ms ? t("hosts.held", { age: age(host.held_ms) }) : number(host.moves)),
      order: (host) => host.moves ?? 0,
    },
  ];
}

/** IPv4 addresses in the order of their numbers, what has none last. */
export function addressOrder(address) {
  const parts = (address ?? "").split(".").map(Number);
  return parts.length === 4 && parts.every((part) => part >= 0 && part < 256)
    ? parts.reduce((sum, part) => sum * 256 + part, 0) : Infinity;
}

function dropsOf({ drops, class_drops: byClass }) {
  // What the rules of classes dropped is told class by class.
  const isTold = new Set(byClass?.length ? ["class", "class_rate"] : []);
  const rows = [
    ...drops.filter((drop) => !isTold.has(drop.reason)).map((drop) => ({ ...drop, text: word("drop", drop.reason) })),
    ...(byClass ?? []).map((drop) => ({ ...drop, text: `${t("drop.class")}: ${word("class", drop.class)}` })),
  ].filter((drop) => drop.frames > 0).sort((a, b) => b.frames - a.frames);
  if (rows.length === 0) return [element("p", { class: "muted" }, t("drops.none"))];
  return [element("table", { class: "plain" },
    element("thead", {}, element("tr", {}, ["reason", "direction", "frames"].map((name) =>
      element("th", { scope: "col", class: name === "frames" ? "number" : null }, t(`column.${name}`))))),
    element("tbody", {}, rows.map((drop) => element("tr", {},
      element("td", {}, drop.text), element("td", { class: "word" }, t(`direction.${drop.direction}`)),
      element("td", { class: "number" }, number(drop.frames))))))];
}

function detailsOf(diagnosis, { connection, instance }) {
  const counters = diagnosis.counters;
  const traffic = (one) => (one ? `${number(one.frames)} · ${number(one.bytes)} B` : "–");
  return Object.entries({
    "detail.id": element("code", {}, diagnosis.id),
    "detail.created": moment(connection?.created_at),
    "detail.fixedIPs": element("code", {}, connection?.fixed_ips.join(", ") ?? "–"),
    "detail.tunnelIP": element("code", {}, instance?.tunnel_info.tunnel_ip ?? "–"),
    "detail.generation": number(diagnosis.generation),
    "detail.sent": traffic(counters?.to_remote), "detail.received": traffic(counters?.to_local),
    "detail.flooded": number(counters ? counters.to_remote.flooded + counters.to_local.flooded : null),
    "detail.answered": number(counters ? counters.to_remote.answered + counters.to_local.answered : null),
  }).map(([key, value]) => element("div", {}, element("dt", {}, t(key)), element("dd", {}, value)));
}
