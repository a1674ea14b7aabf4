// The page of the open handovers: signs in, asks the bot again and again, and shows its answers.

import {
  dropToken,
  hasToken,
  keepToken,
  openHandovers,
  returnThread,
  statistics,
  Unauthorised,
  Unreachable,
} from "./api.js";
import { showStatistics } from "./charts.js";
import { byId, say } from "./dom.js";
import { OpenHandovers } from "./handovers.js";
import { clock } from "./time.js";

const HANDOVERS_EVERY_MS = 3_000;
const STATISTICS_EVERY_MS = 60_000;

class Page {
  #open = new OpenHandovers((handover) => this.#return(handover));
  #countedAt = 0;
  #isAway = false;

  start() {
    byId("sign-in").addEventListener("submit", (event) => this.#signIn(event));
    byId("sign-out").addEventListener("click", () => this.#signOut());
    byId("days").addEventListener("change", () => this.#attempt(() => this.#count()));
    document.addEventListener("visibilitychange", () => this.#refresh());
    setInterval(() => this.#refresh(), HANDOVERS_EVERY_MS);
    setInterval(() => this.#open.tick(), 1_000);
    this.#show();
    this.#refresh();
  }

  async #signIn(event) {
    event.preventDefault();
    keepToken(byId("token").value.trim());
    byId("token").value = "";
    say(byId("refused"), "");
    await this.#refresh();
    if (hasToken()) byId("open-title").focus();
  }

  #signOut(why = "") {
    dropToken();
    this.#open.clear();
    this.#countedAt = 0;
    for (const id of ["by-reason", "first-answers", "ended-count", "open-count", "updated"]) {
      byId(id).replaceChildren();
    }
    say(byId("trouble"), "");
    say(byId("refused"), why);
    this.#show();
    byId("token").focus();
  }

  #show() {
    byId("sign-in").hidden = hasToken();
    if (!hasToken()) {
      byId("content").hidden = true;
      byId("sign-out").hidden = true;
    }
  }

  async #refresh() {
    if (!hasToken() || document.hidden) return;
    await this.#attempt(async () => {
      const told = await openHandovers();
      if (!hasToken()) return; // signed out meanwhile
      const isOneOver = this.#open.show(told);
      byId("content").hidden = false;
      byId("sign-out").hidden = false;
      byId("sign-in").hidden = true;
      byId("updated").textContent = `as of ${clock(told.now)}`;
      if (isOneOver || Date.now() > this.#countedAt + STATISTICS_EVERY_MS) await this.#count();
    });
  }

  async #count() {
    this.#countedAt = Date.now();
    const told = await statistics(byId("days").value);
    if (hasToken()) showStatistics(told);
  }

  async #return(handover) {
    say(byId("trouble"), "");
    await this.#attempt(() => returnThread(handover.sender_id));
    await this.#refresh();
  }

  /** Do it; where the bot does not answer, or says no, tell why. */
  async #attempt(step) {
    try {
      await step();
      if (this.#isAway) say(byId("trouble"), ""); // what the bot refused stays to be read
      this.#isAway = false;
    } catch (error) {
      this.#isAway = error instanceof Unreachable;
      if (error instanceof Unauthorised) this.#signOut(error.message);
      else say(byId("trouble"), error.message);
    }
  }
}

new Page().start();
