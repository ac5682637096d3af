/**
 * What may follow a text: token paths that spell it, the last token left open; then best first.
 *
 * For each border before the caret there is one path: the encoding of the text up to it, and one token
 * that begins with the rest and goes on. Probabilities are conditional on what was typed: those of all
 * open tokens of all borders sum to one.
 */

import { bytesOf, textOf } from './tokenizer.js';

const REACH = 12; // characters before the caret where a border is looked for
const PLACES = 24; // open tokens that are gone on from
const BATCH = 8; // nodes of a pass
const PASSES = 6; // behind the one that reads what was typed
const LEAST = 0.01; // probability below which nothing is looked into or shown
const STOPS = /[。！？!?；;，,：:、\n]$/u;

export class Search {
  #kept = []; // the nodes of the last text, by tokens

  constructor(tokenizer, model) {
    this.tokenizer = tokenizer;
    this.model = model;
  }

  /** Up to `n` candidates {text, completion, score}, each beginning with the typed text. */
  async complete(typed, n, maxChars, cancelled = () => false) {
    const places = await this.#places(typed);
    if (cancelled()) return [];
    const found = [];
    let waiting = places.slice(0, PLACES);
    for (let pass = 0; pass <= PASSES && waiting.length; pass += 1) {
      waiting.sort((a, b) => b.log - a.log);
      const looked = waiting.splice(0, BATCH);
      for (const each of [...looked, ...(pass === PASSES ? waiting : [])]) found.push(each);
      const goesOn = looked.filter((each) => !each.ended && each.depth + 1 < this.model.context
        && (textOf(each.bytes)?.length ?? 0) < maxChars);
      if (!goesOn.length || pass === PASSES || cancelled()) continue;
      const nodes = goesOn.map((each) => this.model.node(each.token, each.before));
      await this.model.read(nodes);
      goesOn.forEach((each, at) => waiting.push(...this.#next(each, nodes[at])));
    }
    return choose(typed, found, n, maxChars);
  }

  /** The open tokens behind what was typed, the most probable first. */
  async #places(typed) {
    const covers = this.#covers(typed);
    const [start, ...unread] = this.#trie(covers);
    if (unread.length || !start.rows) await this.model.read(start.rows ? unread : [start, ...unread]);
    const places = [];
    for (const { node, rest, log: before } of covers.map((cover) => ({ ...cover, log: logOf(cover.node) }))) {
      const tokens = rest ? this.tokenizer.beginningWith(rest) : node.logs.keys();
      for (const token of tokens) {
        const log = before + node.logs[token];
        const bytes = this.tokenizer.bytes[token].slice(rest.length);
        if (bytes || token === this.tokenizer.eos) {
          places.push({ token, before: node, depth: node.depth + 1, bytes, log, ended: !bytes });
        }
      }
    }
    const highest = places.reduce((most, { log }) => Math.max(most, log), -Infinity);
    const total = highest + Math.log(places.reduce((sum, { log }) => sum + Math.exp(log - highest), 0));
    for (const place of places) place.log -= total;
    return places.filter(({ log }) => log > Math.log(LEAST)).sort((a, b) => b.log - a.log);
  }

  /** For each border the ids before it and the bytes behind it, of which an open token has to go on. */
  #covers(typed) {
    const characters = [...typed];
    const covers = [];
    for (let reach = 0; reach <= Math.min(REACH, characters.length); reach += 1) {
      const rest = bytesOf(characters.slice(characters.length - reach).join(''));
      if (rest.length >= this.tokenizer.longest) break;
      if (rest && this.tokenizer.beginningWith(rest).next().done) continue;
      const ids = this.tokenizer.encode(characters.slice(0, characters.length - reach).join(''));
      covers.push({ ids: ids.slice(-(this.model.context >> 1)), rest });
    }
    return covers;
  }

  /** Give each cover its node; the first node, and all that have to be read. */
  #trie(covers) {
    const known = new Map(this.#kept.map((node) => [keyOf(node), node]));
    const start = known.get(`${this.tokenizer.bos}`) ?? this.model.node(this.tokenizer.bos);
    const all = new Map([[keyOf(start), start]]);
    const unread = [];
    for (const cover of covers) {
      let node = start;
      for (const id of cover.ids) {
        const key = `${keyOf(node)} ${id}`;
        if (!all.has(key)) {
          const next = known.get(key) ?? this.model.node(id, node);
          if (!next.rows) unread.push(next);
          all.set(key, next);
        }
        node = all.get(key);
      }
      cover.node = node;
    }
    this.#kept = [...all.values()];
    return [start, ...unread];
  }

  /** What follows a node that was just read, as far as it is probable enough. */
  #next(each, node) {
    const found = [];
    for (let token = 0; token < node.logs.length; token += 1) {
      const log = each.log + node.logs[token];
      if (log < Math.log(LEAST)) continue;
      const ended = token === this.tokenizer.eos;
      const bytes = each.bytes + this.tokenizer.bytes[token];
      if (ended || this.tokenizer.bytes[token]) {
        found.push({ token, before: node, depth: each.depth + 1, bytes, log, ended });
      }
    }
    return found;
  }
}

function keyOf(node) {
  node.key ??= node.before ? `${keyOf(node.before)} ${node.token}` : `${node.token}`;
  return node.key;
}

/** The log-probability of the tokens up to a node, the first one given. */
function logOf(node) {
  node.sum ??= node.before ? logOf(node.before) + node.before.logs[node.token] : 0;
  return node.sum;
}

/** Of all that was found the texts that save most keys, none the beginning of another. */
function choose(typed, found, n, maxChars) {
  const texts = new Map();
  for (const { bytes, log, ended } of found) {
    const completion = textOf(bytes);
    if (!completion || [...completion].length > maxChars) continue;
    const score = Math.exp(log);
    const worth = score * [...completion].length * (ended || STOPS.test(completion) ? 1.1 : 1);
    const old = texts.get(completion);
    texts.set(completion, { score: score + (old?.score ?? 0), worth: worth + (old?.worth ?? 0) });
  }
  const ranked = [...texts].sort(([, a], [, b]) => b.worth - a.worth);
  const chosen = [];
  for (const [completion, { score }] of ranked) {
    const alike = chosen.some((other) => other.completion.startsWith(completion) || completion.startsWith(other.completion));
    if (!alike) chosen.push({ text: typed + completion, completion, score });
    if (chosen.length === n) break;
  }
  return chosen;
}
