// The server: asking it, its models, whether it is up. A key goes into a header, never into an address.

const DEADLINE_MS = 500; // what the server is given to answer
const SUPERSEDED = 499; // a newer request took the place of this one

/** An answer that is an error. */
export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

export class Service {
  #host;
  key = '';

  constructor(host) {
    this.#host = host;
  }

  url(relative = '') {
    return new URL(relative, new URL(this.#host.getAttribute('endpoint') || '/v1/complete', document.baseURI));
  }

  headers() {
    return { 'Content-Type': 'application/json', ...(this.key && { Authorization: `Bearer ${this.key}` }) };
  }

  /** The answer to a request, or null where a newer one took its place. */
  async complete(body, signal) {
    const response = await fetch(this.url(), {
      method: 'POST', headers: this.headers(), signal, body: JSON.stringify({ deadline_ms: DEADLINE_MS, ...body }),
    });
    if (response.ok) return response.json();
    if (response.status === SUPERSEDED) return null;
    const wrong = await response.json().catch(() => ({}));
    throw new Refused(wrong.error?.message || `HTTP ${response.status}`, response.status);
  }

  /** What is served. */
  async models(signal) {
    const response = await fetch(this.url('models'), { headers: this.headers(), signal });
    if (!response.ok) throw new Refused(`HTTP ${response.status}`, response.status);
    return response.json();
  }

  /** Say what became of suggestions; also while the page is being left. */
  async tell(events) {
    const response = await fetch(this.url('events'), {
      method: 'POST', headers: this.headers(), keepalive: true, body: JSON.stringify(events),
    });
    if (!response.ok) throw new Refused(`HTTP ${response.status}`, response.status);
    return response.json();
  }
}
