// What is seen of the suggestions: the list, the inline text, the status line, and what the field says of them.

import { Ghost } from './ghost.js';
import { List } from './list.js';
import { Status } from './status.js';
import { Suggestions } from './suggestions.js';
import { wordsFor } from './words.js';

const IS_SAFARI = /^((?!chrome|chromium|android).)*safari/i.test(navigator.userAgent);

const LIST_GAP = 6; // between a line of a text area and the list, pixels

let panels = 0;

export class Panel {
  #host;
  #field;
  #settings;
  #composition;
  #list = new List(++panels);
  #ghost = new Ghost();
  #suggestions = new Suggestions();
  #isInlineDropped = false; // until the text changes
  status = new Status();

  constructor(host, field, settings, composition) {
    this.#host = host;
    this.#field = field;
    this.#settings = settings;
    this.#composition = composition;
    host.append(this.#ghost.node, this.list, this.status.node);
    this.list.setAttribute('aria-label', this.words.list);
    field.dress(this.list.id, settings.isInline);
  }

  /** Leave host and field as they were found. */
  remove() {
    this.hide();
    this.status.stop();
    this.#field.undress();
    for (const node of [this.#ghost.node, this.list, this.status.node]) node.remove();
  }

  get words() { return wordsFor(this.#host); }

  /** The node of the list. */
  get list() { return this.#list.node; }

  get isOpen() { return this.#list.isOpen; }

  get isChosen() { return this.#list.active >= 0; }

  get isInline() { return this.#ghost.text !== ''; }

  /** No row continues the text: they stay to be seen, and cannot be chosen. */
  get isOutdated() { return this.#suggestions.isOutdated; }

  /** The text that the rows go on from. */
  get typed() { return this.#suggestions.typed; }

  get candidates() { return this.#suggestions.rows.map((row) => row.candidate); }

  /** The row to accept: the active one, else that of the inline text. */
  get row() { return Math.max(this.#list.active, 0); }

  /** What a row adds to a text, or null. */
  restAt(index, typed) { return this.#suggestions.restAt(index, typed); }

  indexOf(target) { return this.#list.indexOf(target); }

  /** The pointer is on this row: it and those above stay in place. */
  point(index) { this.#list.hover = index; }

  // ---- showing -----------------------------------------------------------------------------

  /** The text has changed: nothing is chosen any more. */
  forget() {
    this.#isInlineDropped = false;
    this.#list.hover = -1;
    this.activate(-1);
  }

  /** Keep and shrink what the new text continues. */
  narrow(typed) {
    if (!this.isOpen) return;
    this.#suggestions.narrow(typed, this.#settings.n);
    this.#show();
  }

  /** An answer; rows up to the active (or pointed-at) one stay where they are. */
  merge(candidates, typed) {
    const held = Math.max(this.#list.active, this.#list.hover) + 1;
    this.#suggestions.merge(candidates, held, typed, this.#settings.n);
    this.#show();
  }

  #show() {
    this.#list.render(this.#suggestions);
    if (!this.#suggestions.rows.length) this.hide();
    else if (!this.isOpen) this.#open();
    if (!this.isOutdated) this.fit();
    this.draw();
    this.status.say(this.isOpen ? this.words.count(this.#list.count) : this.words.none);
  }

  #open() {
    this.list.setAttribute('aria-label', this.words.list);
    this.#list.open(true);
    if (!this.#list.fit()) this.#field.node.scrollIntoView({ block: 'start' }); // room above the keyboard
  }

  hide() {
    this.#suggestions.clear();
    this.#list.hover = -1;
    this.#list.open(false);
    this.activate(-1);
    this.status.say('');
  }

  fit() {
    if (!this.isOpen) return;
    this.#list.fit();
    this.draw();
  }

  /** The waiting state, of an answer that takes long. */
  wait(isLong) {
    this.#host.classList.toggle('pg-stalled', isLong);
    this.list.setAttribute('aria-busy', String(isLong));
  }

  /** Bring the field's attributes and the inline text up to date. */
  draw() {
    this.#field.announce(this.isOpen, this.#list.activeId);
    if (this.isOpen && this.#field.isMultiline) { // below the line that is written, wherever that is
      this.list.style.insetBlockStart = `${Math.round(this.#ghost.lineEnd(this.#field)) + LIST_GAP}px`;
    }
    const isShown = this.#settings.isInline && this.isOpen && !this.#isInlineDropped
      && !this.#composition.isUnsettled && this.#field.isFocused;
    this.#ghost.draw(this.#field, (isShown && this.restAt(this.row, this.#field.left)) || '');
  }

  /** Keep everything in its place when the field scrolls. */
  follow() {
    this.#ghost.follow(this.#field);
    this.draw();
  }

  // ---- choosing ----------------------------------------------------------------------------

  activate(index) {
    if (index >= 0 && this.isOutdated) return;
    this.#list.activate(index);
    this.draw();
    if (index >= 0 && IS_SAFARI) this.status.say(this.#list.activeText, 100); // VoiceOver often misses the attribute
  }

  activateEnd(which) { if (this.isOpen) this.activate(which === 'first' ? 0 : this.#list.count - 1); }

  /** On by so many rows, through the field itself. */
  move(step) { this.activate(this.#list.after(step)); }

  /** On by so many rows from that of the inline text. */
  cycle(step) { this.activate((this.row + step + this.#list.count) % this.#list.count); }

  /** No row is active, and no inline text is seen until the text changes. */
  drop() {
    this.#isInlineDropped = true;
    this.activate(-1);
  }
}
