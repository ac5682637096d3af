// "Why these?": what stands behind the newest list, as a tree and as a list of reasons.

import { html, percent } from './drawing.js';
import { drawTree } from './tree.js';
import { words } from './words.js';

const REST_MS = 150; // explained when typing has rested so long

const byId = (id) => document.getElementById(id);

const small = (keys) => (keys < 0.005 ? '<0.01' : keys.toFixed(2));

let timer = 0;
let control = new AbortController();
let shown = null; // the explanation on screen

function reason({ completion, p, gain, lines }) {
  const facts = `${words().reason(percent(p), gain === null ? null : small(gain))} · ${words().lines(lines)}`;
  return html('li', {}, html('b', {}, completion), ' ', html('span', { class: 'soft' }, facts));
}

/** Show the newest explanation again, in the language that is chosen. */
export function showWhy() {
  if (!shown) return;
  byId('why-facts').textContent = words().whyFacts(shown.typed, shown.n_opened, shown.n_read);
  byId('reasons').replaceChildren(...shown.shown.map(reason));
  drawTree(shown.tree, shown.typed, byId('tree'));
}

async function ask(prompt, headers) {
  const { signal } = control;
  try {
    const response = await fetch('/v1/explain', { method: 'POST', headers, signal, body: JSON.stringify({ prompt }) });
    if (!response.ok) return; // the list is there all the same
    shown = await response.json();
    showWhy();
  } catch (error) {
    if (!signal.aborted && !(error instanceof TypeError)) throw error; // given up, or no network
  }
}

/** Explain what is shown behind a text, soon; `headers` are those that requests need. */
export function explain(prompt, headers) {
  clearTimeout(timer);
  control.abort();
  control = new AbortController();
  if (prompt.trim()) timer = setTimeout(() => ask(prompt, headers), REST_MS);
}
