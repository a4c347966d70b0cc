// Rates over the last minutes, as two lines over one axis.

import { element, setText, shape } from "./dom.js";
import { bitRate, timeOfDay } from "./format.js";
import { t } from "./language.js";
import { mostPoints } from "./rates.js";

const [width, height] = [560, 96];

/** The points of a line, of values against the greatest; places without a value are left out. */
export function linePoints(values, greatest, most = mostPoints) {
  return values
    .map((value, i) => [
      width - (values.length - 1 - i) * (width / (most - 1)),
      height - 2 - (greatest > 0 ? ((value ?? 0) / greatest) * (height - 8) : 0),
    ])
    .map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
}

/** The same with what is under it. */
export function areaPoints(values, greatest) {
  if (values.length < 2) return "";
  const left = width - (values.length - 1) * (width / (mostPoints - 1));
  return `${left.toFixed(1)},${height - 1} ${linePoints(values, greatest)} ${width},${height - 1}`;
}

export class Chart {
  constructor() {
    this.area = shape("polygon", {});
    this.out = shape("polyline", { class: "out" });
    this.back = shape("polyline", { class: "back" });
    this.drawing = shape("svg", {
      role: "img", class: "chart", "aria-label": t("traffic.waiting"), viewBox: `0 0 ${width} ${height}`,
      preserveAspectRatio: "none",
    }, shape("line", { class: "axis", x1: 0, x2: width, y1: height - 1, y2: height - 1 }),
    this.area, this.out, this.back);
    this.texts = {
      out: element("span", {}), back: element("span", {}), peak: element("span", { class: "muted" }),
    };
    const entry = (name, words) => element("span", {},
      element("span", { class: `key ${name}`, "aria-hidden": "true" }), words, " ", this.texts[name]);
    this.node = element("div", {},
      element("p", { class: "legend" },
        entry("out", t("traffic.toRemote")), entry("back", t("traffic.toLocal")), this.texts.peak),
      this.drawing);
  }

  /** @param history a `RateHistory` */
  show(history) {
    const bytes = (direction) => history.points.map((point) => point[direction]?.bytes ?? null);
    const [out, back] = [bytes("toRemote"), bytes("toLocal")];
    const greatest = Math.max(0, ...out, ...back);
    this.out.setAttribute("points", linePoints(out, greatest));
    this.back.setAttribute("points", linePoints(back, greatest));
    this.area.setAttribute("points", areaPoints(out, greatest));
    setText(this.texts.out, bitRate(out.at(-1)));
    setText(this.texts.back, bitRate(back.at(-1)));
    setText(this.texts.peak, history.points.length
      ? t("traffic.peak", { rate: bitRate(greatest), since: timeOfDay(history.points[0].at) }) : t("traffic.waiting"));
    this.drawing.setAttribute("aria-label", t("traffic.label", {
      out: bitRate(out.at(-1)), back: bitRate(back.at(-1)), peak: bitRate(greatest),
    }));
  }
}
