// What a person can do with a message of their own: change its text, or take it back.

import { control } from "../platform/api.js";
import { tried } from "../platform/attempts.js";
import { byId, element } from "../dom.js";

const LONGEST_LABEL = 40; // characters

export class OwnMessages {
  #message = null;
  #user = null;
  #refusal = byId("own-message-refusal");
  #dialog = byId("own-message");

  constructor() {
    byId("own-message-cancel").addEventListener("click", () => this.#dialog.close());
    byId("take-back").addEventListener("click", () => this.#do("deletions", {}));
    byId("own-message-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = byId("own-message-text").value.trim();
      if (text !== "") this.#do("edits", { text });
    });
  }

  /** The button that opens it, beside a message of this person. */
  button(user, message) {
    const label = `Change or take back: ${[...(message.text ?? "attachment")].slice(0, LONGEST_LABEL).join("")}`;
    const button = element("button", { type: "button", className: "own", textContent: "⋯", ariaLabel: label });
    button.title = "Change it, or take it back";
    button.addEventListener("click", () => this.#open(user, message));
    return button;
  }

  #open(user, message) {
    [this.#user, this.#message] = [user, message];
    this.#refusal.textContent = "";
    byId("own-message-text").value = message.text ?? "";
    byId("own-message-text").disabled = !message.text;
    this.#dialog.querySelector(".primary").disabled = !message.text;
    this.#dialog.showModal();
  }

  async #do(what, body) {
    const { mid } = this.#message;
    const path = `users/${this.#user.id}/${what}`;
    if (await tried(this.#refusal, () => control("POST", path, { mid, ...body }))) this.#dialog.close();
  }
}
