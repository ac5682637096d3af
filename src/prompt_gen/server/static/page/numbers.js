// Live numbers: what answers take, and the keystrokes that choosing saves.

import { svg } from './drawing.js';
import { words } from './words.js';

const SHOWN = 40; // answers in the picture
const [WIDTH, HEIGHT, CEILING_MS] = [160, 32, 100];
const CHOOSING = new Set(['ArrowDown', 'ArrowUp']);

const byId = (id) => document.getElementById(id);
const lengthOf = (text) => [...text].length;
const atShare = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];
const short = (ms) => (ms < 10 ? ms.toFixed(1) : Math.round(ms));

const trips = []; // ms, of all answers
const tally = { all: 0, chosen: 0, saved: 0 };

function showTrips() {
  if (!trips.length) return;
  byId('ms').textContent = short(trips.at(-1));
  byId('typical').textContent = words().typical(short(atShare(trips, 0.5)), short(atShare(trips, 0.95)), trips.length);
  const step = WIDTH / SHOWN;
  byId('trips').replaceChildren(...trips.slice(-SHOWN).map((ms, i) => {
    const height = Math.max(2, HEIGHT * Math.min(1, ms / CEILING_MS));
    return svg('rect', { x: i * step, y: HEIGHT - height, width: step - 1.5, height, rx: 1 });
  }));
}

function showTally() {
  const share = tally.all ? tally.saved / tally.all : 0;
  byId('saved').textContent = tally.all ? Math.round(100 * share) : '–';
  byId('tally').textContent = tally.all ? words().tally(tally.all, tally.chosen) : '';
  byId('share').replaceChildren(
    svg('rect', { class: 'whole', width: WIDTH, height: 10, rx: 3 }),
    svg('rect', { width: WIDTH * Math.max(0, share), height: 10, rx: 3 }),
  );
}

/** Show all of them, in the language that is chosen. */
export function showNumbers() {
  showTrips();
  showTally();
}

/** Watch a field and its <prompt-gen>. Gives a function that takes what is in the field as not written. */
export function watch(field, completer) {
  let length = lengthOf(field.value);
  let choosing = 0; // keys since the text changed that only moved through the list

  field.addEventListener('keydown', ({ key }) => { choosing += CHOOSING.has(key) ? 1 : 0; });
  field.addEventListener('input', () => {
    const now = lengthOf(field.value);
    tally.all = Math.max(0, tally.all + now - length);
    length = now;
    showTally();
  });
  completer.addEventListener('pg-accept', ({ detail }) => {
    tally.chosen += lengthOf(detail.text);
    tally.saved += lengthOf(detail.text) - choosing - 1;
    choosing = 0;
    showTally();
  });
  completer.addEventListener('pg-suggest', ({ detail }) => {
    choosing = 0;
    trips.push(detail.ms);
    showTrips();
  });
  return () => { length = lengthOf(field.value); };
}
