// When to ask: at once while answers are fast, else just behind this writer's usual pause.

const DELETE_MS = 300; // quiet time after deleting before asking again
const FAST_MS = 100; // median round trip below which no debounce is needed
const PAUSE_MS = 2000; // a longer gap is a pause for thought, not the writer's pace
const BOUNDS_MS = [60, 350];
const REMEMBERED = 9;

const clamp = (value, [low, high]) => Math.min(high, Math.max(low, value));
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const remember = (values, value) => { if (values.push(value) > REMEMBERED) values.shift(); };

export class Pace {
  #trips = []; // recent round trips, ms
  #gaps = []; // recent gaps between inputs, ms
  #last = -Infinity;

  typed(now) {
    if (now - this.#last < PAUSE_MS) remember(this.#gaps, now - this.#last);
    this.#last = now;
  }

  answered(ms) { remember(this.#trips, ms); }

  /** One that was given up takes at least as long as it was waited for. */
  givenUp(ms) { if (ms > FAST_MS) remember(this.#trips, ms); }

  /** Milliseconds to wait behind an input; `fixed` is what the page wants, if it does. */
  delay(inputType, fixed) {
    if (inputType?.startsWith('delete')) return DELETE_MS;
    if (fixed >= 0) return fixed;
    if (this.#trips.length < 3 || median(this.#trips) < FAST_MS) return 0;
    return clamp(1.2 * median(this.#gaps), BOUNDS_MS);
  }
}
