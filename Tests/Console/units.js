// The console's pure parts, in the browser that runs them.

import { skew } from "/page/api.js";
import { APIError, UnreachableError } from "/page/api.js";
import { chain, lossPerMille, worst } from "/page/chain.js";
import { linePoints } from "/page/chart.js";
import { adviceKey } from "/page/errors.js";
import * as format from "/page/format.js";
import { languages, preferred, setLanguage, t } from "/page/language.js";
import { boxHeight, layout, leastWideWidth, shortened } from "/page/layout.js";
import { summary } from "/page/picture.js";
import { pause } from "/page/poll.js";
import { RateHistory, RateTable, mostPoints, rates } from "/page/rates.js";
import { parseRoute, routeHash } from "/page/route.js";
import { hex, hmacSHA256, sha256 } from "/page/sha256.js";
import { authorization, canonicalQuery, signedDate, signer } from "/page/signature.js";
import { arranged } from "/page/table.js";
import { addressOrder } from "/page/view-connection.js";
import { aboutEvent } from "/page/view-events.js";

const tests = [];
const test = (name, body) => tests.push({ name, body });
const utf8 = new TextEncoder();
const bytes = (...pairs) => Uint8Array.from(pairs.flatMap(([byte, count]) => Array(count).fill(byte)));

function equal(found, wanted, about = "") {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${about} ${a} is not ${b}`);
}

function check(condition, about) {
  if (!condition) throw new Error(about);
}

// MARK: Digests and signatures

test("SHA-256 is that of FIPS 180-4", () => {
  const known = {
    "": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    abc: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq:
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ["a".repeat(1_000_000)]: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
  };
  for (const [text, digest] of Object.entries(known)) equal(hex(sha256(utf8.encode(text))), digest);
});

test("SHA-256 is the browser's at every length around the block's", async () => {
  for (let length = 0; length < 260; length += 1) {
    const text = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 255);
    equal(hex(sha256(text)), hex(new Uint8Array(await crypto.subtle.digest("SHA-256", text))), `${length} bytes`);
  }
});

test("HMAC is that of RFC 4231", () => {
  const known = [
    [bytes([0x0b, 20]), utf8.encode("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
    [utf8.encode("Jefe"), utf8.encode("what do ya want for nothing?"),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
    [bytes([0xaa, 20]), bytes([0xdd, 50]), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"],
    [bytes([0xaa, 131]), utf8.encode("Test Using Larger Than Block-Size Key - Hash Key First"),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"],
  ];
  for (const [key, text, code] of known) equal(hex(hmacSHA256(key, text)), code);
});

for (const [manner, subtle] of [["by the browser's HMAC", crypto.subtle], ["by ours", null]]) {
  test(`requests are signed as the vendor signs them, ${manner}`, async () => {
    const { vectors } = await (await fetch("/signatures.json")).json();
    check(vectors.length > 20, "vectors are missing");
    for (const vector of vectors) {
      const { Authorization: wanted, ...all } = vector.headers;
      const names = wanted.match(/SignedHeaders=([^,]*)/)[1].split(";");
      const headers = Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name.toLowerCase())));
      const query = canonicalQuery(vector.query.split("&").filter(Boolean)
        .map((pair) => [...pair.split("="), ""].slice(0, 2).map(decodeURIComponent)));
      const found = await authorization(
        { method: vector.method, path: vector.path, query, headers, body: vector.body }, vector.key,
        await signer(vector.secret, subtle));
      equal(found, wanted, vector.name);
    }
  });
}

test("a date is signed as it is written there", () => {
  equal(signedDate(new Date(Date.UTC(2026, 0, 5, 9, 0, 0, 123))), "20260105T090000Z");
});

test("what has no value is not asked for", () => {
  equal(canonicalQuery([["marker", undefined], ["limit", 10], ["a b", "ü&"]]), "a%20b=%C3%BC%26&limit=10");
});

test("another clock is known by the answers, and a second is no difference", () => {
  const date = "Mon, 05 Jan 2026 09:00:00 GMT";
  equal(skew(date, Date.parse(date) + 1500, 7), 0);
  equal(skew(date, Date.parse(date) - 1_200_000, 0), 1_200_000);
  equal(skew(null, 0, 7), 7);
  equal(skew("nonsense", 0, 7), 7);
});

// MARK: Words

const textsOf = (text) => (typeof text === "string" ? [text] : Object.values(text));
const places = (text) => [...new Set(textsOf(text).flatMap((one) => one.match(/\{\w+\}/g) ?? []))].sort();

test("both languages have the same keys, with the same places for values", () => {
  const [english, chinese] = [languages.en.messages, languages["zh-CN"].messages];
  equal(Object.keys(chinese).sort(), Object.keys(english).sort());
  for (const key of Object.keys(english)) {
    // A number's forms may leave it out, as in "one row".
    if (typeof english[key] === "string") equal(places(chinese[key]), places(english[key]), key);
    for (const text of [...textsOf(english[key]), ...textsOf(chinese[key])]) check(text.trim(), `${key} is empty`);
  }
});

/** Keys that are put together of words of the API's or of lists in the sources. */
const families = [
  "advice", "cause", "check", "choice", "class", "column", "dataplane", "detail", "direction", "drop", "effect", "event",
  "events", "fact", "field", "frames", "help", "interference", "leg", "live", "nextHop", "picture", "place",
  "signIn", "state", "status", "theme", "topic", "verdict", "connection", "node", "interface", "side", "route",
];

test("every key that is asked for is there, and every key is asked for", async () => {
  const english = languages.en.messages;
  const sources = await sourceTexts();
  const all = Object.entries(sources).filter(([name]) => !name.startsWith("messages-")).map(([, text]) => text).join("\n");
  for (const [, key] of all.matchAll(/\bt\(\s*"([^"]+)"/g)) check(key in english, `t("${key}") has no text`);
  for (const key of Object.keys(english)) {
    check(all.includes(`"${key}"`) || families.includes(key.split(".")[0]), `nobody asks for ${key}`);
  }
});

test("what is written at a leg is short enough for it", () => {
  for (const { messages } of Object.values(languages)) {
    for (const [key, text] of Object.entries(messages)) {
      if (key.startsWith("leg.")) check([...text].length <= 12, `${key}: ${text}`);
    }
  }
});

test("a browser's languages choose among ours", () => {
  equal(preferred(["zh-TW", "en"]), "zh-CN");
  equal(preferred(["fr", "en-GB"]), "en");
  equal(preferred(["de"]), "en");
});

test("texts take values and forms of number", () => {
  setLanguage("en");
  equal(t("list.count", { count: 1, number: "1" }), "1 row");
  equal(t("list.count", { count: 1000, number: "1,000" }), "1,000 rows");
  equal(t("no.such.key"), "no.such.key");
  // What a value holds is no place for another.
  equal(t("connections.delete", { name: "{name}" }), "Delete connection {name}");
});

test("numbers, rates and ages read well in both languages", () => {
  setLanguage("en");
  equal([0, 400, 12_345, 61_000, 7_200_000, 90_000_000, null].map(format.age), ["0s", "0.4s", "12s", "1m", "2h", "1d", "–"]);
  equal([125, 125_000, 1_250_000_000].map(format.bitRate), ["1 kbit/s", "1 Mbit/s", "10 Gbit/s"]);
  equal([0, 9.96, 123_456].map(format.frameRate), ["0 f/s", "10 f/s", "123k f/s"]);
  equal([141, 1410, 2_500_000].map(format.duration), ["141 µs", "1.41 ms", "2.5 s"]);
  equal([format.number(1234567), format.perMille(25), format.bytes(1536)], ["1,234,567", "2.5%", "1.5 KiB"]);
  equal(format.moment("nonsense"), "–");
  setLanguage("zh-CN");
  equal(format.age(12_345), "12秒");
  setLanguage("en");
});

// MARK: Rates

const counters = (frames, bytesCounted) => ({ to_remote: { frames, bytes: bytesCounted }, to_local: { frames: 0, bytes: 0 } });

test("rates are differences over the time between reports", () => {
  equal(rates({ at: 0, counters: counters(10, 1000) }, { at: 2000, counters: counters(30, 5000) }),
    { toRemote: { frames: 10, bytes: 2000 }, toLocal: { frames: 0, bytes: 0 } });
});

test("a counter that was begun anew has no rate", () => {
  equal(rates({ at: 0, counters: counters(10, 1000) }, { at: 2000, counters: counters(3, 50) }).toRemote, null);
  equal(rates({ at: 0, counters: counters(1, 1) }, { at: 0, counters: counters(2, 2) }).toRemote, null);
});

test("a report that is told twice counts once, and points are bounded", () => {
  const history = new RateHistory();
  history.add({ counters: counters(0, 0), report_age_ms: 500 }, 10_500);
  history.add({ counters: counters(0, 0), report_age_ms: 900 }, 10_900);
  equal(history.points.length, 0);
  for (let i = 1; i < 300; i += 1) history.add({ counters: counters(i, i), report_age_ms: 0 }, 10_000 + i * 1000);
  equal(history.points.length, mostPoints);
  equal(history.current.toRemote, { frames: 1, bytes: 1 });
  history.add({ counters: null, report_age_ms: null }, 999_999);
  equal(history.points.length, mostPoints);
});

test("many connections have their rates each, and who is gone is forgotten", () => {
  const table = new RateTable();
  const row = (id, frames, ageMs) => ({
    id, report_age_ms: ageMs, to_remote: { frames, bytes: 100 * frames }, to_local: { frames: 0, bytes: 0 },
  });
  table.update([row("a", 0, 0), row("b", 0, 0), { id: "c", report_age_ms: null, to_remote: null }], 1000);
  equal(table.of("a").toRemote, null);
  table.update([row("a", 10, 0), row("b", 30, 500)], 2000);
  equal([table.of("a").toRemote.bytes, table.of("b").toRemote.frames], [1000, 60]);
  table.update([row("a", 10, 1000)], 3000);
  equal([table.of("a").toRemote.bytes, table.of("b").toRemote], [1000, null]);
});

test("an event is told in one line", () => {
  const host = { mac: "02:00:00:00:00:01", address: "10.0.0.1", side: "remote", tunnel_ip: "192.0.2.1" };
  equal(aboutEvent({ host, moves: 2 }), "10.0.0.1 02:00:00:00:00:01 · Remote · 192.0.2.1 · moved 2 times");
  equal(aboutEvent({ status: { from: null, to: "connected", reason: null } }), "– → Connected");
  equal(aboutEvent({ stranger: { reason: "unknown_source", source: "192.0.2.9", segmentation_id: 7, frames: 3 } }),
    "192.0.2.9 · VNI 7 · Remote or VNI not configured · 3 frames");
  equal(aboutEvent({}), "");
});

test("a chart ends at the right, and nothing leaves it", () => {
  equal(linePoints([0, 10], 10, 3), "280.0,94.0 560.0,6.0");
  equal(linePoints([null], 0, 3), "560.0,94.0");
});

// MARK: The picture

const remote = (more = {}) => ({
  segmentation_id: 7127, tunnel_ip: "192.0.2.1", tunnel_port: 4789, tunnel_type: "vxlan", received_age_ms: 500,
  sent_age_ms: 500, ...more,
});
const host = (address, side, more = {}) => ({
  mac: `02:00:00:00:00:${address.split(".").at(-1).padStart(2, "0")}`, address, side, seen_age_ms: 300, since_age_ms: 1,
  moves: 0, held_ms: null, ...(side === "remote" ? { tunnel_ip: "192.0.2.1" } : {}), ...more,
});
const known = (more = {}, around = {}) => ({
  diagnosis: {
    id: "c", name: "l2", status: "connected", node: "node-1", report_age_ms: 400, remotes: [remote()], drops: [],
    hosts: [host("10.0.0.1", "local"), host("10.0.0.9", "remote")], counters: counters(1, 1), ...more,
  },
  instance: { name: "edge", tunnel_info: { tunnel_ip: "10.9.0.2" } }, subnet: { cidr: "10.0.0.0/24" },
  attachment: { interface: "eth1", node: "node-1", role: "layer2" },
  node: {
    interfaces: [{ name: "eth1", up: true, mtu: 1500 }], problems: [], dataplane: "kernel", report_age_ms: 400,
  },
  ...around,
});
const leg = (picture, id) => picture.legs.find((one) => one.id === id);
const station = (picture, id) => picture.stations.find((one) => one.id === id);

test("a connection that lives is good from host to host", () => {
  const picture = chain(known());
  equal(picture.stations.map((one) => one.id), ["hosts-local", "attachment", "node", "vtep-0", "hosts-remote-0"]);
  equal(picture.legs.map((one) => `${one.id} ${one.state}`), ["local good", "port good", "underlay-0 good", "far-0 good"]);
});

const cases = [
  ["an interface that is down breaks the port", "port", "bad leg.down", {}, { node: { interfaces: [{ name: "eth1", up: false }], problems: [] } }],
  ["an interface that is gone breaks the port", "port", "bad leg.down", {}, { node: { interfaces: [], problems: [] } }],
  ["a port without carrier is down", "port", "bad leg.down", { port: { interface: "eth1", state: "no_carrier", mtu: 1500 } }, {}],
  ["no attachment is idle", "port", "idle leg.notAttached", {}, { attachment: null }],
  ["a bridge whose frames the firewall gets needs a look", "port", "warn leg.interfered",
    { port: { interface: "eth1", state: "up", mtu: 1500, filtered_by: ["bridge-nf-call-iptables"] } }, {}],
  ["a silent node breaks the port", "port", "bad leg.silentNode", { report_age_ms: 60_000 }, {}],
  ["behind a silent node nothing is known", "underlay-0", "idle leg.unknown", { report_age_ms: 60_000 }, {}],
  ["a remote that was heard is good", "underlay-0", "good leg.heard", {}, {}],
  ["one that has never been heard and was sent to", "underlay-0", "bad leg.noneBack", { remotes: [remote({ received_age_ms: null })] }, {}],
  ["one to which nothing was sent", "underlay-0", "idle leg.unused", { remotes: [remote({ received_age_ms: null, sent_age_ms: null })] }, {}],
  ["one that has fallen silent", "underlay-0", "bad leg.silent", { remotes: [remote({ received_age_ms: 90_000 })] }, {}],
  ["a next hop that nobody answers for", "underlay-0", "bad leg.nextHopSilent",
    { underlays: [{ tunnel_ip: "192.0.2.1", route: "interface", next_hop: "silent" }] }, {}],
  ["a remote with another VNI is called so", "underlay-0", "bad leg.otherVNI",
    { remotes: [remote({ received_age_ms: 90_000 })], cause: { topic: "other_vni" } }, {}],
  ["hosts behind a remote that is broken are quiet", "far-0", "idle leg.quiet",
    { remotes: [remote({ received_age_ms: 90_000 })] }, {}],
  ["no route", "underlay-0", "bad leg.noRoute", { underlays: [{ tunnel_ip: "192.0.2.1", route: "none" }] }, {}],
  ["the way to another remote", "underlay-0", "good leg.heard", { underlays: [{ tunnel_ip: "192.0.2.7", route: "none" }] }, {}],
  ["a port that is refused", "underlay-0", "bad leg.refused", {
    remotes: [remote({ received_age_ms: null })],
    underlays: [{ tunnel_ip: "192.0.2.1", route: "interface", icmp_error: { kind: "port_unreachable" } }],
  }, {}],
  ["an old error of one that is heard", "underlay-0", "good leg.heard",
    { underlays: [{ tunnel_ip: "192.0.2.1", route: "interface", icmp_error: { kind: "too_big" } }] }, {}],
  ["probes that are lost", "underlay-0", "warn leg.lossy",
    { remotes: [remote({ probing: { reflector: "data_path", sent: 20, answered: 15, round_trip_us: 140 } })] }, {}],
  ["probes that are answered", "underlay-0", "good leg.answered",
    { remotes: [remote({ received_age_ms: null, probing: { reflector: "data_path", sent: 20, answered: 20, answered_age_ms: 900 } })] }, {}],
  ["probes that nobody answers", "underlay-0", "bad leg.unanswered",
    { remotes: [remote({ received_age_ms: 60_000, probing: { reflector: "data_path", sent: 20, answered: 0, answered_age_ms: 60_000 } })] }, {}],
];
for (const [name, id, wanted, diagnosis, around] of cases) {
  test(`in the picture, ${name}`, () => {
    const found = leg(chain(known(diagnosis, around)), id);
    equal(`${found.state} ${found.note}`, wanted);
  });
}

test("what was measured stands at the underlay", () => {
  const probing = { reflector: "data_path", sent: 20, answered: 19, round_trip_us: 141, largest_to_remote: 1514, largest_to_local: 1500 };
  const picture = chain(known({ remotes: [remote({ probing })], underlays: [{ tunnel_ip: "192.0.2.1", mtu: 1600, echo: { sent: 5, answered: 5, round_trip_us: 90 } }] }));
  equal(leg(picture, "underlay-0").facts.map((fact) => [fact.key, fact.value]),
    [["fact.roundTrip", 141], ["fact.loss", 50], ["fact.mtu", 1600], ["fact.largest", 1500]]);
  const unprobed = chain(known({ underlays: [{ tunnel_ip: "192.0.2.1", mtu: 1600, echo: { sent: 5, answered: 5, round_trip_us: 90 } }] }));
  equal(leg(unprobed, "underlay-0").facts.map((fact) => fact.key), ["fact.echo", "fact.loss", "fact.mtu"]);
  equal([lossPerMille(null), lossPerMille({ sent: 0, answered: 0 })], [null, null]);
});

test("an address on both sides is marked on both", () => {
  const twice = [host("10.0.0.1", "local"), host("10.0.0.1", "remote", { mac: "02:00:00:00:00:99" })];
  const picture = chain(known({ hosts: twice }));
  equal([station(picture, "hosts-local").state, station(picture, "hosts-remote-0").state], ["warn", "warn"]);
});

test("hosts behind each of two remotes stand with theirs, and no rate is made up for either", () => {
  const remotes = [remote(), remote({ tunnel_ip: "192.0.2.2" })];
  const hosts = [host("10.0.0.8", "remote"), host("10.0.0.9", "remote", { tunnel_ip: "192.0.2.2" })];
  const picture = chain({ ...known({ remotes, hosts }), rates: { toRemote: { frames: 1, bytes: 1 }, toLocal: null } });
  equal(station(picture, "hosts-remote-1").lines.map((line) => line.text), ["10.0.0.9"]);
  equal([leg(picture, "underlay-0").rates, leg(picture, "local").rates.toRemote.frames], [null, 1]);
});

test("many hosts are named in part", () => {
  const hosts = Array.from({ length: 200 }, (_, i) => host(`10.0.0.${i + 1}`, "local"));
  const shown = station(chain(known({ hosts })), "hosts-local");
  equal([shown.lines.length, shown.more, shown.title.count], [5, 195, 200]);
});

test("a picture without anything around it can be drawn", () => {
  const bare = { diagnosis: { ...known().diagnosis, node: null, report_age_ms: null, counters: null, hosts: [] } };
  const picture = chain(bare);
  check(summary(picture).length > 20, "no words");
  for (const width of [300, 1100]) layout(picture, width);
});

test("the worst of several states is theirs", () => {
  equal([worst("good", "bad", "warn"), worst("idle", "good"), worst()], ["bad", "good", "idle"]);
});

test("stations never overlap, stay inside, and legs join them, at every width", () => {
  const remotes = [remote(), remote({ tunnel_ip: "192.0.2.2" })];
  const hosts = Array.from({ length: 30 }, (_, i) => host(`10.0.0.${i + 1}`, i % 2 ? "local" : "remote"));
  for (const picture of [chain(known()), chain(known({ remotes, hosts })), chain(known({ hosts: [] }))]) {
    for (let width = 280; width <= 2000; width += 20) {
      const plan = layout(picture, width);
      equal(plan.isWide, width >= leastWideWidth);
      const boxes = Object.entries(plan.boxes);
      for (const [name, box] of boxes) {
        check(box.x >= 0 && box.y >= 0 && box.x + box.width <= plan.width && box.y + box.height <= plan.height + 1,
          `${name} leaves the picture at ${width}`);
        for (const [other, second] of boxes) {
          const isApart = box.x + box.width <= second.x || second.x + second.width <= box.x
            || box.y + box.height <= second.y || second.y + second.height <= box.y;
          check(name === other || isApart, `${name} overlaps ${other} at ${width}`);
        }
      }
      for (const one of picture.legs) {
        const { points } = plan.legs[one.id];
        const [start, end] = [points[0], points.at(-1)];
        check(start.x <= end.x && start.y >= 0 && Number.isFinite(end.y), `${one.id} at ${width}`);
        if (plan.isWide) check(plan.legs[one.id].label.width > 75, `no room for the words of ${one.id} at ${width}`);
      }
    }
  }
  check(boxHeight({ kind: "vtep", lines: [1, 2], more: 0 }) > 50, "a box has room for its lines");
});

test("long names are shortened by whole characters", () => {
  equal([shortened("abcdef", 4), shortened("😀😀😀", 2), shortened("abc", 3)], ["abc…", "😀…", "abc"]);
});

// MARK: Lists, places, polls, errors

const columns = [
  { id: "name", text: (row) => row.name }, { id: "age", text: (row) => String(row.age), order: (row) => row.age },
];
const rows = [{ name: "c-10", age: 3 }, { name: "c-9", age: 20 }, { name: "d-1", age: 100 }];
const names = (found) => found.map((row) => row.name);

test("a list is filtered by all words and sorted as people count", () => {
  equal(names(arranged(rows, columns, { filter: "", sort: "name", descending: false })), ["c-9", "c-10", "d-1"]);
  equal(names(arranged(rows, columns, { filter: "C- 10", sort: null, descending: false })), ["c-10"]);
  equal(names(arranged(rows, columns, { filter: "", sort: "age", descending: true })), ["d-1", "c-9", "c-10"]);
  equal(names(arranged(rows, columns, { filter: "none", sort: "age", descending: true })), []);
});

test("addresses are sorted as numbers, what has none last", () => {
  equal(["10.0.0.9", null, "10.0.0.10", "9.0.0.1"].sort((a, b) => addressOrder(a) - addressOrder(b)),
    ["9.0.0.1", "10.0.0.9", "10.0.0.10", null]);
});

test("a place and its address are the same", () => {
  const hash = routeHash({ project: "p1", view: "connections", query: { q: "a b&c", status: "" } });
  equal(hash, "#/p1/connections?q=a+b%26c");
  const route = parseRoute(hash);
  equal([route.project, route.view, route.id, route.query.get("q")], ["p1", "connections", "", "a b&c"]);
  equal(parseRoute("").view, "overview");
  equal(parseRoute("#/%zz/%00/").project, "");
});

test("polls wait longer when they fail or are slow, and never for ever", () => {
  equal([pause(2000, 10, 0), pause(2000, 1000, 0), pause(2000, 10, 2), pause(2000, 10, 50)], [2000, 4000, 8000, 60_000]);
});

test("every error has its advice in words", () => {
  const errors = [
    new UnreachableError(), new TypeError("x"), new APIError(401, "APIGW.0301", "… signature expired", ""),
    ...[400, 401, 403, 404, 409, 413, 429, 500, 503].map((status) => new APIError(status, "c", "m", "")),
  ];
  for (const error of errors) check(adviceKey(error) in languages.en.messages, `${error} has no advice`);
  equal(adviceKey(errors[2]), "advice.clock");
});

// MARK: The sources

async function sourceTexts() {
  const files = await (await fetch("/files.json")).json();
  const texts = await Promise.all(files.map(async (name) => [name, await (await fetch(`/page/${name}`)).text()]));
  return Object.fromEntries(texts);
}

test("nothing in the sources makes markup or code of text", async () => {
  const banned = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\("on|\sstyle="|<script(?! type="module" src)/;
  for (const [name, text] of Object.entries(await sourceTexts())) {
    check(!banned.test(text), `${name}: ${text.match(banned)?.[0]}`);
    check(!/https?:\/\//.test(text.replaceAll("http://www.w3.org/2000/svg", "")), `${name} names another place`);
  }
});

test("the sources keep to their sizes", async () => {
  for (const [name, text] of Object.entries(await sourceTexts())) {
    const lines = text.split("\n");
    check(lines.length <= 401 || name.startsWith("messages-"), `${name} has ${lines.length} lines`);
    if (name.endsWith(".js") && !name.startsWith("messages-")) {
      lines.forEach((line, i) => check([...line].length <= 120, `${name}:${i + 1} is too long`));
    }
  }
});

const results = [];
for (const { name, body } of tests) {
  try {
    await body();
    results.push({ name, failure: null });
  } catch (error) {
    results.push({ name, failure: String(error?.stack ?? error) });
  }
}
window.results = results;
