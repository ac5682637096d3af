/**
 * Answers what the box asks a server for by the worker of this page: load it before the box.
 *
 * All else that is fetched goes its usual way.
 */

const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
const waiting = new Map();
const overNetwork = globalThis.fetch.bind(globalThis);
let asked = 0;

worker.onmessage = ({ data }) => {
  waiting.get(data.id)?.(data);
  waiting.delete(data.id);
};
worker.onerror = ({ message }) => {
  for (const answer of waiting.values()) answer({ error: message || 'the worker cannot be loaded' });
  waiting.clear();
};

function ask(question, signal) {
  const id = ++asked;
  return new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => {
      waiting.delete(id);
      reject(signal.reason);
    }, { once: true });
    waiting.set(id, resolve);
    worker.postMessage({ id, ...question });
  });
}

const response = (body, status = 200) => new Response(JSON.stringify(body), {
  status, headers: { 'Content-Type': 'application/json' },
});

globalThis.fetch = async (input, init = {}) => {
  const { pathname } = new URL(input.url ?? input, document.baseURI);
  const isAsked = pathname.endsWith('/v1/complete');
  if (pathname.endsWith('/v1/events')) return response({ error: { message: 'no server keeps events' } }, 404);
  if (!isAsked && !pathname.endsWith('/v1/models')) return overNetwork(input, init);
  const body = isAsked ? JSON.parse(init.body) : { models: true };
  const { answer, error } = await ask(body, init.signal);
  if (error) return response({ error: { message: error } }, 500);
  return response(isAsked ? { ...answer, session: body.session ?? null, seq: body.seq ?? null } : answer);
};
