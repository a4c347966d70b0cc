// The way of a frame from host to host, made of what the API tells: stations, and the legs between them.
// Pure: answers in, a picture's content out. Words are keys of the page's messages.

/** How old evidence may be that something lives; the server's own default. */
const freshMilliseconds = 15_000;
/** Hosts that a station names; the rest is a number. */
export const mostHostsNamed = 5;

const states = ["bad", "warn", "good", "idle"];

/** The worst of several states; nothing is idle. */
export function worst(...all) {
  return states.find((state) => all.includes(state)) ?? "idle";
}

const least = (values) => {
  const known = values.filter((value) => typeof value === "number");
  return known.length ? Math.min(...known) : null;
};

/**
 * @param known `diagnosis` and whatever else is there of `connection`, `instance`, `subnet`, `attachment`
 *   (of the layer-2 subnet on the node), `tunnelAttachment`, `node` and `rates`
 * @returns `{ stations, legs }`; a station has `id`, `kind`, `column`, `row`, `title`, `lines`, `state`, a leg
 *   `id`, `from`, `to`, `state`, `note` (a key), `facts`, `ageMilliseconds`, `rates`
 */
export function chain(known) {
  const { diagnosis } = known;
  const sides = hostsBySide(diagnosis);
  const isHeard = diagnosis.report_age_ms !== null && diagnosis.report_age_ms < freshMilliseconds;
  const attachment = attachmentStation(known);
  const stations = [
    hostStation("local", 0, sides.local, sides.duplicates), attachment, nodeStation(known, isHeard),
  ];
  const legs = [
    {
      id: "local", from: "hosts-local", to: "attachment", ...hostEvidence(sides.local, attachment.state),
      facts: [], rates: known.rates ?? null,
    },
    {
      id: "port", from: "attachment", to: "node", facts: mtuFact(diagnosis.port?.mtu ?? attachment.mtu),
      ...portEvidence(known, attachment, isHeard), rates: known.rates ?? null,
    },
  ];
  const isAlone = diagnosis.remotes.length === 1;
  diagnosis.remotes.forEach((remote, i) => {
    const hosts = sides.remote.filter((host) => isAlone || host.tunnel_ip === remote.tunnel_ip);
    const underlay = underlayLeg(known, remote, i, isHeard);
    stations.push(vtepStation(remote, i, underlay.state), hostStation(`remote-${i}`, i, hosts, sides.duplicates));
    legs.push(
      { ...underlay, rates: isAlone ? known.rates ?? null : null },
      {
        id: `far-${i}`, from: `vtep-${i}`, to: `hosts-remote-${i}`, ...hostEvidence(hosts, underlay.state),
        facts: [], rates: isAlone ? known.rates ?? null : null,
      });
  });
  return { stations, legs };
}

function hostsBySide(diagnosis) {
  const bySeen = [...diagnosis.hosts].sort((a, b) => (a.seen_age_ms ?? 0) - (b.seen_age_ms ?? 0));
  const macs = new Map();
  for (const { mac, address } of bySeen) {
    if (address) macs.set(address, new Set([...(macs.get(address) ?? []), mac]));
  }
  return {
    local: bySeen.filter((host) => host.side === "local"),
    remote: bySeen.filter((host) => host.side === "remote"),
    duplicates: new Set([...macs].filter(([, of]) => of.size > 1).map(([address]) => address)),
  };
}

function hostStation(side, row, hosts, duplicates) {
  const isTwice = hosts.some((host) => duplicates.has(host.address) || host.held_ms);
  return {
    id: `hosts-${side}`, kind: "hosts", column: side === "local" ? 0 : 4, row,
    title: { key: side === "local" ? "picture.localHosts" : "picture.remoteHosts", count: hosts.length },
    lines: hosts.slice(0, mostHostsNamed).map((host) => ({
      text: host.address ?? host.mac, isCode: true, ageMilliseconds: host.seen_age_ms,
    })),
    more: Math.max(hosts.length - mostHostsNamed, 0), state: isTwice ? "warn" : hosts.length ? "good" : "idle",
  };
}

function attachmentStation({ diagnosis, attachment, node, subnet }) {
  const name = attachment?.interface ?? attachment?.bridge ?? diagnosis.port?.interface;
  const seen = node?.interfaces?.find((face) => face.name === name);
  const told = diagnosis.port?.state;
  const state = told ? (told === "up" ? "good" : "bad") : seen ? (seen.up ? "good" : "bad") : name ? "bad" : "idle";
  const isGone = Boolean(name) && !seen && (!told || told === "missing") && Boolean(node);
  const tag = attachment?.vlan;
  return {
    id: "attachment", kind: "attachment", column: 1, row: 0, state, mtu: seen?.mtu ?? null,
    title: name ? { text: name } : { key: "picture.noAttachment" },
    lines: [
      name ? { key: attachment?.bridge ? "picture.bridge" : tag ? "picture.trunk" : "picture.interface" } : null,
      tag ? { text: `VLAN ${tag.outer ? `${tag.outer.id}.` : ""}${tag.id}` } : null,
      subnet ? { text: subnet.cidr, isCode: true } : null,
      isGone ? { key: "picture.missing" } : null,
    ].filter(Boolean),
  };
}

function nodeStation({ diagnosis, instance, node }, isHeard) {
  const problems = node?.problems?.filter((problem) => problem.subject === "node") ?? [];
  return {
    id: "node", kind: "node", column: 2, row: 0,
    title: diagnosis.node ? { text: diagnosis.node } : { key: "picture.noNode" },
    state: !diagnosis.node ? "idle" : !isHeard ? "bad" : problems.length ? "warn" : "good",
    lines: [
      instance ? { text: instance.name } : null,
      instance ? { text: instance.tunnel_info.tunnel_ip, isCode: true } : null,
      node?.dataplane === "simulated" ? { key: "picture.simulated" } : null,
    ].filter(Boolean),
    ageMilliseconds: diagnosis.report_age_ms,
  };
}

function vtepStation(remote, row, state) {
  return {
    id: `vtep-${row}`, kind: "vtep", column: 3, row, state, title: { text: remote.tunnel_ip },
    lines: [{ text: `VNI ${remote.segmentation_id}` }, { text: `UDP ${remote.tunnel_port}` }],
  };
}

function hostEvidence(hosts, beside) {
  const age = least(hosts.map((host) => host.seen_age_ms));
  if (age === null) return { state: "idle", note: "leg.noHosts", ageMilliseconds: age };
  const isFresh = age < freshMilliseconds && beside !== "bad";
  return { state: isFresh ? "good" : "idle", note: isFresh ? "leg.heard" : "leg.quiet", ageMilliseconds: age };
}

function portEvidence({ diagnosis, node }, attachment, isHeard) {
  if (!isHeard) {
    return { state: "bad", note: "leg.silentNode", ageMilliseconds: diagnosis.report_age_ms };
  }
  const takers = (node?.interferences ?? diagnosis.interferences ?? [])
    .filter((one) => one.interface === attachment.title.text && one.recent_drops !== 0);
  const isFiltered = (diagnosis.port?.filtered_by ?? []).length > 0;
  const notes = { good: "leg.up", bad: "leg.down", idle: "leg.notAttached", warn: "leg.up" };
  const state = attachment.state === "good" && (takers.length || isFiltered) ? "warn" : attachment.state;
  return {
    state, note: state === "warn" && attachment.state === "good" ? "leg.interfered" : notes[attachment.state],
    ageMilliseconds: diagnosis.report_age_ms,
  };
}

const mtuFact = (mtu) => (typeof mtu === "number" ? [{ key: "fact.mtu", value: mtu, unit: "bytes" }] : []);

/** The leg on which the tunnel runs: what was measured, and what says that it lives. */
function underlayLeg({ diagnosis, node }, remote, i, isHeard) {
  const probing = remote.probing ?? null;
  const way = (diagnosis.underlays ?? node?.underlays ?? []).find((one) => one.tunnel_ip === remote.tunnel_ip) ?? null;
  const age = least([remote.received_age_ms, probing?.answered_age_ms]);
  return {
    id: `underlay-${i}`, from: "node", to: `vtep-${i}`, isUnderlay: true,
    // What nothing through the tunnel tells, an echo of the VTEP may.
    ageMilliseconds: age ?? way?.echo?.answered_age_ms ?? null,
    facts: underlayFacts(probing, way), ...named(underlayState(remote, probing, way, age, isHeard), diagnosis.cause),
  };
}

/** What a leg that does not work is called once the server has found out why. */
const causeNotes = {
  other_vni: "leg.otherVNI", other_source: "leg.otherSource", port_refused: "leg.refused",
  filtered_on_the_way: "leg.filtered", remote_unreachable: "leg.unreachable", underlay_mtu: "leg.tooBig",
  large_frames_lost: "leg.tooBig", next_hop_silent: "leg.nextHopSilent", no_route: "leg.noRoute",
};

function named(evidence, cause) {
  const note = causeNotes[cause?.topic];
  return note && evidence.state === "bad" ? { ...evidence, note } : evidence;
}

/** Of probes through the tunnel; without them, of echoes of the VTEP. */
function underlayFacts(probing, way) {
  const isProbed = typeof probing?.round_trip_us === "number";
  const told = isProbed || lossPerMille(probing) === 1000 ? probing : way?.echo ?? probing;
  const loss = lossPerMille(told);
  const largest = least([probing?.largest_to_remote, probing?.largest_to_local]);
  const trip = told?.round_trip_us;
  return [
    typeof trip === "number" ? { key: isProbed ? "fact.roundTrip" : "fact.echo", value: trip, unit: "us" } : null,
    loss === null ? null : { key: "fact.loss", value: loss, unit: "perMille" },
    ...mtuFact(way?.mtu),
    largest === null ? null : { key: "fact.largest", value: largest, unit: "bytes" },
  ].filter(Boolean);
}

/** Thousandths of the probes that were not answered; null: none was sent. */
export function lossPerMille(probes) {
  const { sent, answered } = probes ?? {};
  return sent > 0 ? Math.round((1000 * (sent - Math.min(answered, sent))) / sent) : null;
}

function underlayState(remote, probing, way, age, isHeard) {
  if (!isHeard) return { state: "idle", note: "leg.unknown" };
  if (way?.route === "none") return { state: "bad", note: "leg.noRoute" };
  if (way?.route === "own") return { state: "bad", note: "leg.own" };
  if (way?.next_hop === "silent") return { state: "bad", note: "leg.nextHopSilent" };
  const loss = lossPerMille(probing);
  if (age !== null && age < freshMilliseconds) {
    return loss > 0 && probing.reflector ? { state: "warn", note: "leg.lossy" }
      : { state: "good", note: probing?.answered > 0 ? "leg.answered" : "leg.heard" };
  }
  const errors = {
    port_unreachable: "leg.refused", prohibited: "leg.filtered", unreachable: "leg.unreachable", too_big: "leg.tooBig",
  };
  if (way?.icmp_error) return { state: "bad", note: errors[way.icmp_error.kind] ?? "leg.silent" };
  if (loss === 1000 && probing.reflector) return { state: "bad", note: "leg.unanswered" };
  if (typeof remote.received_age_ms === "number") return { state: "bad", note: "leg.silent" };
  return typeof remote.sent_age_ms === "number"
    ? { state: "bad", note: "leg.noneBack" } : { state: "idle", note: "leg.unused" };
}
