// A word of help for each word of Meta's on the page. The dialog has them all; whatever has a
// `data-word` says its own when it is pointed at, and to screen readers.

import { byId } from "./dom.js";

/** What a word means, as the dialog has it; empty for a word that it has not. */
export function meaning(word) {
  return byId(`word-${word}`)?.textContent ?? "";
}

export function addWords() {
  for (const node of document.querySelectorAll("[data-word]")) node.title = meaning(node.dataset.word);
  byId("help").addEventListener("click", () => byId("words").showModal());
}
