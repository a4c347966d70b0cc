// What crosses a second, by the difference of counters of two reports.

/** Points that are kept for the chart: four minutes of one every two seconds. */
export const mostPoints = 120;
/** Two reports that are closer than this are the same one, of which the age was told twice. */
const leastSpanMilliseconds = 300;

/** @returns frames and bytes a second, by direction; nothing where a counter was begun anew */
export function rates(before, after) {
  const seconds = (after.at - before.at) / 1000;
  const between = (direction) => {
    const [old, young] = [before.counters?.[direction], after.counters?.[direction]];
    if (!old || !young || !(seconds > 0)) return null;
    const [frames, bytes] = [young.frames - old.frames, young.bytes - old.bytes];
    return frames < 0 || bytes < 0 ? null : { frames: frames / seconds, bytes: bytes / seconds };
  };
  return { toRemote: between("to_remote"), toLocal: between("to_local") };
}

/** The rates of one connection, as its reports come in. */
export class RateHistory {
  points = [];
  #last = null;
  current = { toRemote: null, toLocal: null };

  /**
   * @param diagnosis of a connection
   * @param {number} now in milliseconds
   */
  add(diagnosis, now) {
    if (!diagnosis.counters) return;
    const sample = { at: now - (diagnosis.report_age_ms ?? 0), counters: diagnosis.counters };
    if (this.#last) {
      if (sample.at - this.#last.at < leastSpanMilliseconds) return;
      this.current = rates(this.#last, sample);
      this.points.push({ at: sample.at, ...this.current });
      if (this.points.length > mostPoints) this.points.shift();
    }
    this.#last = sample;
  }
}

/** The rates of many connections, by id, as the list of their counters comes in. */
export class RateTable {
  #samples = new Map();
  #rates = new Map();

  /** @param rows of the list of traffic; who is not in it any more is forgotten */
  update(rows, now) {
    const samples = new Map();
    for (const row of rows) {
      if (!row.to_remote) continue;
      const { to_remote: out, to_local: back } = row;
      let sample = { at: now - (row.report_age_ms ?? 0), counters: { to_remote: out, to_local: back } };
      const before = this.#samples.get(row.id);
      if (before && sample.at - before.at < leastSpanMilliseconds) sample = before;
      else if (before) this.#rates.set(row.id, rates(before, sample));
      samples.set(row.id, sample);
    }
    for (const id of this.#rates.keys()) {
      if (!samples.has(id)) this.#rates.delete(id);
    }
    this.#samples = samples;
  }

  of(id) {
    return this.#rates.get(id) ?? { toRemote: null, toLocal: null };
  }
}
