// Whether the bot is well, and when it will end the person's handover, asked as an agents' app would.

import { known } from "./api.js";
import { unreached } from "./silence.js";

const EVERY_MS = 5_000;
const SOON_MS = 700; // until the bot has done what an event makes it do

export class Watch {
  #user = null;
  #soon = null;
  #told;
  seen = { webhook: "", error: null, problems: [], handover: null };

  /** `told()` is called when something else is seen than before. */
  constructor(told) {
    this.#told = told;
    setInterval(() => document.hidden || this.#look(), EVERY_MS);
  }

  become(user) {
    if (user.id !== this.#user) this.seen = { ...this.seen, handover: null };
    this.#user = user.id;
    this.#look();
  }

  /** Something has happened: look once the bot may have heard of it. */
  soon() {
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => this.#look(), SOON_MS);
  }

  /** What is wrong with the bot, or null. */
  trouble(bot) {
    if (this.seen.error) return `${bot.name} does not answer: ${unreached(this.seen.error, bot)}`;
    if (this.seen.problems.length === 0) return null;
    return this.seen.problems.map(({ message, remedy }) => `${message ?? ""} ${remedy ?? ""}`.trim()).join(" ");
  }

  async #look() {
    const user = this.#user;
    if (user === null) return;
    const seen = await known(`bot/${user}`);
    if (seen === null || user !== this.#user) return;
    const isNew = JSON.stringify(seen) !== JSON.stringify(this.seen);
    this.seen = seen;
    if (isNew) this.#told();
  }
}
