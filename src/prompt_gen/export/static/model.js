/**
 * The graph that completes, in onnxruntime-web: tokens of many branches in one pass.
 *
 * A node is a token behind others: {token, before, depth, rows, logs}. Once it is read, `rows` is what
 * later tokens look at of it, and `logs` the log-probabilities of what follows.
 */

const MINUS = -100; // log of a probability that is none

export class Model {
  #session;
  #ort;
  #vocabulary;

  constructor(ort, session, { width, context, size }) {
    this.#ort = ort;
    this.#session = session;
    this.width = width;
    this.context = context;
    this.#vocabulary = size;
    this.passes = 0;
  }

  /** A node that was not read yet. */
  node(token, before = null) {
    return { token, before, depth: before ? before.depth + 1 : 0, rows: null, logs: null };
  }

  /** Read nodes in one pass; what stands before each was read, or stands earlier among them. */
  async read(nodes) {
    const old = new Map(); // nodes that were read before, in the order of their rows
    for (const node of nodes) {
      for (let at = node.before; at; at = at.before) if (at.rows) old.set(at, 0);
    }
    let row = 0;
    for (const node of old.keys()) old.set(node, row++);
    const pool = new Float32Array(Math.max(1, old.size) * this.width);
    for (const [node, at] of old) pool.set(node.rows, at * this.width);
    const places = new Map(nodes.map((node, at) => [node, old.size + at]));
    const n_all = old.size + nodes.length;
    const mask = new Uint8Array(nodes.length * n_all);
    nodes.forEach((node, at) => {
      for (let seen = node; seen; seen = seen.before) mask[at * n_all + (places.get(seen) ?? old.get(seen))] = 1;
    });
    const { Tensor } = this.#ort;
    const whole = (values, shape) => new Tensor('int64', BigInt64Array.from(values, BigInt), shape);
    const count = nodes.length;
    const feeds = {
      tokens: whole(nodes.map((node) => node.token), [count]),
      positions: whole(nodes.map((node) => Math.min(node.depth, this.context - 1)), [count, 1]),
      slots: whole([...old.values()], [old.size]),
      mask: new Tensor('bool', mask, [count, n_all]),
      wanted: whole(nodes.keys(), [count]),
      pool: new Tensor('float32', pool, [Math.max(1, old.size), this.width]),
    };
    const { probs, kept } = await this.#session.run(feeds);
    this.passes += 1;
    nodes.forEach((node, at) => {
      node.rows = kept.data.slice(at * this.width, (at + 1) * this.width);
      node.logs = probs.data.slice(at * this.#vocabulary, (at + 1) * this.#vocabulary)
        .map((probability) => (probability > 0 ? Math.log(probability) : MINUS));
    });
  }
}
