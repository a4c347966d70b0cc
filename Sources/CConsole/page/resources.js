// What the console asks the API for.

/** Rows that one call brings; a list of more is asked for page by page. */
const pageRows = 1000;
/** A list is not followed for ever. */
const mostPages = 100;

/** The API of one project. */
export class Resources {
  constructor(session, project) {
    Object.assign(this, { session, project });
  }

  switchPath(rest) {
    return `/v3/${this.project}/l2cg${rest}`;
  }

  networkPath(rest) {
    return `/v1/${this.project}${rest}`;
  }

  ownPath(rest) {
    return `/openesw/v1/${this.project}${rest}`;
  }

  async #all(path, name, query = []) {
    const rows = [];
    let marker;
    for (let page = 0; page < mostPages; page += 1) {
      const body = await this.session.get(path, [...query, ["limit", pageRows], ["marker", marker]]);
      rows.push(...(body[name] ?? []));
      marker = nextMarker(body, body[name] ?? []);
      if (!marker) break;
    }
    return rows;
  }

  instances() {
    return this.#all(this.switchPath("/instances"), "instances");
  }

  connections() {
    return this.#all(this.switchPath("/connections"), "connections");
  }

  traffic() {
    return this.#all(this.ownPath("/traffic"), "traffic");
  }

  async instance(id) {
    return (await this.session.get(this.switchPath(`/instances/${id}`))).instance;
  }

  async connection(instance, id) {
    return (await this.session.get(this.switchPath(`/instances/${instance}/connections/${id}`))).connection;
  }

  async diagnosis(id) {
    return (await this.session.get(this.ownPath(`/connections/${id}`))).connection;
  }

  async instanceDiagnosis(id) {
    return (await this.session.get(this.ownPath(`/instances/${id}`))).instance;
  }

  async jobs(id) {
    return (await this.session.get(this.switchPath(`/resources/${id}/jobs`))).jobs;
  }

  async flavors() {
    return (await this.session.get(this.switchPath("/flavors"))).flavors;
  }

  async zones() {
    return (await this.session.get(this.switchPath("/availability-zones"))).availability_zones;
  }

  async quotas() {
    return (await this.session.get(this.switchPath("/quotas"))).quotas.resources;
  }

  vpcs() {
    return this.#all(this.networkPath("/vpcs"), "vpcs");
  }

  subnets(vpc) {
    return this.#all(this.networkPath("/subnets"), "subnets", [["vpc_id", vpc]]);
  }

  async subnet(id) {
    return (await this.session.get(this.networkPath(`/subnets/${id}`))).subnet;
  }

  attachments(subnet) {
    return this.#all(this.ownPath("/attachments"), "attachments", [["subnet_id", subnet]]);
  }

  nodes() {
    return this.#all(this.ownPath("/nodes"), "nodes");
  }

  async node(name) {
    return (await this.session.get(this.ownPath("/nodes"), [["name", name]])).nodes[0] ?? null;
  }

  /** Whatever stands around a connection; what cannot be had is null. */
  async surroundings(diagnosis) {
    const connection = await this.connection(diagnosis.instance_id, diagnosis.id);
    const instance = await orNull(this.instance(diagnosis.instance_id));
    const [subnet, attachments, node] = await Promise.all([
      orNull(this.subnet(connection.virsubnet_id)), orNull(this.attachments(connection.virsubnet_id)),
      diagnosis.node ? orNull(this.node(diagnosis.node)) : null,
    ]);
    const attachment = attachments?.find((one) => one.node === diagnosis.node && one.role === "layer2") ?? null;
    return { connection, instance, subnet, attachment, node };
  }
}

/** Where the next page begins; nothing where this is the last. */
function nextMarker(body, rows) {
  if (body.page_info) return body.page_info.next_marker;
  // The vendor's VPC API tells of no next page: a full one may have one.
  return rows.length === pageRows ? rows.at(-1).id : undefined;
}

/** Rights may cover a connection and not what stands around it: that is then not shown. */
async function orNull(promise) {
  try {
    return await promise;
  } catch (error) {
    if (error.name === "APIError" && [403, 404].includes(error.status)) return null;
    throw error;
  }
}
