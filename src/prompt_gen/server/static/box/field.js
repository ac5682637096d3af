// The field that is enhanced: its attributes as a combobox, what of it is the prompt, and inserting.

const MAX_SUFFIX = 8; // with more characters behind the caret nothing is asked automatically
const ATTRIBUTES = { autocomplete: 'off', autocorrect: 'off', autocapitalize: 'off', spellcheck: 'false' };
// HTML allows a text area no role but its own (several lines), and that one cannot be expanded.
const COMBOBOX = { role: 'combobox', 'aria-expanded': 'false' };
const TEXT_AREA = { 'aria-haspopup': 'listbox' };

export class Field {
  #saved; // its own attributes, given back at the end
  isInserting = false;

  constructor(node) {
    this.node = node;
  }

  /** Make it control the list with this id; an input becomes a combobox. */
  dress(listId, isInline) {
    const enterkeyhint = this.node.getAttribute('enterkeyhint') ?? (this.isMultiline ? 'enter' : 'send');
    const wanted = {
      ...ATTRIBUTES, ...(this.isMultiline ? TEXT_AREA : COMBOBOX), enterkeyhint, 'aria-controls': listId, 'aria-autocomplete': isInline ? 'both' : 'list',
    };
    this.#saved = [...Object.keys(wanted), 'aria-activedescendant'].map((name) => [name, this.node.getAttribute(name)]);
    for (const [name, value] of Object.entries(wanted)) this.node.setAttribute(name, value);
  }

  undress() {
    for (const [name, value] of this.#saved) this.#set(name, value);
  }

  /** What a screen reader is told: whether the list is seen, and which option is active. */
  announce(isOpen, activeId) {
    if (!this.isMultiline) this.#set('aria-expanded', String(isOpen));
    this.#set('aria-activedescendant', activeId);
  }

  #set(name, value) {
    if (value === null) this.node.removeAttribute(name);
    else if (this.node.getAttribute(name) !== value) this.node.setAttribute(name, value);
  }

  get isMultiline() { return this.node.localName === 'textarea'; }

  get isFocused() { return this.node.matches(':focus'); }

  get text() { return this.node.value; }

  get caret() { return this.node.selectionStart ?? this.text.length; }

  get hasSelection() { return this.caret !== (this.node.selectionEnd ?? this.caret); }

  get isAtEnd() { return !this.hasSelection && this.caret === this.text.length; }

  /** The prompt: what is left of the caret, in a text area on the caret's line only. */
  get left() {
    const left = this.text.slice(0, this.caret);
    return this.isMultiline ? left.slice(left.lastIndexOf('\n') + 1) : left;
  }

  /** Whether anything is there to be asked, by hand. */
  get hasPrompt() { return this.left.trim() !== '' && !this.node.readOnly; }

  /** Whether it may be asked without being told to. */
  get invites() {
    const [right] = this.text.slice(this.caret).split('\n', 1);
    return this.hasPrompt && this.isFocused && !this.hasSelection && [...right].length <= MAX_SUFFIX;
  }

  /**
   * Put a text at the caret in place of so many characters before it, keeping what follows.
   * `execCommand` is the one way that also keeps the browser's history of changes.
   */
  insert(text, replaced, isComposing) {
    const { node } = this;
    this.isInserting = true;
    if (isComposing) node.blur(); // the input method lets go of its letters
    node.focus({ preventScroll: true });
    const { text: before, caret } = this;
    if (replaced || this.hasSelection) node.setSelectionRange(caret - replaced, caret);
    if (!document.execCommand?.('insertText', false, text) || node.value === before) {
      node.setRangeText(text, caret - replaced, caret, 'end');
      node.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText', data: text }));
    }
    this.isInserting = false;
  }

  /** Make it empty, as if by hand. */
  clear() {
    this.node.value = '';
    this.node.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'deleteContentBackward' }));
  }
}
