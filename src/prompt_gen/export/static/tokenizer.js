/**
 * The tokenizer of a bundle: text to token ids as `tokenizers` gives them, and the bytes of each.
 *
 * Strings of bytes hold one character for each byte (code 0 to 255), so that they compare, slice and
 * search like text.
 */

// What the split in front of the model calls a space: not what JavaScript does (U+0085, U+FEFF).
const SPACE = '\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const utf8 = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of a text. */
export const bytesOf = (text) => Array.from(utf8.encode(text), (byte) => String.fromCharCode(byte)).join('');

/** The text of bytes, or null where they are no whole characters. */
export function textOf(bytes) {
  try {
    return strict.decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
  } catch {
    return null;
  }
}

/** GPT-2's alphabet: each byte as one printable character; here from the character to the byte. */
function alphabet() {
  const found = new Map();
  let others = 0;
  for (let byte = 0; byte < 256; byte += 1) {
    const own = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    found.set(String.fromCharCode(own ? byte : 0x100 + others), String.fromCharCode(byte));
    others += own ? 0 : 1;
  }
  return found;
}

const BYTE_OF = alphabet();
const unspell = (entry) => Array.from(entry, (character) => BYTE_OF.get(character)).join('');

/** The split of text in front of the model, as a pattern of JavaScript. */
function splitter(preTokenizer) {
  const steps = preTokenizer.pretokenizers ?? [preTokenizer];
  return steps.slice(0, -1).map(({ pattern }) => {
    const source = pattern.Regex
      .replaceAll('[\\s\\S]', '[^]')
      .replaceAll('[^\\s', `[^${SPACE}`)
      .replaceAll('\\S', `[^${SPACE}]`)
      .replaceAll('\\s', `[${SPACE}]`);
    return new RegExp(source, 'gu');
  });
}

export class Tokenizer {
  /** From the content of `tokenizer.json`. */
  constructor({ added_tokens: added, model, pre_tokenizer: preTokenizer }) {
    this.splits = splitter(preTokenizer);
    const entries = Array.isArray(model.vocab) ? model.vocab.map(([entry]) => entry) : [];
    if (!entries.length) for (const [entry, id] of Object.entries(model.vocab)) entries[id] = entry;
    const special = new Set(added.filter((token) => token.special).map((token) => token.id));
    this.bytes = entries.map((entry, id) => (special.has(id) ? '' : unspell(entry)));
    for (const token of added) if (special.has(token.id)) this.bytes[token.id] = '';
    this.bos = added.find((token) => token.content === '<|bos|>').id;
    this.eos = added.find((token) => token.content === '<|eos|>').id;
    this.ids = new Map();
    this.bytes.forEach((bytes, id) => { if (bytes) this.ids.set(bytes, id); });
    this.longest = Math.max(...this.bytes.map((bytes) => bytes.length));
    this.sorted = [...this.ids.keys()].sort((a, b) => (a < b ? -1 : 1));
    if (model.type === 'BPE') {
      const pairs = model.merges.map((merge) => (Array.isArray(merge) ? merge : merge.split(' ')));
      this.ranks = new Map(pairs.map(([left, right], rank) => [`${unspell(left)} ${unspell(right)}`, rank]));
      this.whole = model.ignore_merges;
      this.piece = (bytes) => this.#merged(bytes);
    } else if (model.type === 'Unigram') {
      this.scores = model.vocab.map(([, score]) => score);
      this.piece = (bytes) => this.#probable(bytes);
    } else {
      this.piece = (bytes) => this.#longestFirst(bytes);
    }
  }

  /** Token ids of a text, without special tokens. */
  encode(text) {
    let pieces = [text];
    for (const split of this.splits) pieces = pieces.flatMap((piece) => isolated(piece, split));
    return pieces.flatMap((piece) => this.piece(bytesOf(piece)));
  }

  /** Ids of all tokens whose bytes begin so and go on. */
  * beginningWith(bytes) {
    let [low, high] = [0, this.sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sorted[middle] <= bytes) low = middle + 1;
      else high = middle;
    }
    for (; low < this.sorted.length && this.sorted[low].startsWith(bytes); low += 1) {
      yield this.ids.get(this.sorted[low]);
    }
  }

  /** Byte-pair encoding: the neighbours of the lowest rank first, from the left. */
  #merged(bytes) {
    if (this.whole && this.ids.has(bytes)) return [this.ids.get(bytes)];
    const parts = [...bytes];
    for (;;) {
      let [best, at] = [Infinity, -1];
      for (let i = 0; i + 1 < parts.length; i += 1) {
        const rank = this.ranks.get(`${parts[i]} ${parts[i + 1]}`) ?? Infinity;
        if (rank < best) [best, at] = [rank, i];
      }
      if (at < 0) return parts.map((part) => this.ids.get(part));
      parts.splice(at, 2, parts[at] + parts[at + 1]);
    }
  }

  /** Unigram: the most probable path; of equal ones the one whose last token is longest. */
  #probable(bytes) {
    const best = [{ score: 0, id: -1, start: 0 }];
    for (let end = 1; end <= bytes.length; end += 1) {
      best[end] = { score: -Infinity, id: -1, start: 0 };
      for (let start = Math.max(0, end - this.longest); start < end; start += 1) {
        const id = this.ids.get(bytes.slice(start, end));
        if (id === undefined) continue;
        const score = best[start].score + this.scores[id];
        if (score > best[end].score) best[end] = { score, id, start };
      }
    }
    const path = [];
    for (let at = bytes.length; at > 0; at = best[at].start) path.unshift(best[at].id);
    return path;
  }

  /** WordPiece: from the left, always the longest entry. */
  #longestFirst(bytes) {
    const path = [];
    for (let start = 0; start < bytes.length;) {
      let end = Math.min(bytes.length, start + this.longest);
      while (!this.ids.has(bytes.slice(start, end))) end -= 1;
      path.push(this.ids.get(bytes.slice(start, end)));
      start = end;
    }
    return path;
  }
}

/** The matches of a pattern and what is between them, in their order. */
function isolated(text, pattern) {
  const pieces = [];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) pieces.push(text.slice(from, match.index));
    pieces.push(match[0]);
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}
