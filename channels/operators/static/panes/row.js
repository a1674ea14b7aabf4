// A row of the open handovers. It stays the same while the handover changes, so that the focus stays.

import { cell, element, isolated, put } from "../dom.js";
import { moment, running } from "../time.js";
import { nameOf, owner, readable } from "../words.js";

const COLUMNS = ["User", "Waits", "Plan", "With", "Since", "Ends"];
const [USER, WAITS, PLAN, WITH, SINCE, ENDS] = COLUMNS.keys();
const USUAL_ENDS = ["timeout", "closed", null];
const LATE_SECONDS = 300; // who has waited that long without an answer stands out

export class Row {
  #cells = COLUMNS.map((label) => cell({ className: label.toLowerCase() }));
  #name = isolated("");
  #now;
  isAsked = false; // to give it back
  isOver = false;

  /** `now` is the bot's time; `opens` and `asks` are called when the person wants that. */
  constructor(handover, { now, opens, asks, chooses }) {
    this.#now = now;
    this.box = element("input", { type: "checkbox" });
    this.button = element("button", { type: "button", textContent: "Give back" });
    this.opener = element("button", { type: "button", className: "name" }, this.#name);
    this.opener.setAttribute("aria-haspopup", "dialog");
    this.#cells[USER].append(this.opener);
    this.tr = element(
      "tr",
      {},
      cell({ className: "box" }, this.box),
      ...this.#cells,
      cell({ className: "back" }, this.button),
    );
    this.tr.setAttribute("role", "row");
    this.opener.addEventListener("click", () => opens(this.handover));
    this.button.addEventListener("click", () => asks([this]));
    this.box.addEventListener("change", chooses);
    this.show(handover);
  }

  show(handover) {
    this.handover = handover;
    this.isOver = false;
    const name = nameOf(handover);
    put(this.#name, name);
    this.opener.title = handover.name ? handover.sender_id : "";
    put(this.#cells[PLAN], planOf(handover));
    put(this.#cells[WITH], owner(handover));
    put(this.#cells[SINCE], moment(handover.opened_at, this.#now()));
    this.button.setAttribute("aria-label", `Give back the thread of ${name}`);
    this.box.setAttribute("aria-label", `Choose the thread of ${name}`);
    this.allow();
    this.tick();
  }

  /** The handover is over; the row stays while somebody is at the table. */
  end() {
    this.isOver = true;
    this.allow();
    put(this.#cells[WAITS], "");
    put(this.#cells[ENDS], "over");
    this.tr.classList.remove("unanswered", "late");
  }

  /** Enable returning it, or disable that. */
  allow() {
    const may = !this.isOver && !this.isAsked && ["active", "waiting"].includes(this.handover.state);
    this.button.disabled = this.box.disabled = !may;
    if (!may) this.box.checked = false;
    this.tr.classList.toggle("over", this.isOver);
  }

  /** The times run on. */
  tick() {
    if (this.isOver) return;
    put(this.#cells[WAITS], this.#waits());
    put(this.#cells[ENDS], this.#ends());
    const isUnanswered = isOwedAnAnswer(this.handover);
    this.tr.classList.toggle("unanswered", isUnanswered);
    this.tr.classList.toggle("late", isUnanswered && this.#since() >= LATE_SECONDS);
  }

  #since() {
    return (this.#now() - Date.parse(this.handover.waits_since)) / 1_000;
  }

  #waits() {
    const { state, waits_since, due_at, opened_at, first_answer_at, operator_messages, opened_by } =
      this.handover;
    if (state === "ending") return "";
    if (state === "waiting") {
      return due_at === null ? "for your hours" : `for your hours, ${moment(due_at, this.#now())}`;
    }
    if (isOwedAnAnswer(this.handover)) return running(this.#since());
    if (waits_since !== null) return `again, ${running(this.#since())}`;
    if (operator_messages === 0) return "";
    if (first_answer_at === null || opened_by === "somebody else") return "answered";
    const took = (Date.parse(first_answer_at) - Date.parse(opened_at)) / 1_000;
    return `answered in ${running(took)}`;
  }

  #ends() {
    const { state, reason, ends_at, ends_by } = this.handover;
    if (state === "ending") return `ending: ${readable(reason)}`;
    if (state === "opening") return "being passed";
    if (ends_at === null) return "by hand";
    const left = running((Date.parse(ends_at) - this.#now()) / 1_000);
    return USUAL_ENDS.includes(ends_by) ? `in ${left}` : `in ${left}: ${readable(ends_by)}`;
  }
}

/** Whether nobody has answered yet; somebody who waits for opening hours does not count. */
const isOwedAnAnswer = ({ state, waits_since, first_answer_at, operator_messages }) =>
  ["opening", "active"].includes(state) &&
  waits_since !== null &&
  first_answer_at === null &&
  operator_messages === 0;

const planOf = ({ plan, opened_by }) => (opened_by === "bot_failed" ? `${plan} (bot failed)` : plan);
