import { createConnection } from "./change-connection.js";
import { deleteInstance } from "./change-instance.js";
import { element, setChildren } from "./dom.js";
import { age, moment } from "./format.js";
import { t } from "./language.js";
import { connectionPill, instancePill, remoteText } from "./status.js";
import { findingBox } from "./verdict.js";
import { card } from "./view-connection.js";

const everyMilliseconds = 4000;

/** One switch, its connections and its jobs. */
export function showSwitch(app, route, stage) {
  stage.back = ["switches"];
  let shown = null;
  const status = element("span", {});
  const reason = element("div", { class: "verdict" });
  const details = element("dl", { class: "details" });
  const connections = element("div", {});
  const jobs = element("div", {});
  stage.actions.append(status,
    element("button", {
      type: "button", class: "main",
      on: { click: () => shown && createConnection(app, stage, () => poll.now(), shown) },
    }, t("connections.create")),
    element("button", {
      type: "button", class: "danger",
      on: { click: () => shown && deleteInstance(app, stage, shown, () => app.go("switches")) },
    }, t("delete")));
  stage.root.append(reason, card("connection.details", details), card("place.connections", connections),
    card("switch.jobs", jobs));
  const poll = stage.poll(async (isOver) => {
    const [instance, diagnosis, all, done] = await Promise.all([
      stage.resources.instance(route.id), stage.resources.instanceDiagnosis(route.id),
      stage.resources.connections(), stage.resources.jobs(route.id),
    ]);
    if (isOver()) return;
    shown = instance;
    stage.name(instance.name);
    setChildren(status, instancePill(instance.status));
    setChildren(reason, reasonOf(diagnosis));
    setChildren(details, detailsOf(app, instance, diagnosis));
    setChildren(connections, connectionsOf(app, all.filter((one) => one.instance_id === instance.id)));
    setChildren(jobs, jobsOf(done));
  }, everyMilliseconds);
}

function reasonOf({ cause, findings = [], reason }) {
  if (cause) return [findingBox("bad", cause, reason), ...findings.map((one) => findingBox("warn", one))];
  return reason ? element("div", { class: "notice warn" }, element("p", {}, reason)) : null;
}

function detailsOf(app, instance, diagnosis) {
  const zones = instance.availability_zones;
  return Object.entries({
    "detail.id": element("code", {}, instance.id),
    "detail.description": instance.description || "–",
    "detail.tunnelIP": element("code", {}, `${instance.tunnel_info.tunnel_ip}:${instance.tunnel_info.tunnel_port}`),
    "column.flavor": element("code", {}, instance.flavor_ref),
    "detail.zones": `${zones.primary}, ${zones.standby}`,
    "column.node": diagnosis.node ? element("a", { href: app.link("nodes") }, diagnosis.node) : "–",
    "detail.reported": age(diagnosis.report_age_ms),
    "detail.created": moment(instance.created_at),
  }).map(([key, value]) => element("div", {}, element("dt", {}, t(key)), element("dd", {}, value)));
}

function connectionsOf(app, rows) {
  if (rows.length === 0) return element("p", { class: "muted" }, t("connections.none"));
  return element("table", { class: "plain" },
    head("column.status", "column.name", "column.remote"),
    element("tbody", {}, rows.map((row) => element("tr", {},
      element("td", {}, connectionPill(row.status)),
      element("td", {}, element("a", { href: app.link("connection", row.id) }, row.name)),
      element("td", { class: "code" }, remoteText(row))))));
}

function jobsOf(rows) {
  if (rows.length === 0) return element("p", { class: "muted" }, t("switch.noJobs"));
  return element("table", { class: "plain" }, head("column.job", "column.status", "column.created", "column.reason"),
    element("tbody", {}, rows.map((row) => element("tr", {},
      element("td", {}, row.name), element("td", {}, row.status), element("td", {}, moment(row.begin_time)),
      element("td", {}, row.fail_reason ?? "")))));
}

const head = (...names) => element("thead", {}, element("tr", {},
  names.map((name) => element("th", { scope: "col" }, t(name)))));
