// The page of the open handovers: signs in, asks the bot again and again, and shows its answers.

import {
  dropToken,
  endedHandovers,
  hasToken,
  keepToken,
  openHandovers,
  returnThread,
  sheet,
  statistics,
  Unauthorised,
  Unreachable,
} from "./api.js";
import { showStatistics } from "./charts.js";
import { byId, element, say } from "./dom.js";
import { OpenHandovers } from "./handovers.js";
import { History } from "./history.js";
import { clock } from "./time.js";

const HANDOVERS_EVERY_MS = 3_000;
const STATISTICS_EVERY_MS = 60_000;

class Page {
  #open = new OpenHandovers((handovers) => this.#return(handovers));
  #history = new History();
  #countedAt = 0;
  #isAway = false;

  start() {
    byId("sign-in").addEventListener("submit", (event) => this.#signIn(event));
    byId("sign-out").addEventListener("click", () => this.#signOut());
    byId("days").addEventListener("change", () => this.#attempt(() => this.#count()));
    byId("as-csv").addEventListener("click", () => this.#attempt(() => this.#save()));
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
    this.#history.clear();
    this.#countedAt = 0;
    for (const id of ["by-reason", "first-answers", "opinions", "scores", "ended-count", "open-count", "updated"]) {
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
    if (!hasToken()) return; // hidden, too: the title tells who waits
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
    const days = byId("days").value;
    const [told, past] = await Promise.all([statistics(days), endedHandovers(days)]);
    if (!hasToken()) return;
    showStatistics(told);
    this.#history.show(past);
  }

  async #save() {
    const url = URL.createObjectURL(await sheet(byId("days").value));
    element("a", { href: url, download: "handovers.csv" }).click();
    URL.revokeObjectURL(url);
  }

  async #return(handovers) {
    say(byId("trouble"), "");
    for (const one of handovers) await this.#attempt(() => returnThread(one.sender_id));
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
