import { element, setText } from "./dom.js";
import { number } from "./format.js";
import { t } from "./language.js";
import { Table } from "./table.js";
import { hostColumns } from "./view-connection.js";

const everyMilliseconds = 4000;
const mostHosts = 2000;
/** A server that does not list hosts is asked connection by connection, and only so many. */
const mostConnectionsAsked = 40;
const hostsPath = "/openesw/v1/{project_id}/hosts";

/** Who is where, over all connections. */
export function showHosts(app, route, stage) {
  const names = new Map();
  const note = element("p", { class: "muted" });
  const table = new Table({
    label: t("place.hosts"), empty: t("hosts.none"),
    key: (host) => `${host.connection_id} ${host.mac} ${host.side} ${host.tunnel_ip ?? ""}`,
    columns: hostColumns([{
      id: "connection", title: t("connection"), text: (host) => names.get(host.connection_id) ?? host.connection_id,
      cell: (host) => element("a", { href: app.link("connection", host.connection_id), tabindex: "-1" },
        names.get(host.connection_id) ?? host.connection_id),
    }]),
    onOpen: (host) => app.go("connection", host.connection_id),
    view: { filter: route.query.get("q") ?? "", sort: "address" },
    onView: (view) => app.keepQuery({ q: view.filter }),
  });
  stage.root.append(note, stage.hold(table));
  stage.poll(async (isOver) => {
    const { hosts, note: words } = app.abilities.has(hostsPath)
      ? await listed(stage.resources, names) : await gathered(stage.resources, names);
    if (isOver()) return;
    setText(note, words);
    table.setRows(hosts);
  }, everyMilliseconds);
}

async function listed(resources, names) {
  const body = await resources.session.get(resources.ownPath("/hosts"), [["limit", mostHosts]]);
  if (body.hosts.some((host) => !names.has(host.connection_id))) {
    for (const { id, name } of await resources.connections()) names.set(id, name);
  }
  return { hosts: body.hosts, note: body.page_info?.next_marker ? t("hosts.first", { count: number(mostHosts) }) : "" };
}

async function gathered(resources, names) {
  const connections = await resources.connections();
  for (const { id, name } of connections) names.set(id, name);
  const asked = connections.filter(({ status }) => status === "connected").slice(0, mostConnectionsAsked);
  const hosts = [];
  for (const { id } of asked) {
    const diagnosis = await resources.diagnosis(id);
    hosts.push(...diagnosis.hosts.map((host) => ({ ...host, connection_id: id })));
  }
  return { hosts, note: asked.length < mostConnectionsAsked ? "" : t("hosts.part", { count: mostConnectionsAsked }) };
}
