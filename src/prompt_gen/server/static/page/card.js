// The model's card: what it is, and what it was measured at.

import { html, percent } from './drawing.js';
import { words } from './words.js';

const whole = (value) => value.toLocaleString('en');
const millions = (value) => (value < 1e6 ? whole(value) : `${(value / 1e6).toFixed(1)} M`);
const minutes = (seconds) => (seconds ? (seconds / 60).toFixed(seconds < 90 ? 1 : 0) : '');

const FACTS = [ // name in the answer, where, how it is written
  ['parameters', (model) => model.card.parameters, millions],
  ['vocab_size', (model) => model.vocab_size, whole],
  ['context_length', (model) => model.context_length, whole],
  ['bits_per_char', (model) => model.card.bits_per_char, (value) => value.toFixed(2)],
  ['saved@5', (model) => model.card['saved@5'], percent],
  ['success@5', (model) => model.card['success@5'], percent],
  ['recited', (model) => model.card.recited, percent],
  ['p95_ms', (model) => model.card.p95_ms, (value) => `${value.toFixed(0)} ms`],
];

export function showCard(model) {
  const rows = FACTS.flatMap(([name, of, written]) => {
    const value = of({ card: {}, ...model });
    return Number.isFinite(value) ? [html('div', {}, html('dt', {}, words()[name]), html('dd', {}, written(value)))] : [];
  });
  const { lines, seconds } = model.card ?? {};
  document.getElementById('card-learned').textContent = lines ? words().learned(whole(lines), minutes(seconds)) : '';
  document.getElementById('card-name').textContent = model.id;
  document.getElementById('card-facts').replaceChildren(...rows);
  document.getElementById('card').hidden = false;
}
