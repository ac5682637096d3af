// What could be shown: the candidates of the last answers, and those of them that go on what is typed.

import { restOf } from './text.js';

export class Suggestions {
  #pool = []; // candidates of the last answer, and those that were kept before it
  rows = []; // [{candidate, rest}] to be shown
  typed = ''; // the text that the rows continue
  isOutdated = false; // no row continues the text: they stay on screen, inert, until the answer

  clear() {
    this.#pool = [];
    this.rows = [];
    this.isOutdated = false;
  }

  /** At once, before any answer: keep and shrink what the new text continues; never blank the list. */
  narrow(typed, most) {
    const before = this.rows;
    this.#match(typed, most);
    this.isOutdated = this.rows.length === 0 && before.length > 0;
    if (this.isOutdated) this.rows = before;
  }

  /** An answer: so many rows from the top stay where they are, what is new comes below. */
  merge(fresh, held, typed, most) {
    const kept = this.isOutdated ? [] : this.rows.slice(0, held).map((row) => row.candidate);
    const all = [...kept, ...fresh];
    this.#pool = all.filter(({ text }, i) => all.findIndex((other) => other.text === text) === i);
    this.#match(typed, most);
    this.isOutdated = false;
  }

  /** What the row adds to a text now, or null. */
  restAt(index, typed) {
    const row = this.isOutdated ? undefined : this.rows[index];
    return row ? restOf(row.candidate.text, typed) || null : null;
  }

  #match(typed, most) {
    const rows = this.#pool.map((candidate) => ({ candidate, rest: restOf(candidate.text, typed) }));
    this.rows = rows.filter((row) => row.rest).slice(0, most);
    this.typed = typed;
  }
}
