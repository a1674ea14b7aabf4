// The open handovers: a row for each, kept as it is while it changes, so that the focus stays.

import { byId, element } from "./dom.js";
import { duration, moment } from "./time.js";

const COLUMNS = ["User", "Plan", "With", "Since", "Time left"];

export class OpenHandovers {
  #rows = new Map(); // by session id
  #skew = 0; // of the bot's clock, in milliseconds
  #onReturn;

  /** `onReturn` gets the handover whose thread is to be returned, and settles once it is asked. */
  constructor(onReturn) {
    this.#onReturn = onReturn;
  }

  /** Show what the bot has told. True if a handover of before is over. */
  show({ now, total, handovers }) {
    this.#skew = Date.parse(now) - Date.now();
    const ids = new Set(handovers.map((one) => one.session_id));
    const over = [...this.#rows.keys()].filter((id) => !ids.has(id));
    over.forEach((id) => this.#remove(id));
    handovers.forEach((one) => this.#put(one));
    byId("open").hidden = handovers.length === 0;
    const count = counted(total, handovers.length);
    if (byId("open-count").textContent !== count) byId("open-count").textContent = count;
    this.tick();
    return over.length > 0;
  }

  /** The time that is left runs on. */
  tick() {
    for (const row of this.#rows.values()) row.cells[4].textContent = this.#left(row.handover);
  }

  clear() {
    [...this.#rows.keys()].forEach((id) => this.#remove(id));
  }

  #put(handover) {
    const row = this.#rows.get(handover.session_id) ?? this.#add(handover);
    row.handover = handover;
    const now = Date.now() + this.#skew;
    const shown = [
      handover.sender_id,
      handover.plan,
      handover.is_with_inbox ? "Page Inbox" : `App ${handover.target_app}`,
      moment(handover.opened_at, now),
    ];
    shown.forEach((text, column) => {
      row.cells[column].textContent = text;
    });
    row.button.disabled = row.isAsked || !["active", "waiting"].includes(handover.state);
  }

  #add(handover) {
    const cells = COLUMNS.map((label) => cell(label));
    const button = element("button", { type: "button", textContent: "Return" });
    button.setAttribute("aria-label", `Return the thread of ${handover.sender_id}`);
    const last = cell();
    last.append(button);
    const tr = element("tr", {}, ...cells, last);
    tr.setAttribute("role", "row");
    const row = { handover, cells, button, tr, isAsked: false };
    button.addEventListener("click", () => this.#ask(row));
    byId("open-rows").append(tr);
    this.#rows.set(handover.session_id, row);
    return row;
  }

  async #ask(row) {
    const hadFocus = row.button === document.activeElement;
    row.isAsked = true;
    row.button.disabled = true;
    if (hadFocus) byId("open-title").focus();
    await this.#onReturn(row.handover);
    row.isAsked = false;
  }

  #remove(id) {
    const { tr } = this.#rows.get(id);
    if (tr.contains(document.activeElement)) byId("open-title").focus();
    tr.remove();
    this.#rows.delete(id);
  }

  #left({ state, reason, ends_at }) {
    if (state === "ending") return `ending: ${readable(reason)}`;
    if (state !== "active") return state;
    if (ends_at === null) return "stays with the agent";
    return duration((Date.parse(ends_at) - Date.now() - this.#skew) / 1_000);
  }
}

export const readable = (reason) => reason.replaceAll("_", " ");

function cell(label) {
  const made = element("td");
  made.setAttribute("role", "cell");
  if (label) made.dataset.label = label;
  return made;
}

function counted(total, shown) {
  if (total === 0) return "No handover is open.";
  const all = total === 1 ? "1 handover is open." : `${total} handovers are open.`;
  return total > shown ? `${all} These are the oldest ${shown}.` : all;
}
