/** Completes off the main thread: {id, prompt, n, max_chars} in, {id, answer} or {id, error} out. */

import * as ort from './onnxruntime-web/ort.wasm.min.mjs';
import { Model } from './model.js';
import { Search } from './search.js';
import { Tokenizer } from './tokenizer.js';

ort.env.wasm.wasmPaths = new URL('./onnxruntime-web/', import.meta.url).href;
ort.env.wasm.numThreads = 1; // more would need headers that few static servers send

async function load() {
  const [facts, tokenizer, graph] = await Promise.all([
    fetch('facts.json').then((answer) => answer.json()),
    fetch('tokenizer.json').then((answer) => answer.json()),
    fetch('model.onnx').then((answer) => answer.arrayBuffer()),
  ]);
  const session = await ort.InferenceSession.create(graph, { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });
  return { facts, search: new Search(new Tokenizer(tokenizer), new Model(ort, session, facts)) };
}

const loaded = load();
let newest = 0;

onmessage = async ({ data: { id, models, prompt, n, max_chars: maxChars } }) => {
  newest = id;
  try {
    const { facts, search } = await loaded;
    if (models) {
      postMessage({ id, answer: { object: 'list', data: [facts.model] } });
      return;
    }
    await (running = running.catch(() => null).then(async () => {
      const start = performance.now();
      const candidates = id === newest ? await search.complete(prompt, n, maxChars, () => id !== newest) : [];
      postMessage({ id, answer: { prompt, candidates, timing: { total_ms: performance.now() - start } } });
    }));
  } catch (error) {
    postMessage({ id, error: String(error?.message ?? error) });
  }
};
let running = Promise.resolve();
