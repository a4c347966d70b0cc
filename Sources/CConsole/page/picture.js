// The chain of a connection as SVG, and the same in words for who does not see it.

import { element, setText, shape } from "./dom.js";
import { age, bitRate, duration, frameRate, number, perMille } from "./format.js";
import { t } from "./language.js";
import { layout, shortened } from "./layout.js";

const marks = { good: "✓", warn: "!", bad: "✕", idle: "–" };
const lineHeight = 17;
const tickMilliseconds = 1000;

const factFormats = { us: duration, perMille, bytes: (value) => number(value) };

/** A fact of a leg as it is written: `MTU 1,500`. */
export function factText({ key, value, unit }) {
  return t(key, { value: factFormats[unit](value) });
}

const titleText = (title) => title.text ?? t(title.key, { count: title.count });
const lineText = (line) => (line.key ? t(line.key, { value: line.text }) : line.text);

/** A figure that draws a chain, and draws it anew when told or when its place has another width. */
export class Picture {
  #groups = new Map();
  #ages = [];
  #chain = null;

  constructor() {
    this.drawing = shape("svg", { role: "img", class: "picture", "aria-label": t("connection.path") });
    this.table = element("table", { class: "plain" });
    this.node = element("figure", { class: "chain" },
      element("div", { class: "drawing" }, this.drawing),
      element("figcaption", {}, element("details", {},
        element("summary", {}, t("picture.inWords")), element("div", { class: "wide" }, this.table))));
    this.observer = new ResizeObserver(() => this.#draw());
    this.observer.observe(this.node);
    this.timer = setInterval(() => this.#tick(), tickMilliseconds);
  }

  stop() {
    this.observer.disconnect();
    clearInterval(this.timer);
  }

  show(chain) {
    this.#chain = chain;
    this.at = performance.now();
    this.#draw();
  }

  #draw() {
    const width = this.node.clientWidth;
    if (!this.#chain || !width) return;
    const plan = layout(this.#chain, width);
    this.drawing.setAttribute("viewBox", `0 0 ${plan.width} ${plan.height}`);
    this.drawing.setAttribute("width", plan.width);
    this.drawing.setAttribute("height", plan.height);
    this.drawing.setAttribute("aria-label", summary(this.#chain));
    const seen = new Set();
    for (const leg of this.#chain.legs) {
      this.#put(seen, `line-${leg.id}`, lineOf(leg, plan.legs[leg.id]));
      this.#put(seen, `label-${leg.id}`, labelOf(leg, plan.legs[leg.id], plan.isWide));
    }
    for (const station of this.#chain.stations) {
      this.#put(seen, `station-${station.id}`, boxOf(station, plan.boxes[station.id]));
    }
    for (const [key, group] of this.#groups) {
      if (seen.has(key)) continue;
      group.remove();
      this.#groups.delete(key);
    }
    this.table.replaceChildren(...rowsOf(this.#chain));
    this.#ages = [...this.node.querySelectorAll("[data-age]")];
    this.#tick();
  }

  /** What looks as before stays, so that what moves in it goes on moving. */
  #put(seen, key, group) {
    seen.add(key);
    const before = this.#groups.get(key);
    if (before?.isEqualNode(group)) return;
    if (before) before.replaceWith(group); else this.drawing.append(group);
    this.#groups.set(key, group);
  }

  #tick() {
    const since = performance.now() - this.at;
    for (const place of this.#ages) {
      const told = age(Number(place.dataset.age) + since);
      setText(place, place.dataset.words ? t(place.dataset.words, { age: told }) : told);
    }
  }
}

/** A text that grows older by itself. */
function aging(name, attributes, milliseconds, words = "") {
  if (typeof milliseconds !== "number") return null;
  const place = shape(name, { ...attributes, "data-age": Math.round(milliseconds / 100) * 100, "data-words": words });
  place.textContent = words ? t(words, { age: age(milliseconds) }) : age(milliseconds);
  return place;
}

function lineOf(leg, { points }) {
  const along = points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  const lane = (direction, offset) => {
    const rate = leg.rates?.[direction];
    const isUpright = points[0].x === points.at(-1).x;
    // Beside each other also where they go up or down.
    const aside = Math.sign(points.at(-1).y - points[0].y) * -offset;
    return shape("polyline", {
      points: along, class: `lane ${direction}${rate?.frames > 0 ? " flows" : ""}`,
      transform: isUpright ? `translate(${-offset} 0)` : `translate(${aside} ${offset})`,
    });
  };
  return shape("g", { class: `leg ${leg.state}` }, lane("toRemote", -2.5), lane("toLocal", 2.5));
}

function labelOf(leg, { label }, isWide) {
  const rate = (direction) => (leg.rates?.[direction] ? bitRate(leg.rates[direction].bytes) : null);
  const facts = leg.facts.map((fact) => ["fact", factText(fact)]);
  const [out, back] = isWide ? ["→", "←"] : ["↓", "↑"];
  const above = [...facts, rate("toRemote") ? ["rate", `${out} ${rate("toRemote")}`] : null].filter(Boolean);
  const below = [rate("toLocal") ? ["rate", `${back} ${rate("toLocal")}`] : null].filter(Boolean);
  const text = (kind, words, y) =>
    shape("text", { class: kind, x: label.x, y, "text-anchor": label.anchor }, words);
  const note = (y) => [
    text(`note ${leg.state}`, t(leg.note), y),
    aging("text", { class: "age", x: label.x, y: y + lineHeight, "text-anchor": label.anchor },
      leg.ageMilliseconds, "picture.ago"),
  ];
  if (!isWide) {
    const lines = [...above, ...below];
    const top = label.y - ((lines.length + 2) * lineHeight) / 2 + 12;
    return shape("g", {}, markOf(leg, label.x - 16, label.y), note(top),
      lines.map(([kind, words], i) => text(kind, words, top + (i + 2) * lineHeight)));
  }
  return shape("g", {},
    above.map(([kind, words], i) => text(kind, words, label.y - 16 - (above.length - 1 - i) * lineHeight)),
    markOf(leg, label.x, label.y),
    below.map(([kind, words]) => text(kind, words, label.y + 26)),
    note(label.y + 26 + below.length * lineHeight));
}

function markOf({ state }, x, y) {
  return shape("g", { class: `mark ${state}`, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` },
    shape("circle", { r: 8.5 }), shape("text", { y: 4, "text-anchor": "middle" }, marks[state]));
}

function boxOf(station, box) {
  const most = Math.floor((box.width - 18) / (station.kind === "vtep" ? 7.3 : 7.8));
  const title = titleText(station.title);
  const lines = station.lines.map((line, i) => {
    const text = lineText(line);
    const y = 43 + i * lineHeight;
    return [
      shape("text", { class: line.isCode ? "code" : "line", x: 11, y },
        shortened(text, Math.floor((box.width - (line.ageMilliseconds === undefined ? 20 : 58)) / 6.7)),
        [...text].length > most ? shape("title", {}, text) : null),
      aging("text", { class: "age", x: box.width - 10, y, "text-anchor": "end" }, line.ageMilliseconds),
    ];
  });
  const y = 43 + station.lines.length * lineHeight;
  return shape("g", { class: `station ${station.state} ${station.kind}`,
    transform: `translate(${box.x.toFixed(1)} ${box.y.toFixed(1)})` },
  shape("rect", { width: box.width, height: box.height, rx: 8 }),
  shape("rect", { class: "edge", width: 3, height: box.height - 16, x: 0, y: 8, rx: 1.5 }),
  shape("text", { class: "title", x: 11, y: 24 }, shortened(title, most), shape("title", {}, title)),
  lines,
  station.more > 0
    ? shape("text", { class: "age", x: 11, y }, t("picture.more", { count: station.more })) : null,
  station.kind === "node" && station.ageMilliseconds !== undefined
    ? aging("text", { class: "age", x: 11, y }, station.ageMilliseconds, "picture.reported") : null);
}

/** One sentence: each leg with its state. */
export function summary(chain) {
  const names = Object.fromEntries(chain.stations.map((station) => [station.id, titleText(station.title)]));
  return chain.legs
    .map((leg) => t("picture.legInWords", {
      from: names[leg.from], to: names[leg.to], state: t(`state.${leg.state}`), note: t(leg.note),
    })).join(" ");
}

function rowsOf(chain) {
  const names = Object.fromEntries(chain.stations.map((station) => [station.id, titleText(station.title)]));
  const head = ["leg", "state", "evidence", "toRemote", "toLocal", "measured"];
  const rate = (one) => (one ? `${bitRate(one.bytes)} · ${frameRate(one.frames)}` : "–");
  const rows = chain.legs.map((leg) => element("tr", {},
    element("th", { scope: "row" }, `${names[leg.from]} – ${names[leg.to]}`),
    element("td", {}, `${t(`state.${leg.state}`)}: ${t(leg.note)}`),
    element("td", { "data-age": leg.ageMilliseconds ?? false }, age(leg.ageMilliseconds)),
    element("td", {}, rate(leg.rates?.toRemote)), element("td", {}, rate(leg.rates?.toLocal)),
    element("td", {}, leg.facts.map(factText).join(", ") || "–")));
  return [
    element("thead", {}, element("tr", {},
      head.map((name) => element("th", { scope: "col" }, t(`picture.column.${name}`))))),
    element("tbody", {}, rows),
  ];
}
