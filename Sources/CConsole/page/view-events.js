import { element, setChildren } from "./dom.js";
import { moment, number } from "./format.js";
import { t, word } from "./language.js";
import { sideText, statusText } from "./status.js";
import { Table } from "./table.js";

const everyMilliseconds = 4000;
const mostRows = 500;
const mostOnCard = 12;
const eventsPath = "/openesw/v1/{project_id}/events";

/** What has happened, newest first: events of the data path where the server keeps them, and who changed what. */
export function showEvents(app, route, stage) {
  const hasEvents = app.abilities.has(eventsPath);
  const table = new Table({
    label: t("place.events"), key: (row) => row.key, empty: t("events.none"), columns: columns(app),
    onOpen: (row) => row.connection && app.go("connection", row.connection),
    view: { filter: route.query.get("q") ?? "" }, onView: (view) => app.keepQuery({ q: view.filter }),
  });
  const kind = element("select", { "aria-label": t("events.kind"), on: { change: () => poll.now() } },
    (hasEvents ? ["events", "audit"] : ["audit"]).map((name) =>
      element("option", { value: name, selected: name === route.query.get("kind") }, t(`events.${name}`))));
  stage.root.append(stage.hold(table));
  table.tools.prepend(kind);
  const poll = stage.poll(async (isOver) => {
    const rows = kind.value === "audit" ? await audit(stage.resources) : await events(stage.resources);
    if (!isOver()) table.setRows(rows);
  }, everyMilliseconds);
}

/** The newest events of one connection; null where the server keeps none. */
export function eventsCard(app, stage, filter) {
  if (!app.abilities.has(eventsPath)) return null;
  const place = element("div", {});
  stage.poll(async (isOver) => {
    const rows = await events(stage.resources, Object.entries(filter), mostOnCard);
    if (isOver()) return;
    setChildren(place, rows.length === 0 ? element("p", { class: "muted" }, t("events.none"))
      : element("ol", { class: "timeline" }, rows.slice(0, mostOnCard).map((row) => element("li", {},
        element("time", { datetime: row.at }, moment(row.at, "medium")), element("span", { class: "strong" }, row.what),
        element("span", {}, row.about)))));
  }, everyMilliseconds);
  return element("section", { class: "card" }, element("h2", {}, t("place.events")), place);
}

async function events(resources, filter = [], limit = mostRows) {
  const body = await resources.session.get(resources.ownPath("/events"), [...filter, ["limit", limit]]);
  return body.events.map((event) => ({
    key: String(event.id), at: event.time, connection: event.connection_id ?? null,
    what: word("event", event.kind), about: aboutEvent(event), who: event.node ?? "",
  }));
}

/** What an event tells beside its kind, in one line. */
export function aboutEvent({ host, moves, status, stranger, steps, count }) {
  const parts = [];
  if (host) {
    parts.push([host.address, host.mac].filter(Boolean).join(" "), sideText(host.side));
    if (host.tunnel_ip) parts.push(host.tunnel_ip);
  }
  if (moves) parts.push(t("event.moves", { count: moves }));
  if (status) {
    parts.push(`${status.from ? statusText(status.from) : "–"} → ${statusText(status.to)}`);
    if (status.reason) parts.push(status.reason);
  }
  if (stranger) {
    parts.push(stranger.source ?? "–", `VNI ${stranger.segmentation_id ?? "–"}`, word("drop", stranger.reason),
      t("event.frames", { number: number(stranger.frames) }));
  }
  if (steps) parts.push(...steps);
  if (count !== undefined) parts.push(t("event.count", { count, number: number(count) }));
  return parts.join(" · ");
}

async function audit(resources) {
  const body = await resources.session.get(resources.ownPath("/audit"), [["limit", mostRows]]);
  return body.records.map((record) => ({
    key: String(record.id), at: record.time, who: record.user_name ?? record.source,
    connection: record.resource_type === "connection" && record.after ? record.resource_id : null,
    what: record.operation,
    about: record.outcome === "denied" ? `${t("events.denied")}: ${record.error_code} ${record.path}`
      : `${record.resource_type} ${record.after?.name ?? record.before?.name ?? record.resource_id}`,
  }));
}

function columns(app) {
  return [
    {
      id: "time", title: t("column.time"), width: "15rem", text: (row) => moment(row.at, "medium"),
      order: (row) => Date.parse(row.at),
    },
    { id: "what", title: t("column.what"), width: "14rem", text: (row) => row.what },
    {
      id: "about", title: t("column.about"), text: (row) => row.about,
      cell: (row) => (row.connection
        ? element("a", { href: app.link("connection", row.connection), tabindex: "-1", title: row.about }, row.about)
        : element("span", { title: row.about }, row.about)),
    },
    { id: "who", title: t("column.who"), class: "minor", width: "11rem", text: (row) => row.who },
  ];
}
