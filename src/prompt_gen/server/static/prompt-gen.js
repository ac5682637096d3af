/**
 * <prompt-gen for="note" endpoint="/v1/complete"></prompt-gen>
 *
 * Adds an as-you-type completion list to an existing <input> or <textarea> in the same root.
 * Place it right after the field: the list opens below this element.
 *
 * Attributes   for, endpoint, lang,
 *              n (5), max-chars (24), min-score (0..1),
 *              trigger ("auto" | "manual"), debounce (ms or "auto"),
 *              composition ("auto" | "wait" | "committed" | "live"),
 *              inline (the best row in grey behind the caret, too),
 *              accept-on-tab (with inline text, unless "false"; else where it is set),
 *              digit-keys (Alt+1..9 accepts the nth row), clear-on-esc,
 *              off-record (nothing that is shown or accepted is told to the server)
 * Properties   the same in camel case, `for` as htmlFor; key: for a server that asks for one
 * Events       pg-suggest {prompt, candidates, ms}   an answer was painted
 *              pg-accept  {candidate, index, text}   text = what was inserted
 *              pg-dismiss {reason}                   the open list was closed without accepting
 *
 * What it does to the field is in box/box.js; each part of that is a file of its own.
 */

import { Box } from './box/box.js';
import { Service } from './box/service.js';
import { reflect } from './box/settings.js';

export class PromptGen extends HTMLElement {
  static observedAttributes = ['for', 'endpoint', 'lang', 'inline'];

  #service = new Service(this);
  #box = null;
  #isConnected = false;

  /** Sent in a header of every request; kept nowhere else. */
  get key() { return this.#service.key; }

  set key(key) {
    this.#service.key = key ?? '';
    this.#box?.lookAgain();
  }

  connectedCallback() {
    this.#isConnected = true;
    if (this.#attach()) return;
    document.addEventListener('DOMContentLoaded', () => this.#isConnected && this.#attach(), { once: true });
  }

  disconnectedCallback() {
    this.#isConnected = false;
    this.#detach();
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || !this.#isConnected) return;
    this.#detach();
    this.#attach();
  }

  #attach() {
    const field = this.htmlFor && this.getRootNode().querySelector(`#${CSS.escape(this.htmlFor)}`);
    if (field && !this.#box) this.#box = new Box(this, field, this.#service);
    return Boolean(field);
  }

  #detach() {
    this.#box?.stop();
    this.#box = null;
  }
}

reflect(PromptGen.prototype);
if (!customElements.get('prompt-gen')) customElements.define('prompt-gen', PromptGen);
