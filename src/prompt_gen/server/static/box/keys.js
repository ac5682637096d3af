// What every key does, by what is on screen. The first row that fits is taken.
//
//   closed  no list            inline  grey text stands behind the caret
//   open    no row is active   chosen  a row is active

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const EDITING = /^(Shift\+)?(Arrow\w+|Page\w+|Home|End|Delete|Backspace)$/;

const closed = (box) => !box.isOpen;
const shown = (box) => box.isOpen;
const chosen = (box) => box.isChosen;
const inline = (box) => box.isInline;
const always = () => true;

// key, when, action of the box, whether the browser's own action stays
const TABLE = [
  ['Enter', chosen, 'accept'],
  ['Enter', always, 'submit', 'own'],
  ['Shift+Enter', always, 'submit', 'own'],

  ['Tab', (box) => inline(box) && box.acceptsOnTab !== false, 'accept'],
  ['Tab', (box) => chosen(box) && box.acceptsOnTab, 'accept'],
  ['Tab', always, 'leave', 'own'],
  ['Shift+Tab', always, 'leave', 'own'],

  ['Escape', (box) => chosen(box) || inline(box), 'drop'],
  ['Escape', shown, 'close'],
  ['Escape', (box) => box.clearsOnEsc, 'clear'],
  ['Escape', (box) => box.isSearch, 'cancel'], // it would clear itself
  ['Escape', always, 'cancel', 'own'],

  ['ArrowDown', shown, 'next'],
  ['ArrowUp', shown, 'previous'],
  ['ArrowDown', (box) => box.opensByArrow, 'askForFirst'],
  ['ArrowUp', (box) => box.opensByArrow, 'askForLast'],
  ['Alt+ArrowDown', closed, 'ask'],
  ['Alt+ArrowDown', shown, 'stay'],
  ['Alt+ArrowUp', shown, 'closeByKey'],

  ['ArrowRight', (box) => inline(box) && box.isAtEnd, 'accept'],
  ['End', (box) => inline(box) && box.isAtEnd, 'accept'],
  ['Word', (box) => chosen(box) || inline(box), 'acceptWord'],

  ['Alt+]', (box) => chosen(box) || inline(box), 'nextInline'],
  ['Alt+[', (box) => chosen(box) || inline(box), 'previousInline'],
  ['Ask', chosen, 'next'],
  ['Ask', shown, 'askForOthers'],
  ['Ask', closed, 'ask'],
  ['Alt+Digit', (box) => shown(box) && box.hasDigitKeys, 'acceptNth'],
];

/** What a key is called in the table. */
function nameOf({ key, code, altKey, ctrlKey, metaKey, shiftKey }, hasCtrlSpace) {
  if (key === 'ArrowRight' && !shiftKey && !metaKey && (IS_MAC ? altKey && !ctrlKey : ctrlKey && !altKey)) return 'Word';
  if (ctrlKey && code === 'Space' && hasCtrlSpace) return 'Ask';
  if (ctrlKey || metaKey) return '';
  if (!altKey) return shiftKey ? `Shift+${key}` : key;
  if (code === 'Backslash') return 'Ask';
  if (code === 'BracketRight') return 'Alt+]';
  if (code === 'BracketLeft') return 'Alt+[';
  return /^Digit[1-9]$/.test(code) ? 'Alt+Digit' : `Alt+${key}`;
}

/** What to do about a key: {action, own}; own: the browser's own action stays. Null: nothing. */
export function actionOf(event, box) {
  const name = nameOf(event, box.hasCtrlSpace);
  const row = TABLE.find(([key, fits]) => key === name && fits(box));
  if (row) return { action: row[2], own: row[3] === 'own' };
  return (chosen(box) || inline(box)) && EDITING.test(name) ? { action: 'drop', own: true } : null;
}
