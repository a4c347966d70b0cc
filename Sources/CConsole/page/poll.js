// Asking again and again, but never more than somebody sees.

const longestPauseMilliseconds = 60_000;
/** The share of the time that asking may take: what is slow is asked less often. */
const slowness = 4;

/** How long to wait before asking again. */
export function pause(everyMilliseconds, tookMilliseconds, failures) {
  const usual = Math.max(everyMilliseconds, slowness * tookMilliseconds);
  return Math.min(usual * 2 ** Math.min(failures, 10), Math.max(longestPauseMilliseconds, everyMilliseconds));
}

/** Calls `work` at once and then every so often; not while the page is hidden, and less while it fails. */
export class Poll {
  #timer;
  #isRunning = false;
  #isStopped = false;
  #failures = 0;

  /** @param onState gets `live`, `paused` or `failing`, with the error */
  constructor(work, everyMilliseconds, onState = () => {}) {
    Object.assign(this, { work, everyMilliseconds, onState });
    this.onVisibility = () => {
      if (document.hidden) {
        clearTimeout(this.#timer);
        this.onState("paused");
      } else {
        this.now();
      }
    };
    document.addEventListener("visibilitychange", this.onVisibility);
    this.now();
  }

  /** Asks now, if it is not being asked. */
  async now() {
    clearTimeout(this.#timer);
    if (this.#isRunning || this.#isStopped) return;
    this.#isRunning = true;
    const start = performance.now();
    try {
      await this.work(() => this.#isStopped);
      this.#failures = 0;
      if (!this.#isStopped) this.onState("live");
    } catch (error) {
      this.#failures += 1;
      if (!this.#isStopped) this.onState("failing", error);
    } finally {
      this.#isRunning = false;
    }
    if (this.#isStopped || document.hidden) return;
    const rest = pause(this.everyMilliseconds, performance.now() - start, this.#failures);
    this.#timer = setTimeout(() => this.now(), rest);
  }

  stop() {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.onVisibility);
  }
}
