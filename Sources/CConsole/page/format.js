// Numbers, times and ages as a person of the chosen language reads them.

let locale = "en";

/** `en` or `zh-CN`. */
export function setLocale(name) {
  locale = name;
}

const formats = new Map();

function numberFormat(options) {
  const key = `${locale} ${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(locale, options));
  return formats.get(key);
}

export function number(value) {
  return isNumber(value) ? numberFormat({}).format(value) : "–";
}

/** `1.2k`, `3.4M`: for rates, of which two or three digits are worth reading. */
function short(value) {
  const step = value >= 1e9 ? [1e9, "G"] : value >= 1e6 ? [1e6, "M"] : value >= 1e3 ? [1e3, "k"] : [1, ""];
  const scaled = value / step[0];
  const digits = scaled >= 100 || (step[1] === "" && scaled >= 10) ? 0 : 1;
  return [numberFormat({ maximumFractionDigits: digits }).format(scaled), step[1]];
}

/** Frames a second. */
export function frameRate(perSecond) {
  return isNumber(perSecond) ? `${short(perSecond).join("")} f/s` : "–";
}

/** Bits a second, of bytes a second. */
export function bitRate(bytesPerSecond) {
  if (!isNumber(bytesPerSecond)) return "–";
  const [digits, unit] = short(bytesPerSecond * 8);
  return `${digits} ${unit}bit/s`;
}

export function bytes(count) {
  if (!isNumber(count)) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let [scaled, unit] = [count, 0];
  while (scaled >= 1024 && unit < units.length - 1) [scaled, unit] = [scaled / 1024, unit + 1];
  return `${numberFormat({ maximumFractionDigits: unit && scaled < 100 ? 1 : 0 }).format(scaled)} ${units[unit]}`;
}

/** How long something took, of microseconds. */
export function duration(microseconds) {
  if (!isNumber(microseconds)) return "–";
  if (microseconds < 1000) return `${number(microseconds)} µs`;
  const milliseconds = microseconds / 1000;
  if (milliseconds < 1000) {
    return `${numberFormat({ maximumFractionDigits: milliseconds < 100 ? 2 : 0 }).format(milliseconds)} ms`;
  }
  return `${numberFormat({ maximumFractionDigits: 1 }).format(milliseconds / 1000)} s`;
}

/** How old something is, of milliseconds: `0.4 s`, `12 s`, `3 min`, `2 h`, `5 d`. */
export function age(milliseconds) {
  if (!isNumber(milliseconds)) return "–";
  const seconds = milliseconds / 1000;
  if (seconds < 60) {
    return unit(seconds < 10 ? Math.floor(seconds * 10) / 10 : Math.floor(seconds), "second");
  }
  if (seconds < 3600) return unit(Math.floor(seconds / 60), "minute");
  if (seconds < 86400) return unit(Math.floor(seconds / 3600), "hour");
  return unit(Math.floor(seconds / 86400), "day");
}

function unit(value, name) {
  return numberFormat({ style: "unit", unit: name, unitDisplay: "narrow", maximumFractionDigits: 1 })
    .format(value);
}

/** Thousandths as a percentage. */
export function perMille(value) {
  return isNumber(value)
    ? numberFormat({ style: "percent", maximumFractionDigits: 1 }).format(value / 1000) : "–";
}

/**
 * A moment of an answer, on the reader's clock.
 *
 * @param {"short" | "medium"} precision to the minute, or to the second
 */
export function moment(text, precision = "short") {
  const date = new Date(text);
  if (!text || Number.isNaN(date.getTime())) return "–";
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: precision }).format(date);
}

/** A time of day, of milliseconds since 1970. */
export function timeOfDay(milliseconds) {
  return new Intl.DateTimeFormat(locale, { timeStyle: "medium" }).format(new Date(milliseconds));
}

/** A comparison of texts in which `c-10` comes behind `c-9`. */
export function naturalOrder() {
  const collator = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
  return (a, b) => collator.compare(a, b);
}

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
