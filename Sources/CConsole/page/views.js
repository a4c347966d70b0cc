// The places of the page. `place` is the one of the navigation that it belongs to.

import { showConnection } from "./view-connection.js";
import { showConnections } from "./view-connections.js";
import { showEvents } from "./view-events.js";
import { showHosts } from "./view-hosts.js";
import { showNodes } from "./view-nodes.js";
import { showOverview } from "./view-overview.js";
import { showSwitch } from "./view-switch.js";
import { showSwitches } from "./view-switches.js";

export const views = {
  overview: { title: "place.overview", place: "overview", show: showOverview },
  connections: { title: "place.connections", place: "connections", show: showConnections },
  connection: { title: "connection", place: "connections", show: showConnection },
  switches: { title: "place.switches", place: "switches", show: showSwitches },
  switch: { title: "switch", place: "switches", show: showSwitch },
  hosts: { title: "place.hosts", place: "hosts", show: showHosts },
  events: { title: "place.events", place: "events", show: showEvents },
  nodes: { title: "place.nodes", place: "nodes", show: showNodes },
};
