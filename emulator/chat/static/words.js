// Help for each of Meta's words on the page. The dialog has them all; an element with a `data-word`
// shows its own when it is pointed at, and gives it to screen readers.

import { byId } from "./dom.js";

/** What a word means, according to the dialog; empty for a word that it lacks. */
export function meaning(word) {
  return byId(`word-${word}`)?.textContent ?? "";
}

export function addWords() {
  for (const node of document.querySelectorAll("[data-word]")) node.title = meaning(node.dataset.word);
  byId("help").addEventListener("click", () => byId("words").showModal());
}
