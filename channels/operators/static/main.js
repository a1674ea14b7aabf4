// The handovers page: signs in, keeps asking the bot, and shows its answers.

import {
  dropToken,
  endedHandovers,
  hasToken,
  keepToken,
  openHandovers,
  returnThread,
  sheet,
  statistics,
  story,
  Unauthorised,
  Unreachable,
} from "./api.js";
import { clearStatistics, showStatistics } from "./panes/charts.js";
import { byId, element, put, say } from "./dom.js";
import { OpenHandovers } from "./panes/handovers.js";
import { History } from "./panes/history.js";
import { showStory } from "./panes/story.js";
import { clock } from "./time.js";
import { nameOf } from "./words.js";

const UTF_8_MARK = "\ufeff"; // or Excel takes the file for another encoding
const HANDOVERS_EVERY_MS = 3_000;
const STATISTICS_EVERY_MS = 60_000;
const STATISTICS_AT_MOST_EVERY_MS = 10_000; // while one handover after the other ends

class Page {
  #opens = (one) => this.#attempt(() => showStory(one, () => story(one.session_id)));
  #open = new OpenHandovers({
    looks: () => this.#refresh(),
    opens: this.#opens,
    returns: (handovers) => this.#return(handovers),
  });
  #history = new History({
    looks: () => this.#attempt(() => this.#count()),
    opens: this.#opens,
  });
  #countedAt = 0;
  #isOneOver = false;
  #asked = 0; // looks: only the answer to the last one is shown
  #answered = 0;
  #seenAt = null;

  start() {
    byId("sign-in").addEventListener("submit", (event) => this.#signIn(event));
    byId("sign-out").addEventListener("click", () => this.#signOut());
    byId("as-csv").addEventListener("click", () => this.#attempt(() => this.#save()));
    byId("dismiss").addEventListener("click", () => this.#tellProblem(""));
    document.addEventListener("visibilitychange", () => this.#refresh());
    setInterval(() => this.#asked === this.#answered && this.#refresh(), HANDOVERS_EVERY_MS);
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
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
    this.#open.clear();
    this.#history.clear();
    clearStatistics();
    this.#countedAt = 0;
    this.#seenAt = null;
    put(byId("updated"), "");
    put(byId("open-count"), "");
    say(byId("trouble"), "");
    this.#tellProblem("");
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
    const number = ++this.#asked;
    try {
      const told = await openHandovers(this.#open.query());
      if (!hasToken() || number < this.#asked) return; // signed out, or asked for something else
      this.#isOneOver = this.#open.show(told) || this.#isOneOver;
      this.#seenAt = told.now;
      byId("content").hidden = false;
      byId("sign-out").hidden = false;
      byId("sign-in").hidden = true;
      put(byId("updated"), `as of ${clock(told.now)}`);
      say(byId("trouble"), "");
      const since = Date.now() - this.#countedAt;
      const isTime = since > STATISTICS_EVERY_MS;
      if (isTime || (this.#isOneOver && since > STATISTICS_AT_MOST_EVERY_MS)) await this.#count();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#answered = Math.max(this.#answered, number);
    }
  }

  async #count() {
    // At first, ask again soon: the names are fetched after the first look.
    const isFirst = this.#countedAt === 0;
    this.#countedAt = Date.now() - (isFirst ? STATISTICS_EVERY_MS - STATISTICS_AT_MOST_EVERY_MS : 0);
    this.#isOneOver = false;
    const asked = JSON.stringify(this.#history.query());
    const query = this.#history.query();
    const [told, past] = await Promise.all([statistics(query.days), endedHandovers(query)]);
    if (!hasToken() || asked !== JSON.stringify(this.#history.query())) return;
    showStatistics(told);
    this.#history.show(past);
  }

  async #save() {
    const marked = new Blob([UTF_8_MARK, await sheet(byId("days").value)], { type: "text/csv" });
    const url = URL.createObjectURL(marked);
    element("a", { href: url, download: "handovers.csv" }).click();
    URL.revokeObjectURL(url);
  }

  async #return(handovers) {
    const problems = [];
    for (const one of handovers) {
      try {
        await returnThread(one.sender_id);
      } catch (error) {
        if (error instanceof Unauthorised) return this.#signOut(error.message);
        problems.push(`${nameOf(one)}: ${error.message}`);
      }
    }
    this.#tellProblem(problems.join(" "));
    await this.#refresh();
  }

  /** Do what the person has asked for; if that fails, say why. */
  async #attempt(step) {
    try {
      await step();
    } catch (error) {
      if (error instanceof Unauthorised) this.#signOut(error.message);
      else this.#tellProblem(error.message);
    }
  }

  /** What the person asked for has failed: the message stays until it is read. */
  #tellProblem(message) {
    put(byId("problem-text"), message);
    byId("problem").hidden = message === "";
  }

  /** A look has failed; what is shown is from the last one. */
  #fail(error) {
    if (error instanceof Unauthorised) {
      this.#signOut(error.message);
      return;
    }
    const shown = this.#seenAt === null ? "" : ` What you see is of ${clock(this.#seenAt)}.`;
    const again = error instanceof Unreachable ? " Trying again …" : "";
    say(byId("trouble"), `${error.message}${shown}${again}`);
  }
}

new Page().start();
