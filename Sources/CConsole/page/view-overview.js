import { element, setChildren } from "./dom.js";
import { age, number } from "./format.js";
import { t } from "./language.js";
import { connectionPill, remoteText, statusCounts, statusOrder, statusText, connectionStates } from "./status.js";
import { statusPill } from "./table.js";
import { card } from "./view-connection.js";
import { nodeState } from "./view-nodes.js";

const everyMilliseconds = 4000;
/** Of what is wrong, how many are asked why. */
const mostExplained = 8;
const mostDiagnoses = 200;
const diagnosesPath = "/openesw/v1/{project_id}/diagnoses";

/** How everything is: counts, what needs somebody, nodes. */
export function showOverview(app, route, stage) {
  const tiles = element("ul", { class: "tiles", "aria-label": t("connections.byStatus") });
  const attention = element("div", {});
  const nodes = element("div", {});
  const quotas = element("div", {});
  stage.root.append(tiles, card("overview.attention", attention),
    element("div", { class: "columns" }, card("place.nodes", nodes), card("overview.quotas", quotas)));
  stage.poll(async (isOver) => {
    const [connections, instances, reported, used] = await Promise.all([
      stage.resources.connections(), stage.resources.instances(), stage.resources.nodes(), stage.resources.quotas(),
    ]);
    const wrong = await wrongOf(app, stage.resources, connections);
    if (isOver()) return;
    setChildren(tiles, tilesOf(app, connections));
    setChildren(attention, attentionOf(app, connections, wrong));
    setChildren(nodes, nodesOf(app, reported));
    setChildren(quotas, quotasOf(used, instances, connections));
  }, everyMilliseconds);
}

/** Connections of which something is wrong, the worst first, the first of them with why: `{ rows, count }`. */
async function wrongOf(app, resources, connections) {
  const order = (rows) => [...rows].sort((a, b) => statusOrder(a.status) - statusOrder(b.status));
  if (app.abilities.has(diagnosesPath)) {
    const body = await resources.session.get(resources.ownPath("/diagnoses"), [["limit", mostDiagnoses]]);
    const causes = new Map(body.diagnoses.map((one) => [one.id, one]));
    const rows = order(connections.filter((row) => causes.has(row.id) || row.status !== "connected"));
    return {
      count: rows.length,
      rows: rows.slice(0, mostExplained).map((row) => ({ ...row, why: causes.get(row.id)?.what ?? "" })),
    };
  }
  const rows = order(connections.filter((row) => row.status !== "connected"));
  const explained = await Promise.all(rows.slice(0, mostExplained).map(async (row) => {
    const { reason } = await resources.diagnosis(row.id).catch(() => ({ reason: "" }));
    return { ...row, why: reason ?? "" };
  }));
  return { count: rows.length, rows: explained };
}

function tilesOf(app, connections) {
  return [...statusCounts(connections)].map(([status, count]) => element("li", {},
    element("a", { class: `tile ${count > 0 ? connectionStates[status] ?? "idle" : "idle"}`,
      href: app.link("connections", "", { status }) },
    element("span", { class: "tile-count" }, number(count)), element("span", {}, statusText(status)))));
}

function attentionOf(app, connections, { rows, count }) {
  if (connections.length === 0) {
    return [element("p", {}, t("overview.begin")),
      element("p", {}, element("a", { href: app.link("switches") }, t("switches.create")))];
  }
  if (count === 0) {
    const mark = element("span", { class: "mark good", "aria-hidden": "true" }, "✓");
    return [element("p", { class: "fine" }, mark, " ", t("overview.fine"))];
  }
  return [
    element("ul", { class: "rows" }, rows.map((row) => element("li", {},
      connectionPill(row.status), element("a", { href: app.link("connection", row.id) }, row.name),
      element("code", {}, remoteText(row)), element("span", { class: "muted" }, row.why)))),
    count > rows.length
      ? element("p", {}, element("a", { href: app.link("connections", "", { sort: "status" }) },
        t("overview.more", { count: number(count - rows.length) }))) : null,
  ];
}

function nodesOf(app, nodes) {
  if (nodes.length === 0) return element("p", { class: "muted" }, t("nodes.none"));
  return element("ul", { class: "rows" }, nodes.map((node) => {
    const [state, key] = nodeState(node);
    return element("li", {}, statusPill(state, t(key)), element("a", { href: app.link("nodes") }, node.name),
      element("span", { class: "muted" },
        `${t("node.heard", { age: age(Math.floor(node.report_age_ms / 1000) * 1000) })} · ${node.kernel}`));
  }));
}

function quotasOf(quotas, instances, connections) {
  const instance = quotas.find((one) => one.type === "instance");
  return [
    element("p", {}, t("overview.switches", { used: number(instances.length), quota: number(instance?.quota) })),
    element("meter", { min: 0, max: instance?.quota || 1, value: instances.length, "aria-label": t("place.switches") }),
    element("p", {}, t("overview.connections", { count: connections.length, number: number(connections.length) })),
  ];
}
