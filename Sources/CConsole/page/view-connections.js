import { element } from "./dom.js";
import { bitRate, moment, number } from "./format.js";
import { createConnection } from "./change-connection.js";
import { t } from "./language.js";
import { RateTable } from "./rates.js";
import { connectionPill, remoteText, statusCounts, statusOrder, statusText } from "./status.js";
import { Table } from "./table.js";

const everyMilliseconds = 4000;
const namesEveryMilliseconds = 30_000;
const trafficPath = "/openesw/v1/{project_id}/traffic";

/** All connections of the project. */
export function showConnections(app, route, stage) {
  const names = { instances: new Map(), subnets: new Map() };
  const traffic = app.abilities.has(trafficPath) ? new RateTable() : null;
  let rows = [];
  let status = route.query.get("status") ?? "";
  const chips = element("div", { class: "chips", role: "group", "aria-label": t("connections.byStatus") });
  const table = new Table({
    label: t("place.connections"), key: (row) => row.id, empty: t("connections.none"),
    columns: connectionColumns(app, names, traffic), onOpen: (row) => app.go("connection", row.id),
    view: {
      filter: route.query.get("q") ?? "", sort: route.query.get("sort") ?? "name",
      descending: route.query.get("order") === "descending",
    },
    onView: () => keep(),
  });
  const keep = () => {
    const view = table.currentView;
    app.keepQuery({
      q: view.filter, status, sort: view.sort === "name" ? "" : view.sort,
      order: view.descending ? "descending" : "",
    });
  };
  const apply = () => {
    chips.replaceChildren(...chipsOf(statusCounts(rows), status, (chosen) => {
      status = chosen;
      keep();
      apply();
      chips.querySelector("[aria-pressed=true]")?.focus();
    }));
    table.setRows(status ? rows.filter((row) => row.status === status) : rows);
  };
  stage.actions.append(element("button", {
    type: "button", class: "main", on: { click: () => createConnection(app, stage, () => poll.now()) },
  }, t("connections.create")));
  stage.root.append(chips, stage.hold(table));
  const poll = stage.poll(async (isOver) => {
    const [found, counted] = await Promise.all([
      stage.resources.connections(), traffic ? stage.resources.traffic() : [],
    ]);
    if (isOver()) return;
    traffic?.update(counted, performance.now());
    rows = found;
    apply();
  }, everyMilliseconds);
  stage.poll(async (isOver) => {
    const [instances, subnets] = await Promise.all([stage.resources.instances(), stage.resources.subnets()]);
    if (isOver()) return;
    names.instances = new Map(instances.map((instance) => [instance.id, instance.name]));
    names.subnets = new Map(subnets.map((subnet) => [subnet.id, subnet]));
    apply();
  }, namesEveryMilliseconds);
}

function chipsOf(counts, status, choose) {
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const chip = (name, text, count) => element("button", {
    type: "button", class: "chip", "aria-pressed": String(status === name), on: { click: () => choose(name) },
  }, text, element("span", { class: "count" }, number(count)));
  return [
    chip("", t("connections.all"), all),
    ...[...counts].map(([name, count]) => chip(name, statusText(name), count)),
  ];
}

/** Columns of the list; names of switches and subnets are looked up when a row is drawn. */
function connectionColumns(app, names, traffic) {
  const subnet = (row) => names.subnets.get(row.virsubnet_id);
  return [
    {
      id: "status", title: t("column.status"), width: "13rem", text: (row) => statusText(row.status),
      order: (row) => statusOrder(row.status), cell: (row) => connectionPill(row.status),
    },
    {
      id: "name", title: t("column.name"), text: (row) => row.name,
      cell: (row) => element("a", { href: app.link("connection", row.id), tabindex: "-1", title: row.name }, row.name),
    },
    {
      id: "switch", title: t("column.switch"), class: "minor",
      text: (row) => names.instances.get(row.instance_id) ?? row.instance_id,
    },
    {
      id: "subnet", title: t("column.subnet"), class: "code", width: "11rem",
      text: (row) => subnet(row)?.cidr ?? row.virsubnet_id,
    },
    { id: "remote", title: t("column.remote"), class: "code", width: "15rem", text: remoteText },
    ...(traffic ? ["toRemote", "toLocal"].map((direction) => ({
      id: direction, title: t(`column.${direction}`), class: "number", width: "8.5rem",
      text: (row) => bitRate(traffic.of(row.id)[direction]?.bytes),
      order: (row) => traffic.of(row.id)[direction]?.bytes ?? -1,
    })) : []),
    traffic ? null : {
      id: "created", title: t("column.created"), class: "minor", width: "14rem",
      text: (row) => moment(row.created_at), order: (row) => Date.parse(row.created_at),
    },
  ].filter(Boolean);
}
