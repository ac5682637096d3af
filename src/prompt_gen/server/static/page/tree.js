// The tree behind the caret as a picture, left to right, a row for each end.

import { percent, svg } from './drawing.js';

const ROW = 34; // from one end to the next
const BOX = 26; // height of a box
const GAP = 40; // between a box and the one behind it
const CARET_GAP = 8; // between what was typed and the caret, twice
const THICK = 30; // of a ribbon that is certain
const THIN = 1.2;
const PADDING = 9;
const BADGE = 9; // radius of a rank
const TYPED = 6; // characters of what was typed, before the caret
const WORTH_A_ROW = 0.01; // probability of what is not drawn one by one

const pen = document.createElement('canvas').getContext('2d');

function widthOf(text, font) {
  pen.font = font;
  return pen.measureText(text).width;
}

/** Spaces as signs, so that they are seen. */
const seen = (piece) => piece.replace(/^ +| +$/g, (spaces) => '␣'.repeat(spaces.length));

class Layout {
  #fonts;
  #rows = 0;
  boxes = [];
  ribbons = [];

  constructor(tree, typed, fonts) {
    this.#fonts = fonts;
    this.typed = [...typed].length > TYPED ? `…${[...typed].slice(-TYPED).join('')}` : typed;
    this.root = this.#place(tree, widthOf(this.typed, fonts[2]) + CARET_GAP, true);
    this.height = Math.max(1, this.#rows) * ROW;
    this.width = Math.max(...this.boxes.map((box) => box.x + box.width + (box.rank ? 2 * BADGE + 8 : 0)));
  }

  #place(branch, x, isCaret = false) {
    const label = seen(branch.piece);
    const [large, small] = this.#fonts;
    const room = isCaret ? 3 : widthOf(label, large) + 6 + widthOf(percent(branch.p), small) + 2 * PADDING;
    const box = { ...branch, label, x, width: room, isCaret };
    this.boxes.push(box);
    const behind = x + room + GAP;
    const children = branch.branches.map((each) => this.#place(each, behind));
    if (branch.p_rest >= WORTH_A_ROW && (branch.branches.length || isCaret)) {
      children.push(this.#rest(branch, behind));
    }
    if (children.length) box.y = (children[0].y + children.at(-1).y) / 2;
    else { box.y = (this.#rows + 0.5) * ROW; this.#rows += 1; }
    this.#join(box, children);
    return box;
  }

  #rest(branch, x) {
    const label = branch.n_folded ? `+ ${branch.n_folded} …` : '…';
    const [, small] = this.#fonts;
    const box = { p: branch.p_rest, label, x, y: (this.#rows + 0.5) * ROW, isRest: true, state: 'rest' };
    box.width = widthOf(`${label} ${percent(branch.p_rest)}`, small) + PADDING;
    this.#rows += 1;
    this.boxes.push(box);
    return box;
  }

  /** Ribbons leave a box beside each other, as thick as what they lead to is probable. */
  #join(box, children) {
    const thick = children.map((child) => Math.max(THIN, THICK * child.p));
    let y = box.y - thick.reduce((sum, each) => sum + each, 0) / 2;
    children.forEach((child, i) => {
      const start = Math.min(Math.max(y + thick[i] / 2, box.y - BOX / 2), box.y + BOX / 2);
      this.ribbons.push({ from: [box.x + box.width, start], to: [child.x, child.y], thick: thick[i], target: child });
      y += thick[i];
    });
  }
}

function ribbon({ from: [x1, y1], to: [x2, y2], thick, target }) {
  const middle = (x1 + x2) / 2;
  return svg('path', {
    class: `ribbon ${target.state || 'inner'}`, 'stroke-width': thick.toFixed(1),
    d: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`,
  });
}

function box(each) {
  const { x, y, width, label, p, rank, isCaret, isRest } = each;
  const state = each.state || 'inner';
  if (isCaret) return [svg('rect', { class: 'caret', x, y: y - 15, width, height: 30, rx: 1.5 })];
  if (isRest) return [svg('text', { class: 'small', x: x + 4, y: y + 4 }, `${label} ${percent(p)}`)];
  const parts = [
    svg('rect', { class: `box ${state}${rank ? ' shown' : ''}`, x, y: y - BOX / 2, width, height: BOX, rx: 7 }),
    svg('text', { class: `piece on-${state}`, x: x + PADDING, y: y + 5 }, label),
    svg('text', { class: `small end on-${state}`, x: x + width - PADDING, y: y + 4 }, percent(p)),
  ];
  if (!rank) return parts;
  const at = each.branches.length || each.p_rest >= WORTH_A_ROW ? [x + width, y - BOX / 2] : [x + width + BADGE + 6, y];
  return [...parts,
    svg('circle', { class: 'badge', cx: at[0], cy: at[1], r: BADGE }),
    svg('text', { class: 'rank', x: at[0], y: at[1] + 4 }, String(rank)),
  ];
}

/** Draw what may follow a text into an element. */
export function drawTree(tree, typed, where) {
  const { fontFamily } = getComputedStyle(where);
  const layout = new Layout(tree, typed, [`15px ${fontFamily}`, `12px ${fontFamily}`, `650 17px ${fontFamily}`]);
  const { x, y } = layout.root;
  const [width, height] = [Math.ceil(layout.width) + 12, layout.height + 8];
  where.replaceChildren(svg('svg', { width, height, viewBox: `-2 -4 ${width} ${height}`, 'aria-hidden': 'true' },
    svg('text', { class: 'typed', x: x - CARET_GAP / 2, y: y + 6 }, layout.typed),
    ...layout.ribbons.map(ribbon), ...layout.boxes.flatMap(box)));
}
