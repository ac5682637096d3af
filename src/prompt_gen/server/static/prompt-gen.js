/**
 * <prompt-gen for="note" endpoint="/v1/complete"></prompt-gen>
 *
 * Adds an as-you-type completion list to an existing <input> or <textarea> in the same root.
 * Place it right after the field: the list opens below this element.
 *
 * Attributes   for, endpoint, n (5), max-chars (24), debounce (ms or "auto"),
 *              composition ("auto" | "wait" | "live"), accept-on-tab, lang,
 *              digit-keys (Alt+1..9 accepts the nth row), clear-on-esc, min-score (0..1)
 * Events       pg-suggest {prompt, candidates, ms}   an answer was painted
 *              pg-accept  {candidate, index, text}   text = what was inserted
 *              pg-dismiss {reason}                   the open list was closed without accepting
 */

const STALL_MS = 300; // an answer later than this shows the waiting state
const DELETE_MS = 300; // quiet time after deleting before asking again
const FAST_MS = 100; // median round trip below which no debounce is needed
const DEADLINE_MS = 500; // what the server is given to answer
const MAX_SUFFIX = 8; // with more characters after the caret, ask only by hand
const LONG = 12; // a longer typed part may be shortened in the rows, from its left
const RETRY_MS = [1000, 8000];

const TEXT = {
  zh: {
    list: '续写建议',
    count: (n) => `${n} 条建议`,
    none: '没有建议',
    loading: '模型加载中，好了会自动继续…',
    offline: '连不上服务，正在重试…',
    error: (why) => `暂时给不出建议：${why}`,
  },
  en: {
    list: 'Suggestions',
    count: (n) => `${n} suggestion${n === 1 ? '' : 's'}`,
    none: 'No suggestions',
    loading: 'The model is loading; this will go on by itself…',
    offline: 'Cannot reach the service; trying again…',
    error: (why) => `No suggestions for now: ${why}`,
  },
};

const FIELD_ATTRIBUTES = {
  role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false',
  autocomplete: 'off', autocorrect: 'off', autocapitalize: 'off', spellcheck: 'false',
};

const CJK = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}';
const CJK_STEP = new RegExp(`^\\s*(?:(?=[${CJK}])[^\\p{P}\\s]{1,4}|\\p{P}+)`, 'u');
const WORD_STEP = new RegExp(`^\\s*[^\\s${CJK}]+`, 'u');
const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const IS_SAFARI = /^((?!chrome|chromium|android).)*safari/i.test(navigator.userAgent);
const TOUCH = matchMedia('(hover: none) and (pointer: coarse)');

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const remember = (values, value) => { if (values.push(value) > 9) values.shift(); };

/** What `text` adds to `typed`, or null when it does not continue it (compared as NFC). */
export function restOf(text, typed) {
  if (text.startsWith(typed)) return text.slice(typed.length);
  const [whole, start] = [text.normalize('NFC'), typed.normalize('NFC')];
  return whole.startsWith(start) ? whole.slice(start.length) : null;
}

/** The next step of a completion: a word; for CJK up to four characters, or the punctuation. */
export function nextWord(rest) {
  return (rest.match(CJK_STEP) ?? rest.match(WORD_STEP))?.[0] ?? rest;
}

function element(tag, attributes) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

let elements = 0;

export class PromptGen extends HTMLElement {
  static observedAttributes = ['for', 'endpoint', 'lang'];

  #uid = ++elements;
  #session = [...crypto.getRandomValues(new Uint32Array(4))].map((word) => word.toString(36)).join('');
  #connected = false;
  #field = null;
  #list = null;
  #status = null;
  #listeners = null; // one AbortController removes every listener
  #saved = []; // the field's own attributes, given back on disconnect

  #pool = []; // candidates of the last answer
  #rows = []; // [{candidate, rest}] on screen
  #nodes = new Map(); // candidate text -> option node, so that ids stay stable
  #made = 0;
  #typed = ''; // the text that #rows continue
  #active = -1;
  #hover = -1;
  #open = false;
  #outdated = false; // no row continues the text: kept on screen but inert until the answer
  #openAt = null; // 'first' | 'last': the row to activate when the asked-for list arrives

  #composing = false;
  #accepting = false;
  #asked = null; // text last scheduled, asked or accepted: the same text is not asked twice
  #seq = 0;
  #painted = 0;
  #flight = null; // the request under way
  #timer = 0;
  #settling = 0;
  #away = false; // the service is loading or unreachable; #probe looks after it
  #backoff = 0;
  #retryTimer = 0;
  #sayTimer = 0;
  #script = null; // of the corpus: 'cjk' | 'latin' | 'other'
  #trips = []; // recent round trips, ms
  #gaps = []; // recent pauses between inputs, ms
  #lastInput = -Infinity;

  // ---- life cycle --------------------------------------------------------------------------

  connectedCallback() {
    this.#connected = true;
    if (this.#attach()) return;
    document.addEventListener('DOMContentLoaded', () => this.#connected && this.#attach(), { once: true });
  }

  disconnectedCallback() {
    this.#connected = false;
    this.#detach();
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || !this.#connected) return;
    this.#detach();
    this.#attach();
  }

  #attach() {
    const field = this.htmlFor && this.getRootNode().querySelector(`#${CSS.escape(this.htmlFor)}`);
    if (!field || this.#field) return Boolean(field);
    this.#field = field;
    this.#build();
    this.#listen();
    this.#loadModels();
    return true;
  }

  #detach() {
    if (!this.#field) return;
    this.#cancel();
    this.#hide();
    for (const timer of [this.#settling, this.#retryTimer, this.#sayTimer]) clearTimeout(timer);
    this.#listeners.abort();
    for (const [name, value] of this.#saved) {
      if (value === null) this.#field.removeAttribute(name);
      else this.#field.setAttribute(name, value);
    }
    this.#list.remove();
    this.#status.remove();
    this.#nodes.clear();
    this.#field = this.#asked = this.#script = null;
    this.#composing = this.#away = false;
  }

  #build() {
    const id = `pg-${this.#uid}-list`;
    this.#list = element('ul', { id, class: 'pg-list', role: 'listbox', 'aria-label': this.#text.list, hidden: '' });
    this.#status = element('div', { class: 'pg-status', role: 'status' });
    this.append(this.#list, this.#status);
    const enterkeyhint = this.#field.getAttribute('enterkeyhint') ?? (this.#multiline ? 'enter' : 'send');
    const wanted = { ...FIELD_ATTRIBUTES, 'aria-controls': id, enterkeyhint };
    this.#saved = Object.keys(wanted).map((name) => [name, this.#field.getAttribute(name)]);
    for (const [name, value] of Object.entries(wanted)) this.#field.setAttribute(name, value);
  }

  #listen() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    const on = (target, type, handler) => target?.addEventListener(type, handler, { signal });
    on(this.#field, 'keydown', (event) => this.#onKey(event));
    on(this.#field, 'input', (event) => this.#onInput(event));
    on(this.#field, 'compositionstart', () => this.#onCompositionStart());
    on(this.#field, 'compositionend', () => this.#onCompositionEnd());
    on(this.#field, 'blur', (event) => this.#onBlur(event));
    // Keep the focus in the field: a blur would close the list before the click arrives.
    on(this.#list, 'pointerdown', (event) => event.preventDefault());
    on(this.#list, 'mousedown', (event) => event.preventDefault());
    on(this.#list, 'click', (event) => this.#accept(this.#indexOf(event)));
    on(this.#list, 'pointermove', (event) => { this.#hover = event.pointerType === 'mouse' ? this.#indexOf(event) : -1; });
    on(this.#list, 'pointerleave', () => { this.#hover = -1; });
    on(document, 'pointerdown', ({ target }) => {
      if (target !== this.#field && !this.contains(target)) this.#close('outside');
    });
    on(document, 'selectionchange', () => this.#onCaret());
    on(window.visualViewport, 'resize', () => this.#fit());
    on(window.visualViewport, 'scroll', () => this.#fit());
  }

  // ---- settings and the field --------------------------------------------------------------

  #number(name, fallback) {
    const value = Number.parseFloat(this.getAttribute(name));
    return Number.isFinite(value) ? value : fallback;
  }

  #flag(name) { return this.hasAttribute(name) && this.getAttribute(name) !== 'false'; }

  #url(relative = '') {
    return new URL(relative, new URL(this.getAttribute('endpoint') || '/v1/complete', document.baseURI));
  }

  get #n() { return clamp(Math.round(this.#number('n', 5)), 1, 10); }

  get #maxChars() { return clamp(Math.round(this.#number('max-chars', 24)), 1, 200); }

  get #multiline() { return this.#field.localName === 'textarea'; }

  get #text() { return /^zh/i.test(this.closest('[lang]')?.lang || navigator.language) ? TEXT.zh : TEXT.en; }

  /** True when text inside a composition counts as typed (Gboard composes every Latin word). */
  get #live() {
    const mode = this.getAttribute('composition');
    if (mode === 'live' || mode === 'wait') return mode === 'live';
    return this.#script !== null && this.#script !== 'cjk';
  }

  get #caret() { return this.#field.selectionStart ?? this.#field.value.length; }

  /** The prompt: what is left of the caret, in a text area on the caret's line only. */
  get #left() {
    const left = this.#field.value.slice(0, this.#caret);
    return this.#multiline ? left.slice(left.lastIndexOf('\n') + 1) : left;
  }

  #mayAsk() {
    const { value, selectionStart, selectionEnd, readOnly } = this.#field;
    const right = value.slice(selectionEnd ?? value.length).split('\n', 1)[0];
    return this.#left.trim() !== '' && selectionStart === selectionEnd && !readOnly
      && this.#field.matches(':focus') && [...right].length <= MAX_SUFFIX;
  }

  // ---- typing ------------------------------------------------------------------------------

  #onInput(event) {
    if (this.#accepting) return;
    const gap = event.timeStamp - this.#lastInput;
    this.#lastInput = event.timeStamp;
    if (gap < 2000) remember(this.#gaps, gap);
    if (!this.#composing || this.#live) this.#changed(event.inputType);
  }

  #changed(inputType) {
    const typed = this.#left;
    if (typed === this.#asked) return;
    this.#cancel();
    this.#asked = typed;
    this.#hover = -1;
    this.#setActive(-1);
    if (!this.#mayAsk()) {
      this.#hide();
      if (this.#status.dataset.kind === 'error') this.#note(null);
      return;
    }
    this.#narrow(typed);
    if (this.#away) return; // asked when the service is back
    const delay = this.#delay(inputType);
    if (delay) this.#timer = setTimeout(() => this.#ask(), delay);
    else this.#ask();
  }

  #delay(inputType) {
    if (inputType?.startsWith('delete')) return DELETE_MS;
    const fixed = this.#number('debounce', -1);
    if (fixed >= 0) return fixed;
    if (this.#trips.length < 3 || median(this.#trips) < FAST_MS) return 0;
    return clamp(1.2 * median(this.#gaps), 60, 350); // just longer than this writer's usual pause
  }

  #onCompositionStart() {
    clearTimeout(this.#settling);
    this.#composing = true;
    if (this.#timer || this.#flight) this.#asked = null;
    this.#cancel();
  }

  /** The last `input` event comes before or right after this one: wait for both, then ask once. */
  #onCompositionEnd() {
    this.#settling = setTimeout(() => {
      this.#composing = false;
      this.#changed();
    });
  }

  #onCaret() {
    if (!this.#open || this.#composing || this.#accepting || !this.#field.matches(':focus')) return;
    if (this.#left !== this.#typed || this.#caret !== this.#field.selectionEnd) this.#close('caret');
  }

  /** The keyboard's own "done" key on a phone keeps the list until a tap elsewhere. */
  #onBlur(event) {
    if (TOUCH.matches && this.#open && !event.relatedTarget) this.#cancel();
    else this.#close('blur');
  }

  // ---- asking ------------------------------------------------------------------------------

  async #ask(manual = false) {
    this.#cancel();
    const prompt = this.#left;
    if (!prompt.trim()) return;
    const flight = { prompt, manual, seq: ++this.#seq, start: performance.now(), control: new AbortController() };
    flight.stall = setTimeout(() => this.#busy(true), STALL_MS);
    this.#flight = flight;
    this.#asked = prompt;
    const answer = await this.#post(flight).catch((error) => ({ error }));
    if (flight !== this.#flight) return; // stale: cancelled or overtaken
    this.#land();
    if (answer?.error) this.#failed(answer.error);
    else if (answer) this.#answered(flight, answer);
  }

  async #post({ prompt, seq, control }) {
    const response = await fetch(this.#url(), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        prompt, n: this.#n, max_chars: this.#maxChars, deadline_ms: DEADLINE_MS, session: this.#session, seq,
      }),
      signal: control.signal,
    });
    if (response.ok) return response.json();
    if (response.status === 499) return null; // a newer request took its place
    const body = await response.json().catch(() => ({}));
    throw Object.assign(new Error(body.error?.message || `HTTP ${response.status}`), { status: response.status });
  }

  #answered({ prompt, manual, seq, start }, answer) {
    const ms = performance.now() - start;
    remember(this.#trips, ms);
    this.#backoff = 0;
    this.#away = false;
    if (seq <= this.#painted || prompt !== this.#left || (answer.seq ?? seq) !== seq) return;
    this.#painted = seq;
    const least = manual ? 0 : this.#number('min-score', 0);
    this.#merge((answer.candidates ?? []).filter(({ text, score }) => typeof text === 'string' && (score ?? 1) >= least));
    this.#match(prompt);
    this.#note(null);
    this.#show();
    if (this.#openAt && this.#open) this.#setActive(this.#openAt === 'first' ? 0 : this.#count - 1);
    this.#openAt = null;
    this.#emit('pg-suggest', { prompt, candidates: this.#rows.map((row) => row.candidate), ms: Math.round(ms * 10) / 10 });
  }

  /** Rows up to the active (or pointed-at) one stay where they are; new ones go below. */
  #merge(fresh) {
    const held = this.#outdated ? 0 : Math.max(this.#active, this.#hover) + 1;
    const all = [...this.#rows.slice(0, held).map((row) => row.candidate), ...fresh];
    this.#pool = all.filter(({ text }, i) => all.findIndex((other) => other.text === text) === i);
  }

  #match(typed) {
    const rows = this.#pool.map((candidate) => ({ candidate, rest: restOf(candidate.text, typed) }));
    this.#rows = rows.filter((row) => row.rest).slice(0, this.#n);
    this.#typed = typed;
    this.#outdated = false;
  }

  /** The local answer, at once: keep and shrink the rows that the new text continues. */
  #narrow(typed) {
    if (!this.#open) return;
    const before = this.#rows;
    this.#match(typed);
    this.#outdated = this.#rows.length === 0;
    if (this.#outdated) this.#rows = before; // never blank the list while waiting
    this.#list.classList.toggle('pg-outdated', this.#outdated);
    if (!this.#outdated) this.#show();
  }

  /** Stops the pending and the running request. */
  #cancel() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#openAt = null;
    if (!this.#flight) return;
    const { start, control } = this.#flight;
    const waited = performance.now() - start;
    if (waited > FAST_MS) remember(this.#trips, waited); // it takes at least this long
    this.#land();
    control.abort();
  }

  #land() {
    clearTimeout(this.#flight.stall);
    this.#flight = null;
    this.#busy(false);
  }

  #busy(on) {
    this.classList.toggle('pg-stalled', on);
    this.#list.setAttribute('aria-busy', String(on));
  }

  // ---- trouble and recovery ----------------------------------------------------------------

  #failed(error) {
    this.#hide();
    this.#asked = null;
    if (error.status === 503) this.#lost('loading');
    else if (error instanceof TypeError) this.#lost('offline'); // fetch's network error
    else this.#note('error', this.#text.error(error.message));
  }

  #lost(kind) {
    this.#away = true;
    this.#note(kind, this.#text[kind]);
    this.#backoff = clamp(this.#backoff * 2, ...RETRY_MS);
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#probe(), this.#backoff);
  }

  async #probe() {
    const { signal } = this.#listeners;
    const response = await fetch(this.#url('../health'), { signal, cache: 'no-store' }).catch(() => null);
    if (signal.aborted) return;
    if (!response?.ok) this.#lost(response ? 'loading' : 'offline');
    else if (this.#script || await this.#loadModels()) this.#recovered();
  }

  #recovered() {
    const missed = this.#away && !this.#composing && this.#mayAsk();
    this.#away = false;
    this.#note(null);
    if (missed) this.#ask();
  }

  /** The corpus script decides how compositions are treated; this is also the first sign of life. */
  async #loadModels() {
    const { signal } = this.#listeners;
    const response = await fetch(this.#url('models'), { signal }).catch(() => null);
    const models = response?.ok ? await response.json().catch(() => null) : null;
    if (signal.aborted) return false;
    const lost = !response || response.status === 503;
    if (lost) this.#lost(response ? 'loading' : 'offline');
    else this.#script = models?.data?.[0]?.script ?? 'cjk';
    return !lost;
  }

  // ---- the list ----------------------------------------------------------------------------

  get #options() { return [...this.#list.children]; }

  get #count() { return this.#options.filter((node) => !node.hidden).length; }

  #indexOf(event) { return this.#options.indexOf(event.target.closest('[role=option]')); }

  #show() {
    this.#render();
    if (!this.#rows.length) this.#hide();
    else if (!this.#open) this.#openList();
    this.#fit();
    this.#say(this.#open ? this.#text.count(this.#count) : this.#text.none);
  }

  #hide() {
    this.#rows = [];
    this.#pool = [];
    this.#hover = -1;
    this.#outdated = false;
    this.#setActive(-1);
    this.#setOpen(false);
    this.#say('');
  }

  #openList() {
    this.#setOpen(true);
    this.#fit();
    if (this.#count < this.#rows.length) this.#field.scrollIntoView({ block: 'start' }); // room above the keyboard
  }

  #setOpen(open) {
    this.#open = open;
    this.#list.hidden = !open;
    this.#field.setAttribute('aria-expanded', String(open));
  }

  /** Cancels everything; nothing that was asked before can open the list again. */
  #close(reason) {
    this.#cancel();
    this.#asked = null;
    if (!this.#open) return;
    this.#hide();
    this.#emit('pg-dismiss', { reason });
  }

  /** One node per candidate text, moved only when the order really changes. */
  #render() {
    const active = this.#options[this.#active];
    const nodes = this.#rows.map((row) => this.#option(row));
    for (const [text, node] of this.#nodes) {
      if (!nodes.includes(node)) { this.#nodes.delete(text); node.remove(); }
    }
    nodes.forEach((node, i) => {
      if (this.#list.children[i] !== node) this.#list.insertBefore(node, this.#list.children[i] ?? null);
    });
    this.#list.classList.remove('pg-outdated');
    this.#setActive(nodes.indexOf(active));
  }

  #option({ candidate, rest }) {
    const node = this.#nodes.get(candidate.text) ?? this.#newOption(candidate.text);
    node.querySelector('bdi').textContent = this.#typed;
    node.lastElementChild.textContent = rest;
    node.classList.toggle('pg-long', this.#typed.length > LONG);
    node.classList.toggle('pg-cut', ['length', 'open'].includes(candidate.finish_reason));
    return node;
  }

  #newOption(text) {
    const node = element('li', { id: `pg-${this.#uid}-option-${++this.#made}`, class: 'pg-option', role: 'option' });
    const typed = element('span', { class: 'pg-typed' });
    typed.append(element('bdi', {}));
    node.append(typed, element('span', { class: 'pg-rest' }));
    this.#nodes.set(text, node);
    return node;
  }

  #setActive(index) {
    this.#active = index;
    const nodes = this.#options;
    nodes.forEach((node, i) => node.setAttribute('aria-selected', String(i === index)));
    if (index < 0) this.#field.removeAttribute('aria-activedescendant');
    else this.#field.setAttribute('aria-activedescendant', nodes[index].id);
    if (index >= 0 && IS_SAFARI) this.#say(nodes[index].textContent, 100); // VoiceOver often misses the attribute
  }

  /** Next or previous row, passing through "none" (the field itself) at either end. */
  #move(step) {
    if (this.#outdated) return;
    const stops = this.#count + 1;
    this.#setActive(((this.#active + 1 + step + stops) % stops) - 1);
  }

  /** On touch screens only the rows that fit above the keyboard are shown; nothing scrolls inside. */
  #fit() {
    if (!this.#open) return;
    const nodes = this.#options;
    const view = window.visualViewport;
    let room = nodes.length;
    if (TOUCH.matches && view) {
      nodes[0].hidden = false;
      const space = view.offsetTop + view.height - this.#list.getBoundingClientRect().top;
      room = Math.max(2, Math.floor(space / nodes[0].offsetHeight));
    }
    nodes.forEach((node, i) => { node.hidden = i >= room; });
    if (this.#active >= room) this.#setActive(-1);
  }

  // ---- accepting ---------------------------------------------------------------------------

  #accept(index, part = (rest) => rest) {
    const row = this.#rows[index];
    const rest = row && !this.#outdated ? restOf(row.candidate.text, this.#left) : null;
    if (!rest) return;
    const text = part(rest);
    this.#cancel();
    this.#insert(text);
    this.#composing = false;
    this.#asked = this.#left; // nothing more is asked until the user types again
    if (text.length < rest.length) this.#narrow(this.#left);
    else this.#hide();
    this.#emit('pg-accept', { candidate: row.candidate, index, text });
  }

  /** At the caret, keeping what follows it; execCommand also keeps the undo history. */
  #insert(text) {
    const field = this.#field;
    const [before, caret] = [field.value, this.#caret];
    this.#accepting = true;
    field.focus({ preventScroll: true });
    if (caret !== field.selectionEnd) field.setSelectionRange(caret, caret);
    if (!document.execCommand?.('insertText', false, text) || field.value === before) {
      field.setRangeText(text, caret, caret, 'end');
      field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText', data: text }));
    }
    this.#accepting = false;
  }

  // ---- keys --------------------------------------------------------------------------------

  #onKey(event) {
    const { key, code, altKey, ctrlKey, metaKey, shiftKey } = event;
    if (event.isComposing || event.keyCode === 229) {
      // This Enter only commits the composition: it must not submit the form either.
      if (key === 'Enter' && !this.#multiline) event.preventDefault();
      return;
    }
    const word = key === 'ArrowRight' && !shiftKey && (IS_MAC ? altKey : ctrlKey);
    const again = (altKey && code === 'Backslash') || (ctrlKey && code === 'Space' && this.#script !== 'cjk');
    const handled = (word && this.#acceptWord()) || (again && this.#askByHand())
      || (!ctrlKey && !metaKey && (altKey ? this.#onAltKey(key, code) : this.#onPlainKey(key, shiftKey)));
    if (handled) event.preventDefault();
  }

  /** These return true when the browser's own action for the key must not happen. */
  #onPlainKey(key, shift) {
    if (key === 'Enter') return this.#acceptActive(!shift) || this.#leave('submit');
    if (key === 'Tab') return this.#acceptActive(!shift && this.#flag('accept-on-tab')) || this.#leave('tab');
    if (key === 'Escape') return this.#escape();
    if (key === 'ArrowDown' && !shift) return this.#arrow(1);
    if (key === 'ArrowUp' && !shift) return this.#arrow(-1);
    if (/^(Arrow|Page|(Home|End|Delete|Backspace)$)/.test(key)) this.#setActive(-1);
    return false;
  }

  #onAltKey(key, code) {
    if (key === 'ArrowDown') return this.#open || this.#askByHand();
    if (!this.#open) return false;
    if (key === 'ArrowUp') { this.#close('key'); return true; }
    if (code === 'BracketRight') { this.#move(1); return true; }
    if (code === 'BracketLeft') { this.#move(-1); return true; }
    const digit = this.#flag('digit-keys') && /^Digit([1-9])$/.exec(code)?.[1];
    if (digit) this.#accept(digit - 1);
    return Boolean(digit);
  }

  #arrow(step) {
    if (this.#open) { this.#move(step); return true; }
    if (this.#multiline || !this.#left.trim()) return false; // a text area keeps its line keys
    this.#ask(true);
    this.#openAt = step > 0 ? 'first' : 'last';
    return true;
  }

  /** Ask now, without debounce; with a row active, go on to the next one. */
  #askByHand() {
    if (this.#active >= 0) this.#move(1);
    else this.#ask(true);
    return true;
  }

  #acceptWord() {
    if (this.#active < 0) return false;
    this.#accept(this.#active, nextWord);
    return true;
  }

  #acceptActive(allowed) {
    if (!allowed || this.#active < 0) return false;
    this.#accept(this.#active);
    return true;
  }

  #leave(reason) {
    this.#close(reason);
    return false;
  }

  #escape() {
    if (this.#active >= 0) { this.#cancel(); this.#setActive(-1); return true; }
    const wasOpen = this.#open;
    this.#close('escape');
    if (wasOpen) return true;
    if (!this.#flag('clear-on-esc')) return this.#field.type === 'search'; // which would clear itself
    this.#field.value = '';
    this.#field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'deleteContentBackward' }));
    return true;
  }

  // ---- telling -----------------------------------------------------------------------------

  #emit(type, detail) { this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail })); }

  /** For screen readers only, debounced; a visible note goes first. */
  #say(text, delay = 500) {
    clearTimeout(this.#sayTimer);
    if (this.#status.dataset.kind) return;
    this.#sayTimer = setTimeout(() => { this.#status.textContent = text; }, text ? delay : 0);
  }

  /** One visible line: kind is 'loading', 'offline' or 'error'; null clears it. */
  #note(kind, text = '') {
    if (!kind && !this.#status.dataset.kind) return;
    clearTimeout(this.#sayTimer);
    if (kind) this.#status.dataset.kind = kind;
    else delete this.#status.dataset.kind;
    if (this.#status.textContent !== text) this.#status.textContent = text;
  }
}

/** Every attribute is a property too: `for` as htmlFor, `max-chars` as maxChars, and so on. */
function reflect(property, get, set) {
  Object.defineProperty(PromptGen.prototype, property, { get, set, configurable: true });
}
const camel = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
for (const name of ['for', 'endpoint', 'n', 'max-chars', 'debounce', 'composition', 'min-score']) {
  reflect(name === 'for' ? 'htmlFor' : camel(name),
    function get() { return this.getAttribute(name); },
    function set(value) { if (value === null) this.removeAttribute(name); else this.setAttribute(name, value); });
}
for (const name of ['accept-on-tab', 'digit-keys', 'clear-on-esc']) {
  reflect(camel(name),
    function get() { return this.hasAttribute(name); },
    function set(value) { this.toggleAttribute(name, Boolean(value)); });
}

if (!customElements.get('prompt-gen')) customElements.define('prompt-gen', PromptGen);
