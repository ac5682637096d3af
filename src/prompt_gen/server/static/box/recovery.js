// When the service cannot answer: look again, less and less often, until it can.

import { Refused } from './service.js';

const RETRY_MS = [1000, 8000];
const TROUBLES = { 401: 'locked', 403: 'locked', 503: 'loading' };

/** What kept a request from its answer: 'loading', 'locked', 'offline', or 'error' for all else. */
export function troubleOf(error) {
  if (error instanceof Refused) return TROUBLES[error.status] ?? 'error';
  return error instanceof TypeError ? 'offline' : 'error'; // fetch's network error
}

export class Recovery {
  #service;
  #on;
  #timer = 0;
  #backoff = 0;
  #control = new AbortController();
  isAway = false;

  /** `on` has lost(kind) and back(models, wasAway); the first look is the first sign of life. */
  constructor(service, on) {
    this.#service = service;
    this.#on = on;
  }

  /** Ask what is served, now. */
  async look() {
    clearTimeout(this.#timer);
    const { signal } = this.#control;
    const [models, error] = await this.#service.models(signal).then((found) => [found], (wrong) => [null, wrong]);
    if (signal.aborted) return;
    const kind = error && troubleOf(error);
    if (kind && kind !== 'error') this.lost(kind);
    else this.#back(models); // a server that does not say what it serves is up all the same
  }

  /** The service is away, and says why; a lock waits for its key. */
  lost(kind) {
    this.#on.lost(kind);
    this.lookLater();
    if (kind === 'locked') clearTimeout(this.#timer);
  }

  /** Nothing is asked any more but whether the service is there: it may only have had too much to do. */
  lookLater() {
    this.isAway = true;
    clearTimeout(this.#timer);
    this.#backoff = Math.min(Math.max(this.#backoff * 2, RETRY_MS[0]), RETRY_MS[1]);
    this.#timer = setTimeout(() => this.look(), this.#backoff);
  }

  #back(models) {
    const wasAway = this.isAway;
    this.isAway = false;
    this.#on.back(models, wasAway);
  }

  /** An answer came: the next trouble is a new one. */
  wentWell() {
    this.#backoff = 0;
  }

  stop() {
    clearTimeout(this.#timer);
    this.#control.abort();
  }
}
