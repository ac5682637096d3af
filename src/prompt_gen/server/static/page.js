// The demo page around <prompt-gen>: two uses, live numbers, the model's card, and why a list is shown.

import { showCard } from './page/card.js';
import { offerChat, watchChat } from './page/chat.js';
import { html } from './page/drawing.js';
import { showNumbers, watch } from './page/numbers.js';
import { explain, showWhy } from './page/why.js';
import { say, switchLanguage, words } from './page/words.js';

const byId = (id) => document.getElementById(id);
const completers = [...document.querySelectorAll('prompt-gen')];
const tabs = [...document.querySelectorAll('[role=tab]')];
const forget = new Map(); // field -> take what is in it as not written

let key = sessionStorage.getItem('key') ?? '';
let model = null;

const headers = () => ({ 'Content-Type': 'application/json', ...(key && { Authorization: `Bearer ${key}` }) });
const FIELDS = { 'tab-search': 'query', 'tab-note': 'note', 'tab-chat': 'question' };
const fieldNow = () => byId(FIELDS[tabs.find((tab) => tab.getAttribute('aria-selected') === 'true').id]);

// ---- language, tabs, off the record ----------------------------------------------------------------

byId('language').addEventListener('click', () => {
  switchLanguage();
  showNumbers();
  showWhy();
  if (model) showCard(model);
});

function choose(tab) {
  for (const each of tabs) {
    const isChosen = each === tab;
    each.setAttribute('aria-selected', String(isChosen));
    each.tabIndex = isChosen ? 0 : -1;
    byId(each.getAttribute('aria-controls')).hidden = !isChosen;
  }
}

for (const tab of tabs) {
  tab.addEventListener('click', () => { choose(tab); fieldNow().focus(); });
  tab.addEventListener('keydown', ({ key: pressed }) => {
    if (pressed !== 'ArrowLeft' && pressed !== 'ArrowRight') return;
    const offered = tabs.filter((each) => !each.hidden);
    const step = pressed === 'ArrowRight' ? 1 : offered.length - 1;
    const other = offered[(offered.indexOf(tab) + step) % offered.length];
    choose(other);
    other.focus();
  });
}

byId('off-record').addEventListener('click', ({ currentTarget }) => {
  const isOff = currentTarget.getAttribute('aria-pressed') !== 'true';
  currentTarget.setAttribute('aria-pressed', String(isOff));
  for (const completer of completers) completer.offRecord = isOff;
});

// ---- the fields ------------------------------------------------------------------------------------

for (const completer of completers) {
  const field = byId(completer.htmlFor);
  forget.set(field, watch(field, completer));
  completer.addEventListener('pg-suggest', ({ detail }) => explain(detail.prompt, headers()));
}

/** Put a text into a field as if it stood there; nothing of it counts as written. */
function put(field, text) {
  field.value = text;
  forget.get(field)?.();
}

byId('search-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const query = byId('query');
  if (!query.value.trim()) return;
  byId('searched').prepend(html('li', {}, query.value));
  byId('nothing-searched').hidden = true;
  put(query, '');
  query.focus();
});

byId('examples').addEventListener('click', ({ target }) => {
  const chip = target.closest('button');
  if (!chip) return;
  const field = fieldNow();
  put(field, chip.textContent);
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
  field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertReplacementText' }));
});

// ---- the model, and its key ------------------------------------------------------------------------

function showExamples(examples) {
  const texts = Array.isArray(examples) ? examples.filter((text) => typeof text === 'string' && text) : [];
  for (const text of texts.slice(0, 6)) byId('examples').append(html('button', { type: 'button', class: 'chip' }, text));
  byId('examples').hidden = texts.length === 0;
  if (texts.length && !fieldNow().value) explain(texts[0], headers());
}

byId('key-form').addEventListener('submit', (event) => {
  event.preventDefault();
  key = byId('key').value.trim();
  loadCard();
});

function askForKey() {
  byId('key-form').hidden = false;
  byId('key-wrong').textContent = key ? words().keyWrong : '';
  byId('key').focus();
}

function useKey() {
  byId('key-form').hidden = true;
  if (!key) return;
  sessionStorage.setItem('key', key);
  for (const completer of completers) completer.key = key;
  fieldNow().focus();
}

/** Until the service is up; the element itself tells the reader that it is still loading. */
async function loadCard(wait = 1000) {
  const response = await fetch('/v1/models', { headers: headers() }).catch(() => null);
  if (response?.status === 401 || response?.status === 403) return askForKey();
  if (!response || response.status === 503) return setTimeout(() => loadCard(Math.min(wait * 2, 8000)), wait);
  const models = response.ok ? (await response.json()).data ?? [] : [];
  [model] = models;
  const answering = models.find(({ card }) => card?.task === 'dialogue');
  if (answering) offerChat(answering.id);
  if (!model) return undefined;
  useKey();
  showExamples(model.card?.examples);
  return showCard(model);
}

watchChat(headers);
say();
showNumbers();
loadCard();
fieldNow().focus();
