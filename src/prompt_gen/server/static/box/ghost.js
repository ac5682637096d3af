// Inline text: what the best (or the active) row would add, in grey behind the caret. Only a picture:
// it is hidden from screen readers, which have the list.

const COPIED = [
  'boxSizing', 'font', 'letterSpacing', 'wordSpacing', 'lineHeight', 'textIndent', 'textTransform', 'textAlign',
  'direction', 'tabSize', 'paddingTop', 'paddingRight', 'paddingBottom', 'paddingLeft',
  'borderTopWidth', 'borderRightWidth', 'borderBottomWidth', 'borderLeftWidth',
];

export class Ghost {
  #typed = document.createElement('span');
  #rest = document.createElement('span');
  #key = null; // what was drawn last

  constructor() {
    this.node = document.createElement('div');
    this.node.className = 'pg-ghost';
    this.node.setAttribute('aria-hidden', 'true');
    this.node.hidden = true;
    this.#typed.className = 'pg-ghost-typed';
    this.#rest.className = 'pg-ghost-rest';
    this.node.append(this.#typed, this.#rest);
  }

  get text() { return this.node.hidden ? '' : this.#rest.textContent; }

  /** Draw a text behind the caret of a field that ends there; an empty one removes it. */
  draw(field, rest) {
    const isShown = rest !== '' && field.isAtEnd;
    this.node.hidden = !isShown;
    if (isShown) this.#write(field, rest);
  }

  /** How far below the top of the host the line of the caret ends, pixels; before anything is drawn. */
  lineEnd(field) {
    this.node.hidden = false;
    this.#write(field, '\u200b');
    const [line] = this.#rest.getClientRects();
    return line.bottom - this.node.offsetParent.getBoundingClientRect().top;
  }

  #write(field, rest) {
    this.#typed.textContent = field.text.slice(0, field.caret);
    this.#rest.textContent = rest;
    this.#lie(field);
    this.follow(field);
  }

  /** Keep to the text when the field scrolls. */
  follow({ node }) {
    this.node.scrollTop = node.scrollTop;
    this.node.scrollLeft = node.scrollLeft;
  }

  /** Lie over the field, its letters in the same places. */
  #lie({ node, isMultiline }) {
    const [over, home] = [node.getBoundingClientRect(), this.node.offsetParent.getBoundingClientRect()];
    const key = [over.left - home.left, over.top - home.top, over.width, over.height].join(' ');
    if (key === this.#key) return;
    this.#key = key;
    const [left, top, width, height] = key.split(' ').map((pixels) => `${pixels}px`);
    const style = getComputedStyle(node);
    for (const name of COPIED) this.node.style[name] = style[name];
    Object.assign(this.node.style, { left, top, width, height });
    if (!isMultiline) { // a text stands in the middle of an input, whatever the height of its line
      const lines = ['borderTopWidth', 'borderBottomWidth', 'paddingTop', 'paddingBottom'];
      const inner = over.height - lines.reduce((sum, name) => sum + Number.parseFloat(style[name]), 0);
      this.node.style.lineHeight = `${inner}px`;
    }
    this.node.classList.toggle('pg-ghost-line', !isMultiline);
  }
}
