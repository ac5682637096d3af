// What the box says, in the language of the page around it.

const WORDS = {
  zh: {
    list: '续写建议',
    count: (n) => `${n} 条建议`,
    none: '没有建议',
    loading: '模型加载中，好了会自动继续…',
    offline: '连不上服务，正在重试…',
    locked: '这项服务需要密钥',
    error: (why) => `暂时给不出建议：${why}`,
  },
  en: {
    list: 'Suggestions',
    count: (n) => `${n} suggestion${n === 1 ? '' : 's'}`,
    none: 'No suggestions',
    loading: 'The model is loading; this will go on by itself…',
    offline: 'Cannot reach the service; trying again…',
    locked: 'This service asks for a key',
    error: (why) => `No suggestions for now: ${why}`,
  },
};

/** The words for an element: by the nearest `lang`, else by the browser. */
export function wordsFor(element) {
  return /^zh/i.test(element.closest('[lang]')?.lang || navigator.language) ? WORDS.zh : WORDS.en;
}
