// The words of the demo page in its two languages, and putting them in their places.

const WORDS = {
  zh: {
    tag: 'zh-CN',
    otherTag: 'en',
    otherLanguage: 'English',
    title: '写个开头，它接着写',
    lead: '一个只读过你给的文字的小模型，就在这台机器上运行，不向外发送一个字。',
    offRecord: '不留记录',
    keyLabel: '这项服务需要密钥',
    keySend: '使用',
    keyWrong: '密钥不对，请检查后再试。',
    tabs: '两种用法',
    note: '便笺',
    notePlaceholder: '在这里开始写…',
    search: '搜索框',
    searchPlaceholder: '想查什么？',
    searchSend: '搜索',
    searched: '搜索过的',
    chat: '问答',
    talk: '对话',
    question: '问题',
    questionPlaceholder: '想问什么？',
    questionSend: '提问',
    chatNew: '重新开始',
    chatNote: '答案由模型生成，可能有误；下方是训练文本中最相似的问题及其原答案。',
    noAnswer: '（没有答案）',
    answeredBefore: (p) => `曾经的回答（相似度 ${p}）`,
    nothingSearched: '按 Enter 提交的文字会列在这里，只留在这一页。',
    try: '试试',
    keys: '按键',
    keyTab: '采用灰字',
    keyWord: '只采用几个字',
    keyChoose: '选一条',
    keyClose: '收起',
    keyOthers: '换一批',
    live: '实时数字与模型',
    answer: '应答用时',
    typical: (p50, p95, n) => `${n} 次：中位 ${p50}，95% 以内 ${p95} ms`,
    saved: '省下的按键',
    tally: (all, chosen) => `共 ${all} 字，其中 ${chosen} 字是选来的`,
    why: '为什么是这些',
    whyFacts: (typed, opened, read) => `「${typed}」之后查看了 ${opened} 处，读了 ${read} 处`,
    tree: '光标之后可能的文字，越粗越可能；可以左右滚动',
    legend: '绿：查看过。虚线：只记下，没有查看。圆圈里的数字：列表中的第几条。',
    reason: (p, gain) => `概率 ${p}${gain === null ? '，训练文本中如此接续' : `，预期再省 ${gain} 键`}`,
    lines: (n) => (n ? `原句 ${n} 行` : '模型生成'),
    learned: (lines, minutes) => `读了 ${lines} 行${minutes ? `，练了 ${minutes} 分钟` : ''}`,
    parameters: '参数',
    vocab_size: '词表',
    context_length: '上下文',
    bits_per_char: '每字比特',
    'saved@5': '留出文本上省下的按键',
    'success@5': '五条之内说中',
    recited: '逐字背出训练文本',
    p95_ms: '一键用时，95% 以内',
  },
  en: {
    tag: 'en',
    otherTag: 'zh-CN',
    otherLanguage: '中文',
    title: 'Type a beginning. It goes on.',
    lead: 'A small model that has read only your own text, running on this machine. Not a word leaves it.',
    offRecord: 'Off the record',
    keyLabel: 'This service asks for a key',
    keySend: 'Use it',
    keyWrong: 'That key is not known. Check it and try again.',
    tabs: 'Two uses',
    note: 'Note',
    notePlaceholder: 'Begin to write…',
    search: 'Search box',
    searchPlaceholder: 'What are you looking for?',
    searchSend: 'Search',
    searched: 'Searched for',
    chat: 'Chat',
    talk: 'Conversation',
    question: 'Question',
    questionPlaceholder: 'What would you like to ask?',
    questionSend: 'Ask',
    chatNew: 'Start anew',
    chatNote: 'Answers are generated and may be wrong; below each stands the most similar question of the training text, with its answer.',
    noAnswer: '(no answer)',
    answeredBefore: (p) => `Answered before (${p} alike)`,
    nothingSearched: 'What you submit with Enter is listed here; it stays on this page.',
    try: 'Try',
    keys: 'Keys',
    keyTab: 'take the grey text',
    keyWord: 'take a word of it',
    keyChoose: 'choose a row',
    keyClose: 'close',
    keyOthers: 'show others',
    live: 'Live numbers, and the model',
    answer: 'Answer',
    typical: (p50, p95, n) => `of ${n}: median ${p50}, 95% within ${p95} ms`,
    saved: 'Keystrokes saved',
    tally: (all, chosen) => `${all} characters, ${chosen} of them chosen`,
    why: 'Why these?',
    whyFacts: (typed, opened, read) => `Behind “${typed}”: ${opened} places looked into, ${read} read`,
    tree: 'What may follow the caret, the thicker the more probable; scrolls sideways',
    legend: 'Green: looked into. Dashed: only noted. A number in a circle: the place in the list.',
    reason: (p, gain) => `probability ${p}${gain === null ? '; training lines go on so' : `, expected to save ${gain} more keys`}`,
    lines: (n) => (n ? `in ${n} line${n === 1 ? '' : 's'} of the text` : 'by the model'),
    learned: (lines, minutes) => `Read ${lines} lines${minutes ? ` in ${minutes} min` : ''}`,
    parameters: 'Parameters',
    vocab_size: 'Vocabulary',
    context_length: 'Context',
    bits_per_char: 'Bits per character',
    'saved@5': 'Keystrokes saved on held-out text',
    'success@5': 'Right within five',
    recited: 'Training text recited',
    p95_ms: 'A key takes, 95% within',
  },
};

let language = (localStorage.getItem('language') ?? navigator.language).startsWith('zh') ? 'zh' : 'en';

/** The words of the language that is chosen. */
export const words = () => WORDS[language];

/** Put the words into all elements that name them. */
export function say() {
  document.documentElement.lang = words().tag;
  for (const [attribute, name] of [['label', 'aria-label'], ['placeholder', 'placeholder'], ['lang', 'lang']]) {
    for (const node of document.querySelectorAll(`[data-say-${attribute}]`)) {
      node.setAttribute(name, words()[node.getAttribute(`data-say-${attribute}`)]);
    }
  }
  for (const node of document.querySelectorAll('[data-say]')) node.textContent = words()[node.dataset.say];
}

/** Go over to the other language. */
export function switchLanguage() {
  language = language === 'zh' ? 'en' : 'zh';
  localStorage.setItem('language', language);
  say();
}
