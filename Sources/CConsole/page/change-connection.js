import { field, selectInput, showChange, textInput } from "./change.js";
import { element } from "./dom.js";
import { errorBox } from "./errors.js";
import { t } from "./language.js";
import { showDialog } from "./shell.js";

const template = "/v3/{project_id}/l2cg/instances/{instance_id}/connections";
const address = "[0-9]{1,3}(\\.[0-9]{1,3}){3}";
const nameShape = "[A-Za-z0-9_.\\-\u3400-\u4dbf\u4e00-\u9fff]{1,64}";

/** Asks for a connection; `instance` is the switch that it is of, where that is settled. */
export async function createConnection(app, stage, onDone, instance = null) {
  let known;
  try {
    const [instances, subnets, connections] = await Promise.all([
      instance ? [instance] : stage.resources.instances(), stage.resources.subnets(), stage.resources.connections(),
    ]);
    known = { instances, subnets, connections };
  } catch (error) {
    showDialog(t("connections.create"), (close) => [errorBox(error), closeButton(close)]);
    return;
  }
  if (known.instances.length === 0) {
    showDialog(t("connections.create"), (close) => [element("p", {}, t("connections.noSwitch")), closeButton(close)]);
    return;
  }
  const form = connectionForm(known);
  showChange(app, stage, {
    title: t("connections.create"), verb: t("create"), method: "POST", template, fields: form.fields,
    request: () => form.request(stage.resources), summary: (request) => form.summary(request),
    onDone: (answer) => {
      onDone();
      app.go("connection", answer.connection.id);
    },
  });
}

const closeButton = (close) => element("div", { class: "buttons" },
  element("button", { type: "button", class: "main", on: { click: close } }, t("close")));

function connectionForm({ instances, subnets, connections }) {
  const taken = new Set([
    ...connections.map((one) => one.virsubnet_id), ...instances.map((one) => one.tunnel_info.virsubnet_id)]);
  const instance = selectInput(instances.map((one) => [one.id, `${one.name} · ${one.tunnel_info.tunnel_ip}`]));
  const name = textInput({ required: true, maxlength: 64, pattern: nameShape });
  const subnet = element("select", { required: true });
  const chosen = () => instances.find((one) => one.id === instance.value);
  const fillSubnets = () => subnet.replaceChildren(...subnets
    .filter((one) => one.vpc_id === chosen()?.tunnel_info.vpc_id && !taken.has(one.id))
    .map((one) => element("option", { value: one.id }, `${one.name} · ${one.cidr}`)));
  instance.addEventListener("change", fillSubnets);
  fillSubnets();
  const remotes = [remoteInputs(true), remoteInputs(false)];
  const fixed = [textInput({ pattern: address }), textInput({ pattern: address })];
  return {
    fields: [
      field(t("switch"), instance), field(t("column.name"), name, t("hint.name")),
      field(t("column.subnet"), subnet, t("hint.subnet")),
      ...remotes.map((remote, i) => element("fieldset", { class: "row" },
        element("legend", {}, t(i === 0 ? "form.remote" : "form.secondRemote")),
        field("VNI", remote.vni), field(t("form.vtep"), remote.ip), field(t("form.port"), remote.port))),
      element("fieldset", { class: "row" }, element("legend", {}, t("form.fixedIPs")),
        fixed.map((input, i) => field(t(i === 0 ? "form.active" : "form.standby"), input))),
    ],
    request: (resources) => ({
      method: "POST", path: resources.switchPath(`/instances/${instance.value}/connections`),
      body: {
        connection: {
          name: name.value, vpc_id: chosen().tunnel_info.vpc_id, virsubnet_id: subnet.value,
          remote_infos: remotes.filter((one) => one.ip.value).map(remoteOf),
          ...(fixed.every((one) => one.value) ? { fixed_ips: fixed.map((one) => one.value) } : {}),
        },
      },
    }),
    summary: ({ body: { connection } }) => [
      [t("switch"), chosen().name], [t("column.name"), connection.name],
      [t("column.subnet"), subnet.selectedOptions[0]?.textContent ?? ""],
      [t("column.remote"), connection.remote_infos
        .map((one) => `${one.segmentation_id}@${one.tunnel_ip}:${one.tunnel_port}`).join(", ")],
      [t("detail.fixedIPs"), connection.fixed_ips?.join(", ") ?? t("form.chosen")],
    ],
  };
}

function remoteInputs(required) {
  return {
    vni: element("input", { type: "number", min: 1, max: 16777215, required }),
    ip: textInput({ pattern: address, required }),
    port: element("input", { type: "number", min: 1, max: 65535, value: "4789" }),
  };
}

const remoteOf = ({ vni, ip, port }) => ({
  segmentation_id: Number(vni.value), tunnel_ip: ip.value, tunnel_port: Number(port.value || 4789),
  tunnel_type: "vxlan",
});

/** Asks whether a connection is really to go; `connection` is one of a list or a diagnosis. */
export function deleteConnection(app, stage, connection, onDone) {
  showChange(app, stage, {
    title: t("connections.delete", { name: connection.name }), verb: t("delete"), isDangerous: true, method: "DELETE",
    template: `${template}/{connection_id}`, fields: [],
    request: () => ({
      method: "DELETE",
      path: stage.resources.switchPath(`/instances/${connection.instance_id}/connections/${connection.id}`),
    }),
    summary: () => [[t("column.name"), connection.name], [t("detail.id"), connection.id]],
    onDone,
  });
}
