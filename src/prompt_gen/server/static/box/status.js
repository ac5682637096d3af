// The live region: counts for screen readers only, trouble for everyone.

export class Status {
  #timer = 0;

  constructor() {
    this.node = document.createElement('div');
    this.node.className = 'pg-status';
    this.node.setAttribute('role', 'status');
  }

  /** The kind of trouble that is shown: 'loading', 'offline', 'locked' or 'error'. */
  get trouble() { return this.node.dataset.kind ?? null; }

  /** For screen readers, debounced; trouble goes first. */
  say(text, delay = 500) {
    clearTimeout(this.#timer);
    if (this.trouble) return;
    this.#timer = setTimeout(() => { this.node.textContent = text; }, text ? delay : 0);
  }

  /** One line that everyone sees; no kind removes it. */
  show(kind, text = '') {
    if (!kind && !this.trouble) return;
    this.stop();
    if (kind) this.node.dataset.kind = kind;
    else delete this.node.dataset.kind;
    if (this.node.textContent !== text) this.node.textContent = text;
  }

  stop() { clearTimeout(this.#timer); }
}
