// The demo page around <prompt-gen>: examples, submitted lines, live numbers, model facts.

const byId = (id) => document.getElementById(id);
const field = byId('note');
const completer = document.querySelector('prompt-gen');

const codePoints = (text) => [...text].length;

function make(tag, text, properties = {}) {
  const node = Object.assign(document.createElement(tag), properties);
  node.textContent = text;
  return node;
}

/** "中文 English", with the English part in its own small span. */
function bilingual(tag, chinese, english) {
  const node = make(tag, `${chinese} `);
  node.append(make('span', english, { className: 'en', lang: 'en' }));
  return node;
}

// ---- live numbers ----------------------------------------------------------------------------

const MODIFIERS = new Set(['Shift', 'Control', 'Alt', 'Meta', 'CapsLock', 'AltGraph', 'Fn']);
const tally = { keys: 0, characters: 0 };
let length = 0;

function showTally() {
  byId('keys').textContent = tally.keys;
  byId('chars').textContent = tally.characters;
  byId('ratio').textContent = tally.keys ? (tally.characters / tally.keys).toFixed(2) : '–';
}

function setField(text) {
  field.value = text;
  length = codePoints(text); // put there by the page, not written
}

field.addEventListener('keydown', (event) => {
  if (MODIFIERS.has(event.key)) return;
  tally.keys += 1;
  showTally();
});

field.addEventListener('input', () => {
  const now = codePoints(field.value);
  tally.characters += now - length;
  length = now;
  showTally();
});

completer.addEventListener('click', () => { // choosing a row by hand costs one action too
  tally.keys += 1;
  showTally();
});

completer.addEventListener('pg-suggest', ({ detail }) => {
  byId('ms').textContent = detail.ms < 10 ? detail.ms.toFixed(1) : Math.round(detail.ms);
});

// ---- submitting ------------------------------------------------------------------------------

byId('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  if (!field.value.trim()) return;
  byId('submitted').prepend(make('li', field.value));
  byId('empty').hidden = true;
  setField('');
  field.focus();
});

// ---- examples and facts ----------------------------------------------------------------------

function showExamples(examples) {
  const texts = Array.isArray(examples) ? examples.filter((text) => typeof text === 'string' && text) : [];
  const chip = (text) => make('button', text, { type: 'button', className: 'chip' });
  byId('chips').replaceChildren(...texts.slice(0, 6).map(chip));
  byId('examples').hidden = texts.length === 0;
}

byId('chips').addEventListener('click', ({ target }) => {
  const chip = target.closest('button');
  if (!chip) return;
  setField(chip.textContent);
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
  field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertReplacementText' }));
});

function showFacts(model) {
  const { card = {} } = model;
  const number = (value) => (Number.isFinite(value) ? value.toLocaleString('en') : null);
  const facts = [
    ['名称', 'id', model.id],
    ['文字', 'script', model.script],
    ['词表', 'vocabulary', number(model.vocab_size)],
    ['上下文', 'context', number(model.context_length)],
    ['每字比特', 'bits per character', Number.isFinite(card.bits_per_char) ? card.bits_per_char.toFixed(3) : null],
  ].filter(([, , value]) => value);
  byId('facts-list').replaceChildren(...facts.map(([chinese, english, value]) => {
    const row = document.createElement('div');
    row.append(bilingual('dt', chinese, english), make('dd', value));
    return row;
  }));
  byId('facts').hidden = false;
}

/** Until the service is up; the element itself tells the reader that it is still loading. */
async function loadCard(wait = 1000) {
  const response = await fetch('/v1/models').catch(() => null);
  if (!response || response.status === 503) {
    setTimeout(() => loadCard(Math.min(wait * 2, 8000)), wait);
    return;
  }
  const model = response.ok ? (await response.json()).data?.[0] : null;
  if (!model) return;
  showExamples(model.card?.examples);
  showFacts(model);
}

loadCard();
