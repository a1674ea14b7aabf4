// The open handovers: what to search for, the rows of a part of them, and returning threads.

import { byId, element, isolated, put } from "../dom.js";
import { Row } from "./row.js";
import { nameOf } from "../words.js";

const PAGE_SIZE = 50;
const TYPING_MS = 250; // a pause in typing, after which is searched
const AT_IT_MS = 5_000; // how long after the last move over the table its rows keep their places

export class OpenHandovers {
  #rows = new Map(); // by session id, in the order in which they are shown
  #skip = 0;
  #found = 0;
  #skew = 0; // of the bot's clock, in milliseconds
  #touchedAt = 0;
  #looks;
  #opens;
  #returns;

  /**
   * `looks` asks the bot again; `opens` shows a handover; `returns` gets the handovers whose threads
   * to return, and settles once that has been requested.
   */
  constructor({ looks, opens, returns }) {
    [this.#looks, this.#opens, this.#returns] = [looks, opens, returns];
    let typing;
    byId("search").addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.#turnTo(0), TYPING_MS);
    });
    for (const id of ["plan", "page", "waiting-only"]) {
      byId(id).addEventListener("change", () => this.#turnTo(0));
    }
    byId("before").addEventListener("click", () => this.#turnTo(this.#skip - PAGE_SIZE));
    byId("after").addEventListener("click", () => this.#turnTo(this.#skip + PAGE_SIZE));
    byId("all").addEventListener("change", () => this.#chooseAll(byId("all").checked));
    byId("return-chosen").addEventListener("click", () => this.#ask(this.#chosen()));
    for (const kind of ["pointermove", "pointerdown", "keydown"]) {
      byId("open-rows").addEventListener(kind, () => (this.#touchedAt = Date.now()));
    }
  }

  /** What to ask the bot for. */
  query() {
    return {
      order: "need",
      limit: PAGE_SIZE,
      skip: this.#skip,
      search: byId("search").value.trim(),
      plan: byId("plan").value,
      page: byId("page").value,
      unanswered: byId("waiting-only").checked,
    };
  }

  /** Show what the bot has answered. True if a handover from before is over. */
  show(told) {
    this.#skew = Date.parse(told.now) - Date.now();
    this.#found = told.found;
    const before = [...this.#rows.keys()];
    this.#draw(told.handovers);
    offer(byId("plan"), "All plans", told.plans.map((plan) => [plan, plan]));
    offer(byId("page"), "All pages", Object.entries(told.pages).map(([id, name]) => [id, name ?? id]));
    this.#tell(told);
    return before.some((id) => !told.handovers.some((one) => one.session_id === id));
  }

  /** The times run on. */
  tick() {
    for (const row of this.#rows.values()) row.tick();
  }

  clear() {
    this.#rows.clear();
    byId("open-rows").replaceChildren();
    for (const id of ["search", "plan", "page"]) byId(id).value = "";
    byId("waiting-only").checked = false;
    this.#skip = 0;
    document.title = "Handovers";
  }

  #turnTo(skip) {
    this.#skip = Math.max(0, skip);
    this.#touchedAt = 0;
    this.#looks();
  }

  #draw(handovers) {
    if (handovers.length === 0 && this.#skip > 0 && this.#found > 0) {
      this.#turnTo(this.#skip - PAGE_SIZE); // what was here is over
      return;
    }
    const ids = new Set(handovers.map((one) => one.session_id));
    const isAtIt = Date.now() < this.#touchedAt + AT_IT_MS;
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      if (isAtIt) row.end();
      else this.#remove(id);
    }
    for (const one of handovers) this.#put(one);
    if (!isAtIt) this.#order(handovers);
    byId("open").hidden = this.#rows.size === 0;
    this.#offerReturn();
  }

  #put(handover) {
    const known = this.#rows.get(handover.session_id);
    if (known) {
      known.show(handover);
      return;
    }
    const row = new Row(handover, {
      now: () => Date.now() + this.#skew,
      opens: (one) => this.#opens(one),
      asks: (rows) => this.#ask(rows),
      chooses: () => this.#offerReturn(),
    });
    this.#rows.set(handover.session_id, row);
    byId("open-rows").append(row.tr);
  }

  #order(handovers) {
    const focused = document.activeElement;
    handovers.forEach(({ session_id }, place) => {
      const { tr } = this.#rows.get(session_id);
      const there = byId("open-rows").children[place];
      if (there !== tr) byId("open-rows").insertBefore(tr, there ?? null);
    });
    if (focused?.isConnected && focused !== document.activeElement) focused.focus();
  }

  #tell({ total, found, unanswered }) {
    document.title = unanswered ? `(${unanswered}) Handovers` : "Handovers";
    put(byId("open-count"), counted(total, unanswered));
    put(byId("found"), found < total ? `${found} found` : "");
    byId("filters").hidden = total === 0;
    byId("pager").hidden = found <= PAGE_SIZE;
    const last = Math.min(this.#skip + PAGE_SIZE, found);
    put(byId("page-number"), `${Math.min(this.#skip + 1, last)} to ${last} of ${found}`);
    byId("before").disabled = this.#skip === 0;
    byId("after").disabled = last >= found;
  }

  #chosen() {
    return [...this.#rows.values()].filter((row) => row.box.checked && !row.box.disabled);
  }

  #chooseAll(isChosen) {
    for (const row of this.#rows.values()) row.box.checked = isChosen && !row.box.disabled;
    this.#offerReturn();
  }

  #offerReturn() {
    const count = this.#chosen().length;
    byId("all").checked = count > 0 && count === this.#rows.size;
    byId("all").indeterminate = count > 0 && count < this.#rows.size;
    byId("return-chosen").hidden = count === 0;
    put(byId("return-chosen"), `Give back ${count}`);
  }

  async #ask(rows) {
    const whose = rows.length === 1 ? nameOf(rows[0].handover) : `${rows.length} users`;
    if (rows.length === 0 || !(await agrees(whose))) return;
    for (const row of rows) {
      row.isAsked = true;
      row.allow();
    }
    byId("open-title").focus();
    this.#offerReturn();
    await this.#returns(rows.map((row) => row.handover));
    for (const row of rows) row.isAsked = false;
  }

  #remove(id) {
    const { tr } = this.#rows.get(id);
    if (tr.contains(document.activeElement)) byId("open-title").focus();
    tr.remove();
    this.#rows.delete(id);
  }
}

/** The choices of a filter, by value and name; a filter with a single choice is not shown. */
function offer(select, all, choices) {
  const chosen = select.value;
  if (chosen && !choices.some(([value]) => value === chosen)) choices.push([chosen, chosen]);
  select.hidden = choices.length < 2;
  const shown = [["", all], ...choices.toSorted(([, one], [, other]) => one.localeCompare(other))];
  const now = [...select.options].map((option) => [option.value, option.textContent]);
  if (JSON.stringify(now) === JSON.stringify(shown)) return;
  const options = shown.map(([value, textContent]) => element("option", { value, textContent }));
  select.replaceChildren(...options);
  select.value = chosen;
}

/** Whether the person agrees to return a user's thread. */
function agrees(whose) {
  const dialog = byId("confirm");
  byId("question").replaceChildren("Give the thread of ", isolated(whose), " back to the bot?");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function counted(total, unanswered) {
  if (total === 0) return "No handover is open.";
  return unanswered ? `${total} open, ${unanswered} waiting` : `${total} open, nobody waiting`;
}
