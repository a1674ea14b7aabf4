// The handovers that have ended: with reason, waits and what users thought.

import { byId, cell, element, isolated, put } from "../dom.js";
import { duration, moment } from "../time.js";
import { feedback, nameOf, owner, readable } from "../words.js";

const PAGE_SIZE = 50;

export class History {
  #skip = 0;
  #looks;
  #opens;

  /** `looks` asks the bot again; `opens` shows a handover. */
  constructor({ looks, opens }) {
    [this.#looks, this.#opens] = [looks, opens];
    byId("earlier").addEventListener("click", () => this.#turnTo(this.#skip + PAGE_SIZE));
    byId("later").addEventListener("click", () => this.#turnTo(this.#skip - PAGE_SIZE));
    byId("days").addEventListener("change", () => this.#turnTo(0));
  }

  /** What to ask the bot for. */
  query() {
    return { days: byId("days").value, skip: this.#skip, limit: PAGE_SIZE };
  }

  show({ until, is_more, handovers }) {
    if (handovers.length === 0 && this.#skip > 0) {
      this.#turnTo(this.#skip - PAGE_SIZE); // what was here is kept no longer
      return;
    }
    const focused = document.activeElement?.closest("#past-rows tr")?.dataset.session;
    byId("past-rows").replaceChildren(...handovers.map((one) => this.#row(one, until)));
    byId("past-rows").querySelector(`[data-session="${focused}"] button`)?.focus();
    byId("past").hidden = handovers.length === 0;
    byId("past-pager").hidden = this.#skip === 0 && !is_more;
    put(byId("past-page"), `${this.#skip + 1} to ${this.#skip + handovers.length}`);
    byId("later").disabled = this.#skip === 0;
    byId("earlier").disabled = !is_more;
  }

  clear() {
    byId("past-rows").replaceChildren();
    this.#skip = 0;
  }

  #turnTo(skip) {
    this.#skip = Math.max(0, skip);
    this.#looks();
  }

  #row(one, now) {
    const opener = element("button", { type: "button", className: "name" }, isolated(nameOf(one)));
    opener.title = one.name ? one.sender_id : "";
    opener.setAttribute("aria-haspopup", "dialog");
    opener.addEventListener("click", () => this.#opens(one));
    const row = element(
      "tr",
      {},
      cell({ className: "user" }, opener),
      cell({ className: "ended" }, moment(one.ended_at, now)),
      cell({ className: "plan" }, one.plan),
      cell({ className: "with" }, owner(one)),
      cell({ className: "reason" }, readable(one.reason ?? "")),
      cell({ className: "first" }, firstAnswer(one)),
      cell({ className: "feedback" }, isolated(feedback(one))),
    );
    row.setAttribute("role", "row");
    row.dataset.session = one.session_id;
    return row;
  }
}

function firstAnswer({ first_answer_at, opened_at, opened_by, user_messages }) {
  if (opened_by === "somebody else" && (first_answer_at !== null || user_messages === 0)) return "";
  if (first_answer_at === null) return "no answer";
  return duration((Date.parse(first_answer_at) - Date.parse(opened_at)) / 1_000);
}
