// The handovers that have ended: with reason, waits and what users thought.

import { byId, element } from "./dom.js";
import { cell, owner, readable } from "./handovers.js";
import { duration, moment } from "./time.js";

const PAGE_SIZE = 50;
const COLUMNS = ["User", "Plan", "With", "Ended", "Reason", "First answer", "Feedback"];

export class History {
  #handovers = [];
  #until = "";
  #page = 0;

  constructor() {
    byId("earlier").addEventListener("click", () => this.#turnTo(this.#page + 1));
    byId("later").addEventListener("click", () => this.#turnTo(this.#page - 1));
  }

  show({ until, handovers }) {
    [this.#until, this.#handovers] = [until, handovers];
    this.#turnTo(this.#page);
  }

  clear() {
    this.#handovers = [];
    byId("past-rows").replaceChildren();
  }

  #turnTo(page) {
    const pages = Math.max(1, Math.ceil(this.#handovers.length / PAGE_SIZE));
    this.#page = Math.min(Math.max(page, 0), pages - 1);
    const first = this.#page * PAGE_SIZE;
    const shown = this.#handovers.slice(first, first + PAGE_SIZE);
    byId("past-rows").replaceChildren(...shown.map((one) => this.#row(one)));
    byId("past").hidden = shown.length === 0;
    byId("past-pager").hidden = pages === 1;
    byId("past-page").textContent = `${this.#page + 1} of ${pages}`;
    byId("later").disabled = this.#page === 0;
    byId("earlier").disabled = this.#page === pages - 1;
  }

  #row(one) {
    const texts = [
      one.sender_id,
      one.plan,
      owner(one),
      moment(one.ended_at, this.#until),
      one.reason === null ? "" : readable(one.reason),
      firstAnswer(one),
      feedback(one),
    ];
    const cells = texts.map((text, column) => {
      const made = cell(COLUMNS[column]);
      made.textContent = text;
      return made;
    });
    const row = element("tr", {}, ...cells);
    row.setAttribute("role", "row");
    return row;
  }
}

function firstAnswer({ first_answer_at, opened_at }) {
  if (first_answer_at === null) return "none";
  return duration((Date.parse(first_answer_at) - Date.parse(opened_at)) / 1_000);
}

function feedback({ score, comment }) {
  if (score === null) return "";
  const mark = typeof score === "number" ? `${score} of 5` : score;
  return comment === null ? mark : `${mark}: “${comment}”`;
}
