import { createInstance } from "./change-instance.js";
import { element } from "./dom.js";
import { moment, number } from "./format.js";
import { t } from "./language.js";
import { instancePill, statusOrder, statusText } from "./status.js";
import { Table } from "./table.js";

const everyMilliseconds = 5000;

/** All switches (instances) of the project. */
export function showSwitches(app, route, stage) {
  const counts = new Map();
  const table = new Table({
    label: t("place.switches"), key: (row) => row.id, empty: t("switches.none"),
    onOpen: (row) => app.go("switch", row.id), columns: columns(app, counts),
    view: { filter: route.query.get("q") ?? "", sort: "name" },
    onView: (view) => app.keepQuery({ q: view.filter }),
  });
  stage.actions.append(element("button", {
    type: "button", class: "main", on: { click: () => createInstance(app, stage, () => poll.now()) },
  }, t("switches.create")));
  stage.root.append(stage.hold(table));
  const poll = stage.poll(async (isOver) => {
    const [rows, connections] = await Promise.all([stage.resources.instances(), stage.resources.connections()]);
    if (isOver()) return;
    counts.clear();
    for (const { instance_id: id } of connections) counts.set(id, (counts.get(id) ?? 0) + 1);
    table.setRows(rows);
  }, everyMilliseconds);
}

function columns(app, counts) {
  return [
    {
      id: "status", title: t("column.status"), width: "11rem", text: (row) => statusText(row.status),
      order: (row) => statusOrder(row.status), cell: (row) => instancePill(row.status),
    },
    {
      id: "name", title: t("column.name"), text: (row) => row.name,
      cell: (row) => element("a", { href: app.link("switch", row.id), tabindex: "-1", title: row.name }, row.name),
    },
    {
      id: "tunnel", title: t("column.tunnelIP"), class: "code", width: "11rem",
      text: (row) => row.tunnel_info.tunnel_ip,
    },
    { id: "flavor", title: t("column.flavor"), class: "code minor", width: "12rem", text: (row) => row.flavor_ref },
    {
      id: "connections", title: t("place.connections"), class: "number", width: "9rem",
      text: (row) => number(counts.get(row.id) ?? 0), order: (row) => counts.get(row.id) ?? 0,
    },
    {
      id: "created", title: t("column.created"), class: "minor", width: "14rem",
      text: (row) => moment(row.created_at), order: (row) => Date.parse(row.created_at),
    },
  ];
}
