// <prompt-gen> for React 18 and 19, without a build step: plain calls in place of JSX.
//
//   import 'https://YOUR-SERVER/static/prompt-gen.js';            once, on your page or in your bundle,
//   <link rel="stylesheet" href="https://YOUR-SERVER/static/prompt-gen.css">   and its style
//
//   <PromptGenField label="Note" endpoint="https://YOUR-SERVER/v1/complete" apiKey={key} onText={setText} />
//
// The field is React's own and stays uncontrolled: the box writes into it, and `onText` hears of every change,
// typed or accepted. A server elsewhere needs `serve.cors_origins` to name your page.

import { createElement, useEffect, useId, useRef } from 'react';

export function PromptGenField({ label, endpoint, apiKey = '', onText, onAccept, multiline = false, ...settings }) {
  const id = `pg${useId().replace(/\W/g, '')}`;
  const box = useRef(null);

  useEffect(() => { box.current.key = apiKey; }, [apiKey]);
  useEffect(() => {
    const element = box.current;
    const accepted = ({ detail }) => onAccept?.(detail);
    element.addEventListener('pg-accept', accepted);
    return () => element.removeEventListener('pg-accept', accepted);
  }, [onAccept]);

  return createElement('div', { className: 'prompt-gen-field' },
    createElement('label', { htmlFor: id }, label),
    createElement(multiline ? 'textarea' : 'input', { id, onInput: (event) => onText?.(event.target.value) }),
    createElement('prompt-gen', { ref: box, for: id, endpoint, ...settings }));
}
