// A conversation with a bundle that was tuned for dialogues, if the server has one.

import { html, percent } from './drawing.js';
import { words } from './words.js';

const byId = (id) => document.getElementById(id);
const talk = () => byId('talk');
const rows = () => talk().firstElementChild;

let model = '';
let messages = []; // of the conversation so far
let control = null; // of the answer that comes

/** Offer the chat; `name` is the model that answers. */
export function offerChat(name) {
  model = name;
  byId('tab-chat').hidden = false;
}

/** The data of server-sent events, as they come. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const pieces = (rest + part.value).split('\n\n');
    rest = pieces.pop();
    for (const piece of pieces) yield piece.replace(/^data: /, '');
  }
}

function before({ question, answer, score }) {
  const facts = html('p', { class: 'soft' }, words().answeredBefore(percent(score)));
  return html('li', { class: 'before' }, facts, html('b', {}, question), html('p', {}, answer));
}

/** The answer that is written into a row, or nothing where there is none. */
async function answered(response, row) {
  let similar = [];
  for await (const data of events(response)) {
    if (data === '[DONE]') break;
    const chunk = JSON.parse(data);
    if (chunk.error) throw new Error(chunk.error.message);
    similar = chunk.similar ?? similar;
    for (const { delta } of chunk.choices) row.append(delta.content);
  }
  if (similar.length) rows().append(before(similar[0]));
  return row.textContent;
}

async function ask(question, headers) {
  control?.abort();
  control = new AbortController();
  const { signal } = control;
  const asked = [...messages, { role: 'user', content: question }];
  const row = html('li', { class: 'said' });
  rows().append(html('li', { class: 'asked' }, question), row);
  talk().setAttribute('aria-busy', 'true'); // it is read out when it is whole
  try {
    const body = JSON.stringify({ model, messages: asked, stream: true, temperature: 0 });
    const response = await fetch('/v1/chat/completions', { method: 'POST', headers, signal, body });
    if (!response.ok) throw new Error((await response.json()).error.message);
    const answer = await answered(response, row);
    if (answer) messages = [...asked, { role: 'assistant', content: answer }];
    else row.textContent = words().noAnswer;
  } catch (error) {
    if (signal.aborted) return;
    row.classList.add('wrong');
    row.textContent = error.message;
  } finally {
    if (!signal.aborted) talk().setAttribute('aria-busy', 'false');
    rows().lastElementChild?.scrollIntoView({ block: 'nearest' });
  }
}

/** Answer what is sent; `headers` gives those that requests need. */
export function watchChat(headers) {
  byId('chat-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const question = byId('question').value.trim();
    if (!question) return;
    byId('question').value = '';
    ask(question, headers());
  });
  byId('chat-new').addEventListener('click', () => {
    control?.abort();
    messages = [];
    rows().replaceChildren();
    talk().setAttribute('aria-busy', 'false');
    byId('question').focus();
  });
}
