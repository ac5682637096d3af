// One request at a time: the newest. An older one is given up, and its answer ignored if it comes.

const STALL_MS = 300; // an answer later than this shows the waiting state

export class Asking {
  #send;
  #on;
  #timer = 0;
  #flight = null; // the request under way
  #seq = 0;

  /**
   * `send(request, signal)` gives a promise of the answer, or of null; `on` has answered(request,
   * answer, ms), failed(error), waiting(isLong) and gaveUp(ms).
   */
  constructor(send, on) {
    this.#send = send;
    this.#on = on;
  }

  get isPending() { return Boolean(this.#timer || this.#flight); }

  later(delay, request) {
    this.cancel();
    if (delay) this.#timer = setTimeout(() => this.now(request), delay);
    else this.now(request);
  }

  async now(request) {
    this.cancel();
    const flight = { start: performance.now(), control: new AbortController() };
    flight.stall = setTimeout(() => this.#on.waiting(true), STALL_MS);
    this.#flight = flight;
    const asked = { ...request, seq: ++this.#seq };
    const answer = await this.#send(asked, flight.control.signal).catch((error) => ({ error }));
    if (flight !== this.#flight) return; // stale: given up or overtaken
    this.#land();
    if (answer?.error) this.#on.failed(answer.error);
    else if (answer && (answer.seq ?? asked.seq) === asked.seq) {
      this.#on.answered(asked, answer, performance.now() - flight.start);
    }
  }

  /** Give up what waits and what is under way. */
  cancel() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (!this.#flight) return;
    const { start, control } = this.#flight;
    this.#on.gaveUp(performance.now() - start);
    this.#land();
    control.abort();
  }

  #land() {
    clearTimeout(this.#flight.stall);
    this.#flight = null;
    this.#on.waiting(false);
  }
}
