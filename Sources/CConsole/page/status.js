// The API's words of status, and what they look like here.

import { t, word } from "./language.js";
import { statusPill } from "./table.js";

export const connectionStates = {
  connected: "good", disconnect: "warn", abnormal: "bad", failed: "bad", pending: "idle",
};
export const instanceStates = { active: "good", build: "idle", abnormal: "bad", failed: "bad", frozen: "bad" };

/** The worst first. */
const order = ["failed", "abnormal", "disconnect", "pending", "build", "frozen", "connected", "active"];

export const statusOrder = (status) => order.indexOf(status);

export const connectionPill = (status) => statusPill(connectionStates[status] ?? "idle", word("status", status));
export const instancePill = (status) => statusPill(instanceStates[status] ?? "idle", word("status", status));
export const statusText = (status) => word("status", status);

/** `7127@192.168.111.111` for each remote. */
export const remoteText = ({ remote_infos: remotes }) =>
  remotes.map((remote) => `${remote.segmentation_id}@${remote.tunnel_ip}`).join(" ");

/** How many rows have each status. */
export function statusCounts(rows) {
  const counts = new Map(Object.keys(connectionStates).map((status) => [status, 0]));
  for (const { status } of rows) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

export const sideText = (side) => t(side === "local" ? "side.local" : "side.remote");
