// Input methods: whether text inside a composition counts as typed.
//
//   wait       nothing is asked while a composition is open: half-typed pinyin is no text
//   committed  the same, but what was committed before it is asked for
//   live       text counts as it comes: Gboard composes every Latin word
//   auto       wait where the corpus is Chinese, Japanese or Korean (or not yet known), else live

const MODES = ['wait', 'committed', 'live'];

export class Composition {
  #settings;
  #settling = 0;
  isOpen = false;
  script = null; // of the corpus: 'cjk' | 'latin' | 'other'; null: not yet known
  committed = null; // while open: what was left of the caret before it

  constructor(settings) {
    this.#settings = settings;
  }

  get mode() {
    const wanted = this.#settings.composition;
    if (MODES.includes(wanted)) return wanted;
    return this.script === null || this.script === 'cjk' ? 'wait' : 'live';
  }

  /** True while the letters at the caret belong to the input method, not yet to the text. */
  get isUnsettled() { return this.isOpen && this.mode !== 'live'; }

  start(left) {
    clearTimeout(this.#settling);
    this.isOpen = true;
    this.committed = left;
  }

  /** The last `input` event comes before or right after the end: wait for both, then go on once. */
  end(then) {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      this.stop();
      then();
    });
  }

  stop() {
    clearTimeout(this.#settling);
    this.isOpen = false;
    this.committed = null;
  }
}

/** Whether a key belongs to the input method; Safari says so by the key code only. */
export const isOfMethod = (event) => event.isComposing || event.keyCode === 229;
