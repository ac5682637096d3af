// Strings: what a candidate adds to what was typed, its next word, and what of it is still there.

const CJK = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}';
const CJK_STEP = new RegExp(`^\\s*(?:(?=[${CJK}])[^\\p{P}\\s]{1,4}|\\p{P}+)`, 'u');
const WORD_STEP = new RegExp(`^\\s*[^\\s${CJK}]+`, 'u');

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

/** Characters (code points) of a text. */
export const lengthOf = (text) => [...text].length;

/** The longest stretch of `piece` that stands in `text`. */
export function surviving(piece, text) {
  const wanted = [...piece];
  let found = [];
  for (let start = 0; start + found.length < wanted.length; start += 1) {
    for (let end = start + found.length + 1; end <= wanted.length; end += 1) {
      if (!text.includes(wanted.slice(start, end).join(''))) break;
      found = wanted.slice(start, end);
    }
  }
  return found.join('');
}
