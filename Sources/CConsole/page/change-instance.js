import { field, selectInput, showChange, textInput } from "./change.js";
import { element } from "./dom.js";
import { errorBox } from "./errors.js";
import { t } from "./language.js";
import { showDialog } from "./shell.js";

const template = "/v3/{project_id}/l2cg/instances";
const address = "[0-9]{1,3}(\\.[0-9]{1,3}){3}";
const nameShape = "[A-Za-z0-9_.\\-\u3400-\u4dbf\u4e00-\u9fff]{1,64}";

/** Asks for a switch (an instance). */
export async function createInstance(app, stage, onDone) {
  let known;
  try {
    const [vpcs, subnets, flavors, zones] = await Promise.all([
      stage.resources.vpcs(), stage.resources.subnets(), stage.resources.flavors(), stage.resources.zones(),
    ]);
    known = { vpcs, subnets, flavors, zones };
  } catch (error) {
    showDialog(t("switches.create"), (close) => [errorBox(error), closeButton(close)]);
    return;
  }
  if (known.vpcs.length === 0) {
    showDialog(t("switches.create"), (close) => [element("p", {}, t("switches.noVPC")), closeButton(close)]);
    return;
  }
  const form = instanceForm(known);
  showChange(app, stage, {
    title: t("switches.create"), verb: t("create"), method: "POST", template, fields: form.fields,
    request: () => form.request(stage.resources), summary: form.summary,
    onDone: (answer) => {
      onDone();
      app.go("switch", answer.instance.id);
    },
  });
}

const closeButton = (close) => element("div", { class: "buttons" },
  element("button", { type: "button", class: "main", on: { click: close } }, t("close")));

function instanceForm({ vpcs, subnets, flavors, zones }) {
  const ids = zones.map((zone) => zone.id ?? zone.name ?? zone);
  const name = textInput({ required: true, maxlength: 64, pattern: nameShape });
  const description = textInput({ maxlength: 255 });
  const flavor = selectInput(flavors.map((one) => [
    one.name, t("form.flavor", { name: one.name, connections: one.connections, bandwidth: one.bandwidth })]));
  const vpc = selectInput(vpcs.map((one) => [one.id, `${one.name} · ${one.cidr}`]));
  const subnet = element("select", { required: true });
  const fillSubnets = () => subnet.replaceChildren(...subnets.filter((one) => one.vpc_id === vpc.value)
    .map((one) => element("option", { value: one.id }, `${one.name} · ${one.cidr}`)));
  vpc.addEventListener("change", fillSubnets);
  fillSubnets();
  const ip = textInput({ pattern: address });
  const [primary, standby] = [0, 1].map((i) => selectInput(ids.map((id) => [id, id]), ids[i] ?? ids[0]));
  return {
    fields: [
      field(t("column.name"), name, t("hint.name")), field(t("detail.description"), description),
      field(t("column.flavor"), flavor), field("VPC", vpc),
      field(t("form.tunnelSubnet"), subnet, t("hint.tunnelSubnet")),
      field(t("column.tunnelIP"), ip, t("form.automatic")),
      element("fieldset", { class: "row" }, element("legend", {}, t("detail.zones")),
        field(t("form.active"), primary), field(t("form.standby"), standby)),
    ],
    request: (resources) => ({
      method: "POST", path: resources.switchPath("/instances"),
      body: {
        instance: {
          name: name.value, description: description.value, flavor_ref: flavor.value, ha_mode: "ha",
          availability_zones: { primary: primary.value, standby: standby.value },
          tunnel_info: {
            vpc_id: vpc.value, virsubnet_id: subnet.value, ...(ip.value ? { tunnel_ip: ip.value } : {}),
          },
          charge_infos: { charge_mode: "postPaid" },
        },
      },
    }),
    summary: ({ body: { instance } }) => [
      [t("column.name"), instance.name], [t("column.flavor"), instance.flavor_ref],
      [t("form.tunnelSubnet"), subnet.selectedOptions[0]?.textContent ?? ""],
      [t("column.tunnelIP"), instance.tunnel_info.tunnel_ip ?? t("form.chosen")],
    ],
  };
}

/** Asks whether a switch is really to go. */
export function deleteInstance(app, stage, instance, onDone) {
  showChange(app, stage, {
    title: t("switches.delete", { name: instance.name }), verb: t("delete"), isDangerous: true, method: "DELETE",
    template: `${template}/{instance_id}`, fields: [],
    request: () => ({ method: "DELETE", path: stage.resources.switchPath(`/instances/${instance.id}`) }),
    summary: () => [[t("column.name"), instance.name], [t("detail.id"), instance.id]],
    onDone,
  });
}
