// What became of suggestions, told to the server: shown, accepted, dismissed, and kept (what is still in
// the text half a minute later, or when it is sent). Nothing of it is told off the record.

import { Refused } from './service.js';
import { lengthOf, surviving } from './text.js';

const SEEN_MS = 300; // a list that is gone sooner was not looked at
const KEPT_MS = 30_000;
const GATHER_MS = 1000; // events of so long are sent together
const MOST = 100; // events at a time
const LATER = [429, 503, 507]; // answers after which the same events are sent again

/** A random UUID; `crypto.randomUUID` is there for https and loopback only. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

export class Feedback {
  #service;
  #session;
  #textNow; // what is in the field
  #isRecorded;
  #list = null; // what is on screen: {id, texts, since}
  #accepted = []; // {list, index, text}, until it is known what of it was kept
  #events = []; // not yet sent
  #seenTimer = 0;
  #keptTimer = 0;
  #sendTimer = 0;
  #isSending = false;
  #isWanted = true; // false: the server does not store events

  constructor(service, session, textNow, isRecorded) {
    this.#service = service;
    this.#session = session;
    this.#textNow = textNow;
    this.#isRecorded = isRecorded;
  }

  /** An answer with this id is on screen. */
  shown(id, candidates) {
    clearTimeout(this.#seenTimer);
    this.#list = null;
    if (!id || !candidates.length) return;
    this.#list = { id, texts: candidates.map(({ text }) => text), since: performance.now() };
    this.#seenTimer = setTimeout(() => this.#wasSeen(this.#list), SEEN_MS);
  }

  /** Of a candidate, `text` was put behind the line `prompt`. */
  accepted(candidate, text, prompt) {
    const list = this.#list;
    const index = list ? list.texts.indexOf(candidate.text) : -1;
    if (index < 0) return;
    this.#wasSeen(list);
    let taken = this.#accepted.at(-1);
    if (taken?.list === list && taken.index === index && this.#events.includes(taken.event)) {
      taken.text += text; // word by word
    } else {
      taken = { list, index, text, event: this.#note('accepted', list, { choice_index: index, prompt }) };
      if (!taken.event) return;
      this.#accepted.push(taken);
    }
    Object.assign(taken.event, { text: taken.text, accepted_chars: lengthOf(taken.text) });
    clearTimeout(this.#keptTimer);
    this.#keptTimer = setTimeout(() => this.settle(), KEPT_MS);
  }

  /** The list was closed, and nothing of it taken. */
  dismissed() {
    const list = this.#list;
    clearTimeout(this.#seenTimer);
    this.#list = null;
    if (!list || this.#accepted.some((taken) => taken.list === list)) return;
    this.#wasSeen(list);
    this.#note('dismissed', list);
  }

  /** Say what is still in the text of all that was accepted, and send everything now. */
  settle() {
    clearTimeout(this.#keptTimer);
    const now = this.#textNow();
    for (const { list, index, text } of this.#accepted.splice(0)) {
      const left = surviving(text, now);
      this.#note('kept', list, { choice_index: index, retained_chars: lengthOf(left), ...(left && { text: left }) });
    }
    this.#send();
  }

  #wasSeen(list) {
    clearTimeout(this.#seenTimer);
    if (!list || list.wasTold) return;
    list.wasTold = true;
    this.#note('shown', list);
  }

  #note(type, list, more = {}) {
    if (!this.#isWanted || !this.#isRecorded()) return null;
    const facts = { completion_id: list.id, session: this.#session, n_choices: list.texts.length };
    const event = { id: uuid(), type, ...facts, elapsed_ms: Math.round(performance.now() - list.since), ...more };
    this.#events.push(event);
    this.#events.splice(0, this.#events.length - MOST); // of more than can be kept, the newest
    this.#sendTimer ||= setTimeout(() => this.#send(), GATHER_MS);
    return event;
  }

  /** Events keep their id, so that one that is sent twice counts once. */
  async #send() {
    clearTimeout(this.#sendTimer);
    this.#sendTimer = 0;
    if (!this.#isWanted || !this.#isRecorded()) this.#events = [];
    if (this.#isSending || !this.#events.length) return;
    this.#isSending = true;
    const sent = this.#events.splice(0);
    let isDone = true;
    try {
      const { stored, known } = await this.#service.tell(sent);
      this.#isWanted = stored + known > 0;
    } catch (error) {
      isDone = error instanceof Refused && !LATER.includes(error.status);
      if (isDone) this.#isWanted = error.status !== 404;
      else this.#events.unshift(...sent); // with the next
    }
    this.#isSending = false;
    if (isDone) this.#send(); // what has come meanwhile
  }
}
