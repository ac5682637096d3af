// One field with its list: what happens when the writer types, moves, chooses and leaves.

import { Asking } from './asking.js';
import { Composition, isOfMethod } from './composition.js';
import { Feedback } from './feedback.js';
import { Field } from './field.js';
import { actionOf } from './keys.js';
import { Pace } from './pace.js';
import { Panel } from './panel.js';
import { Recovery, troubleOf } from './recovery.js';
import { Settings } from './settings.js';
import { nextWord } from './text.js';

const MOST = 20; // candidates that the server gives at a time
const TOUCH = matchMedia('(hover: none) and (pointer: coarse)');

const newSession = () => [...crypto.getRandomValues(new Uint32Array(4))].map((word) => word.toString(36)).join('');

export class Box {
  #host;
  #settings;
  #field;
  #composition;
  #panel;
  #feedback;
  #asking;
  #recovery;
  #pace = new Pace();
  #session = newSession();
  #listeners = new AbortController(); // one removes every listener
  #settled = null; // text last scheduled, asked or accepted: the same text is not asked twice
  #openAt = null; // 'first' | 'last': the row to activate when the asked-for list arrives
  #passed = new Set(); // texts that were shown and passed over, when asking for others

  constructor(host, node, service) {
    this.#host = host;
    this.#settings = new Settings(host);
    this.#field = new Field(node);
    this.#composition = new Composition(this.#settings);
    this.#panel = new Panel(host, this.#field, this.#settings, this.#composition);
    this.#feedback = new Feedback(
      service, this.#session, () => this.#field.text, () => !this.#settings.isOffRecord,
    );
    this.#asking = new Asking((request, signal) => service.complete(this.#body(request), signal), {
      answered: (...answer) => this.#answered(...answer),
      failed: (error) => this.#failed(error),
      waiting: (isLong) => this.#panel.wait(isLong),
      gaveUp: (ms) => this.#pace.givenUp(ms),
    });
    this.#recovery = new Recovery(service, {
      lost: (kind) => this.#panel.status.show(kind, this.#panel.words[kind]),
      back: (models, wasAway) => this.#back(models, wasAway),
    });
    this.#listen();
    this.#recovery.look();
  }

  /** Leave the field as it was found. */
  stop() {
    this.#listeners.abort();
    this.#asking.cancel();
    this.#recovery.stop();
    this.#composition.stop();
    this.#feedback.settle();
    this.#panel.remove();
  }

  /** The service may answer now. */
  lookAgain() { this.#recovery.look(); }

  #listen() {
    const { signal } = this.#listeners;
    const on = (target, type, handler) => target?.addEventListener(type, handler, { signal });
    const { node } = this.#field;
    on(node, 'keydown', (event) => this.#onKey(event));
    on(node, 'input', (event) => this.#onInput(event));
    on(node, 'compositionstart', () => this.#onCompositionStart());
    on(node, 'compositionend', () => this.#composition.end(() => this.#changed()));
    on(node, 'blur', (event) => this.#onBlur(event));
    on(node, 'scroll', () => this.#panel.follow());
    on(node.form, 'submit', () => this.#submit());
    on(node.form, 'reset', () => this.#close('reset'));
    // Keep the focus in the field: a blur would close the list before the click arrives.
    const { list } = this.#panel;
    on(list, 'pointerdown', (event) => event.preventDefault());
    on(list, 'mousedown', (event) => event.preventDefault());
    on(list, 'click', ({ target }) => this.#accept(this.#panel.indexOf(target)));
    on(list, 'pointermove', ({ target, pointerType }) => {
      this.#panel.point(pointerType === 'mouse' ? this.#panel.indexOf(target) : -1);
    });
    on(list, 'pointerleave', () => this.#panel.point(-1));
    on(document, 'pointerdown', ({ target }) => {
      if (target !== node && !this.#host.contains(target)) this.#close('outside');
    });
    on(document, 'selectionchange', () => this.#onCaret());
    on(window, 'pagehide', () => this.#feedback.settle());
    on(window, 'resize', () => this.#panel.draw());
    on(window.visualViewport, 'resize', () => this.#panel.fit());
    on(window.visualViewport, 'scroll', () => this.#panel.fit());
  }

  /** The text to complete: what is left of the caret, without what is being composed. */
  get #typed() { return this.#composition.isUnsettled ? this.#composition.committed : this.#field.left; }

  // ---- typing ------------------------------------------------------------------------------

  #onInput(event) {
    if (this.#field.isInserting) return;
    this.#pace.typed(event.timeStamp);
    if (this.#composition.isUnsettled) this.#panel.draw();
    else this.#changed(event.inputType);
  }

  #changed(inputType) {
    const typed = this.#field.left;
    if (typed === this.#settled) {
      this.#panel.draw();
      return;
    }
    this.#cancel();
    this.#settled = typed;
    this.#passed.clear();
    this.#panel.forget();
    if (!this.#field.invites) {
      this.#panel.hide();
      if (this.#panel.status.trouble === 'error') this.#panel.status.show(null);
      return;
    }
    this.#panel.narrow(typed);
    if (this.#recovery.isAway) return; // asked when the service is back
    if (!this.#settings.isManual) {
      this.#asking.later(this.#pace.delay(inputType, this.#settings.debounce), { prompt: typed });
    } else if (this.#panel.isOutdated) this.#panel.hide();
  }

  #onCompositionStart() {
    this.#composition.start(this.#field.left);
    if (this.#composition.mode === 'committed') this.#askUnlessAsked();
    if (this.#composition.mode !== 'wait') return;
    if (this.#asking.isPending) this.#settled = null;
    this.#cancel();
  }

  #onCaret() {
    if (!this.#panel.isOpen || this.#composition.isOpen || this.#field.isInserting || !this.#field.isFocused) return;
    if (this.#field.hasSelection || this.#field.left !== this.#settled) this.#close('caret');
  }

  /** The keyboard's own "done" key on a phone keeps the list until a tap elsewhere. */
  #onBlur(event) {
    if (this.#field.isInserting) return;
    if (TOUCH.matches && this.#panel.isOpen && !event.relatedTarget) this.#cancel();
    else this.#close('blur');
  }

  #submit() {
    this.#close('submit');
    this.#feedback.settle();
  }

  // ---- asking ------------------------------------------------------------------------------

  /** Now, without a delay; `openAt` names the row to activate. */
  #askByHand(openAt = null) {
    const prompt = this.#typed;
    if (!prompt.trim()) return;
    this.#settled = prompt;
    this.#asking.now({ prompt, byHand: true });
    this.#openAt = openAt;
  }

  #askUnlessAsked() {
    const prompt = this.#typed;
    if (!prompt.trim() || prompt === this.#settled || this.#settings.isManual) return;
    this.#settled = prompt;
    this.#asking.now({ prompt });
  }

  #body({ prompt, seq }) {
    const n = Math.min(MOST, this.#settings.n + this.#passed.size);
    return { prompt, n, max_chars: this.#settings.maxChars, session: this.#session, seq };
  }

  #answered({ prompt, byHand }, answer, ms) {
    this.#pace.answered(ms);
    this.#recovery.wentWell();
    if (prompt !== this.#typed) return;
    const least = byHand ? 0 : this.#settings.minScore;
    const sure = (answer.candidates ?? []).filter(({ text, score }) => typeof text === 'string' && (score ?? 1) >= least);
    this.#panel.status.show(null);
    this.#panel.merge(this.#others(sure), prompt);
    if (this.#openAt) this.#panel.activateEnd(this.#openAt);
    this.#openAt = null;
    const { candidates } = this.#panel;
    this.#feedback.shown(answer.id, candidates);
    this.#emit('pg-suggest', { prompt, candidates, ms: Math.round(ms * 10) / 10 });
  }

  /** Those that were not passed over; all again, when none is left. */
  #others(candidates) {
    const left = candidates.filter(({ text }) => !this.#passed.has(text));
    if (left.length === 0) this.#passed.clear();
    return left.length ? left : candidates;
  }

  #failed(error) {
    this.#panel.hide();
    this.#settled = null;
    const kind = troubleOf(error);
    if (kind === 'error') this.#panel.status.show(kind, this.#panel.words.error(error.message));
    else if (kind === 'loading') this.#recovery.lookLater(); // or it has too much to do
    else this.#recovery.lost(kind);
  }

  #back(models, wasAway) {
    this.#composition.script = models?.data?.[0]?.script ?? 'cjk';
    this.#panel.status.show(null);
    this.#settled = wasAway ? null : this.#settled;
    if (wasAway && !this.#composition.isOpen && this.#field.invites) this.#askUnlessAsked();
  }

  #cancel() {
    this.#asking.cancel();
    this.#openAt = null;
  }

  /** Cancels everything; nothing that was asked before can open the list again. */
  #close(reason) {
    this.#cancel();
    this.#settled = null;
    this.#passed.clear();
    if (!this.#panel.isOpen) return;
    this.#panel.hide();
    this.#feedback.dismissed();
    this.#emit('pg-dismiss', { reason });
  }

  // ---- accepting ---------------------------------------------------------------------------

  #accept(index, part = (rest) => rest) {
    const rest = this.#panel.restAt(index, this.#typed);
    if (!rest) return;
    const text = part(rest);
    const candidate = this.#panel.candidates[index];
    const before = this.#typed;
    this.#cancel();
    this.#field.insert(text, this.#field.left.length - this.#typed.length, this.#composition.isOpen);
    this.#composition.stop();
    this.#settled = this.#field.left; // nothing more is asked until the user types again
    this.#feedback.accepted(candidate, text, before);
    if (text.length < rest.length) this.#panel.narrow(this.#settled);
    else this.#panel.hide();
    this.#emit('pg-accept', { candidate, index, text });
  }

  // ---- keys --------------------------------------------------------------------------------

  #onKey(event) {
    if (isOfMethod(event)) {
      // An Enter that only commits a composition must not submit the form either.
      if (event.key === 'Enter' && !this.#field.isMultiline) event.preventDefault();
      return;
    }
    const found = actionOf(event, this.#seen());
    if (!found) return;
    if (!found.own) event.preventDefault();
    this.#actions[found.action](event);
  }

  /** What the table of keys asks for. */
  #seen() {
    const { isMultiline, isAtEnd, hasPrompt, node } = this.#field;
    const { acceptsOnTab, clearsOnEsc, hasDigitKeys } = this.#settings;
    const { isOpen, isChosen, isInline } = this.#panel;
    return {
      isOpen, isChosen, isInline, isAtEnd, acceptsOnTab, clearsOnEsc, hasDigitKeys,
      opensByArrow: !isMultiline && hasPrompt, // a text area keeps its line keys
      isSearch: node.type === 'search',
      hasCtrlSpace: this.#composition.script !== 'cjk', // it switches many Chinese input methods
    };
  }

  #actions = {
    accept: () => this.#accept(this.#panel.row),
    acceptWord: () => this.#accept(this.#panel.row, nextWord),
    acceptNth: ({ code }) => this.#accept(Number(code.at(-1)) - 1),
    next: () => this.#panel.move(1),
    previous: () => this.#panel.move(-1),
    nextInline: () => this.#panel.cycle(1),
    previousInline: () => this.#panel.cycle(-1),
    ask: () => this.#askByHand(),
    askForFirst: () => this.#askByHand('first'),
    askForLast: () => this.#askByHand('last'),
    askForOthers: () => this.#askForOthers(),
    drop: () => { this.#cancel(); this.#panel.drop(); },
    stay: () => {},
    close: () => this.#close('escape'),
    closeByKey: () => this.#close('key'),
    cancel: () => this.#close('escape'),
    clear: () => { this.#close('escape'); this.#field.clear(); },
    leave: () => this.#close('tab'),
    submit: () => (this.#field.isMultiline ? this.#close('submit') : this.#submit()), // Enter there begins a line
  };

  #askForOthers() {
    for (const { text } of this.#panel.candidates) this.#passed.add(text);
    this.#askByHand();
  }

  #emit(type, detail) { this.#host.dispatchEvent(new CustomEvent(type, { bubbles: true, detail })); }
}
