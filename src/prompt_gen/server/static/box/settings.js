// The attributes of <prompt-gen> as values, read when they are needed, and as properties.

const TEXTS = ['for', 'endpoint', 'n', 'max-chars', 'min-score', 'trigger', 'debounce', 'composition'];
const FLAGS = ['inline', 'accept-on-tab', 'digit-keys', 'clear-on-esc', 'off-record'];

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

export class Settings {
  #host;

  constructor(host) {
    this.#host = host;
  }

  #number(name, fallback) {
    const value = Number.parseFloat(this.#host.getAttribute(name));
    return Number.isFinite(value) ? value : fallback;
  }

  /** True or false as it is set, undefined where it is not. */
  #flag(name) { return this.#host.hasAttribute(name) ? this.#host.getAttribute(name) !== 'false' : undefined; }

  get n() { return clamp(Math.round(this.#number('n', 5)), 1, 10); }

  get maxChars() { return clamp(Math.round(this.#number('max-chars', 24)), 1, 200); }

  get minScore() { return this.#number('min-score', 0); }

  /** Milliseconds; negative: as answers and the writer's pace suggest. */
  get debounce() { return this.#number('debounce', -1); }

  get isManual() { return this.#host.getAttribute('trigger') === 'manual'; }

  get composition() { return this.#host.getAttribute('composition'); }

  get isInline() { return Boolean(this.#flag('inline')); }

  get acceptsOnTab() { return this.#flag('accept-on-tab'); }

  get hasDigitKeys() { return Boolean(this.#flag('digit-keys')); }

  get clearsOnEsc() { return Boolean(this.#flag('clear-on-esc')); }

  get isOffRecord() { return Boolean(this.#flag('off-record')); }
}

const camel = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

/** Make every attribute a property too: `for` as htmlFor, `max-chars` as maxChars, and so on. */
export function reflect(prototype) {
  const define = (name, get, set) => Object.defineProperty(prototype, name, { get, set, configurable: true });
  for (const name of TEXTS) {
    define(name === 'for' ? 'htmlFor' : camel(name),
      function get() { return this.getAttribute(name); },
      function set(value) { if (value == null) this.removeAttribute(name); else this.setAttribute(name, value); });
  }
  for (const name of FLAGS) {
    define(camel(name),
      function get() { return this.hasAttribute(name) && this.getAttribute(name) !== 'false'; },
      function set(value) { this.toggleAttribute(name, Boolean(value)); });
  }
}
