// A conversation on the screen: a list that only grows, with a tail (typing, seen) at its end.

import { element } from "../dom.js";

export class Talk {
  #thread = null;
  #shown = 0;
  #edition = 0;
  #tail = element("li", { className: "tail" });

  /** `draw(item, previous)` makes the elements for an item of a thread, or none. */
  constructor(list, draw) {
    this.list = list;
    this.draw = draw;
  }

  /** Bring the list up to date with a thread; `tail` is `{className, text}`. */
  show(thread, tail) {
    if (thread !== this.#thread || thread.edition !== this.#edition) this.#begin(thread);
    for (; this.#shown < thread.items.length; this.#shown += 1) this.#add();
    if (this.#tail.className !== tail.className) this.#tail.className = tail.className;
    if (this.#tail.textContent !== tail.text) this.#tail.textContent = tail.text;
  }

  /** Forget what is shown, so that the next `show` draws all of it. */
  restart() {
    this.#thread = null;
  }

  #begin(thread) {
    this.#thread = thread;
    this.#edition = thread.edition;
    this.#shown = 0;
    this.list.replaceChildren(this.#tail);
  }

  #add() {
    const items = this.#thread.items;
    this.#tail.before(...this.draw(items[this.#shown], items[this.#shown - 1]));
  }
}
