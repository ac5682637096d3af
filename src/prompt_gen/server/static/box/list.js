// The listbox below the field: one stable node for each candidate, at most one of them active.

const LONG = 12; // a longer typed part may be shortened in the rows, from its left
const CUT = ['length', 'open']; // reasons to end that are no end of a text
const TOUCH = matchMedia('(hover: none) and (pointer: coarse)');

function element(tag, attributes) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

export class List {
  #uid;
  #nodes = new Map(); // candidate text -> option node, so that ids stay stable
  #made = 0;
  active = -1;
  hover = -1;

  constructor(uid) {
    this.#uid = uid;
    this.node = element('ul', { id: `pg-${uid}-list`, class: 'pg-list', role: 'listbox', hidden: '' });
  }

  get options() { return [...this.node.children]; }

  /** Rows that are seen. */
  get count() { return this.options.filter((node) => !node.hidden).length; }

  get isOpen() { return !this.node.hidden; }

  get activeId() { return this.options[this.active]?.id ?? null; }

  get activeText() { return this.options[this.active]?.textContent ?? ''; }

  indexOf(target) { return this.options.indexOf(target.closest('[role=option]')); }

  open(isOpen) { this.node.hidden = !isOpen; }

  activate(index) {
    this.active = index;
    this.options.forEach((node, i) => node.setAttribute('aria-selected', String(i === index)));
  }

  /** The row so many steps on, passing through "none" (the field itself) at either end. */
  after(step) {
    const stops = this.count + 1;
    return ((this.active + 1 + step + stops) % stops) - 1;
  }

  /** Show these rows; a node is moved only when the order really changes. */
  render({ rows, typed, isOutdated }) {
    this.node.classList.toggle('pg-outdated', isOutdated);
    if (isOutdated) return;
    const active = this.options[this.active];
    const nodes = rows.map((row) => this.#option(row, typed));
    for (const [text, node] of this.#nodes) {
      if (!nodes.includes(node)) { this.#nodes.delete(text); node.remove(); }
    }
    nodes.forEach((node, i) => {
      if (this.node.children[i] !== node) this.node.insertBefore(node, this.node.children[i] ?? null);
    });
    this.activate(nodes.indexOf(active));
  }

  #option({ candidate, rest }, typed) {
    const node = this.#nodes.get(candidate.text) ?? this.#newOption(candidate.text);
    node.querySelector('bdi').textContent = typed;
    node.lastElementChild.textContent = rest;
    node.classList.toggle('pg-long', typed.length > LONG);
    node.classList.toggle('pg-cut', CUT.includes(candidate.finish_reason));
    return node;
  }

  #newOption(text) {
    const node = element('li', { id: `pg-${this.#uid}-option-${++this.#made}`, class: 'pg-option', role: 'option' });
    const typed = element('span', { class: 'pg-typed' });
    typed.append(element('bdi', {}));
    node.append(typed, element('span', { class: 'pg-rest' }));
    this.#nodes.set(text, node);
    return node;
  }

  /**
   * On touch screens only the rows that fit above the keyboard are shown, but two at least;
   * nothing scrolls inside. Whether all are.
   */
  fit() {
    const nodes = this.options;
    const view = window.visualViewport;
    let room = nodes.length;
    if (TOUCH.matches && view && room) {
      nodes[0].hidden = false;
      const space = view.offsetTop + view.height - this.node.getBoundingClientRect().top;
      room = Math.max(2, Math.floor(space / nodes[0].offsetHeight));
    }
    nodes.forEach((node, i) => { node.hidden = i >= room; });
    if (this.active >= room) this.activate(-1);
    return room >= nodes.length;
  }
}
