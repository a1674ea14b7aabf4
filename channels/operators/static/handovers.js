// The open handovers: a row for each, kept as it is while it changes, so that the focus stays.

import { byId, element } from "./dom.js";
import { duration, moment } from "./time.js";

const COLUMNS = ["User", "Plan", "With", "Waiting", "Since", "Time left"];
const PAGE_SIZE = 50;
const RANKS = { opening: 0, active: 0, waiting: 1, ending: 3 };

/** Whether nobody has answered yet. */
export const waits = (one) => one.operator_messages === 0 && one.state !== "ending";

export class OpenHandovers {
  #rows = new Map(); // by session id
  #handovers = [];
  #total = 0;
  #page = 0;
  #skew = 0; // of the bot's clock, in milliseconds
  #onReturn;

  /** `onReturn` gets the handovers whose threads are to be given back, and settles once it is asked. */
  constructor(onReturn) {
    this.#onReturn = onReturn;
    for (const id of ["search", "plan", "page", "waiting-only"]) {
      byId(id).addEventListener("input", () => this.#turnTo(0));
    }
    byId("before").addEventListener("click", () => this.#turnTo(this.#page - 1));
    byId("after").addEventListener("click", () => this.#turnTo(this.#page + 1));
    byId("all").addEventListener("change", () => this.#chooseAll(byId("all").checked));
    byId("return-chosen").addEventListener("click", () => this.#ask(this.#chosen()));
  }

  /** Show what the bot has told. True if a handover of before is over. */
  show({ now, total, handovers }) {
    this.#skew = Date.parse(now) - Date.now();
    const ids = new Set(handovers.map((one) => one.session_id));
    const isOneOver = this.#handovers.some((one) => !ids.has(one.session_id));
    this.#total = total;
    this.#handovers = handovers.toSorted(byNeed);
    offer(byId("plan"), "All plans", handovers.map((one) => one.plan));
    offer(byId("page"), "All pages", handovers.map((one) => one.page));
    this.#draw();
    return isOneOver;
  }

  /** The times run on. */
  tick() {
    for (const row of this.#rows.values()) this.#time(row);
  }

  clear() {
    this.#handovers = [];
    [...this.#rows.keys()].forEach((id) => this.#remove(id));
    document.title = "Handovers";
  }

  #turnTo(page) {
    this.#page = page;
    this.#draw();
  }

  #draw() {
    const found = this.#handovers.filter(isWanted);
    const pages = Math.max(1, Math.ceil(found.length / PAGE_SIZE));
    this.#page = Math.min(Math.max(this.#page, 0), pages - 1);
    const shown = found.slice(this.#page * PAGE_SIZE, (this.#page + 1) * PAGE_SIZE);
    const ids = new Set(shown.map((one) => one.session_id));
    [...this.#rows.keys()].filter((id) => !ids.has(id)).forEach((id) => this.#remove(id));
    const focused = document.activeElement;
    shown.forEach((one, place) => this.#put(one, place));
    if (focused?.isConnected && focused !== document.activeElement) focused.focus();
    const waiting = this.#handovers.filter(waits).length;
    document.title = waiting ? `(${waiting}) Handovers` : "Handovers";
    byId("open").hidden = shown.length === 0;
    say("open-count", counted(this.#total, this.#handovers.length, waiting));
    say("found", found.length < this.#handovers.length ? `${found.length} found.` : "");
    byId("pager").hidden = pages === 1;
    say("page-number", `${this.#page + 1} of ${pages}`);
    byId("before").disabled = this.#page === 0;
    byId("after").disabled = this.#page === pages - 1;
    byId("filters").hidden = this.#handovers.length === 0;
    this.#offerReturn();
  }

  #put(handover, place) {
    const row = this.#rows.get(handover.session_id) ?? this.#add(handover);
    row.handover = handover;
    const shown = [handover.sender_id, handover.plan, owner(handover)];
    shown.forEach((text, column) => set(row.cells[column], text));
    set(row.cells[4], moment(handover.opened_at, Date.now() + this.#skew));
    this.#time(row);
    row.tr.classList.toggle("waits", waits(handover));
    const mayReturn = !row.isAsked && ["active", "waiting"].includes(handover.state);
    row.button.disabled = row.box.disabled = !mayReturn;
    if (!mayReturn) row.box.checked = false;
    const there = byId("open-rows").children[place];
    if (there !== row.tr) byId("open-rows").insertBefore(row.tr, there ?? null);
  }

  #add(handover) {
    const cells = COLUMNS.map((label) => cell(label));
    const name = `the thread of ${handover.sender_id}`;
    const button = element("button", { type: "button", textContent: "Give back" });
    button.setAttribute("aria-label", `Give back ${name}`);
    const box = element("input", { type: "checkbox" });
    box.setAttribute("aria-label", `Choose ${name}`);
    const [first, last] = [cell(), cell()];
    first.append(box);
    last.append(button);
    const tr = element("tr", {}, first, ...cells, last);
    tr.setAttribute("role", "row");
    const row = { handover, cells, box, button, tr, isAsked: false };
    button.addEventListener("click", () => this.#ask([row]));
    box.addEventListener("change", () => this.#offerReturn());
    this.#rows.set(handover.session_id, row);
    return row;
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
    byId("return-chosen").hidden = count === 0;
    byId("return-chosen").textContent = `Give back ${count}`;
  }

  async #ask(rows) {
    const whose = rows.length === 1 ? `of ${rows[0].handover.sender_id}` : `of ${rows.length} users`;
    const question = `Give the thread ${whose} back to the bot? It tells the user that your team has closed the chat.`;
    if (rows.length === 0 || !(await agrees(question))) return;
    for (const row of rows) {
      row.isAsked = row.button.disabled = row.box.disabled = true;
      row.box.checked = false;
    }
    byId("open-title").focus();
    this.#offerReturn();
    await this.#onReturn(rows.map((row) => row.handover));
    for (const row of rows) row.isAsked = false;
  }

  #remove(id) {
    const { tr } = this.#rows.get(id);
    if (tr.contains(document.activeElement)) byId("open-title").focus();
    tr.remove();
    this.#rows.delete(id);
  }

  #time(row) {
    set(row.cells[3], this.#waiting(row.handover));
    set(row.cells[5], this.#left(row.handover));
  }

  #waiting({ operator_messages, opened_at, first_answer_at, state }) {
    if (state === "waiting") return "until you open";
    if (operator_messages === 0) return `for ${this.#since(opened_at)}`;
    if (first_answer_at === null) return "answered";
    return `answered after ${duration((Date.parse(first_answer_at) - Date.parse(opened_at)) / 1_000)}`;
  }

  #since(at) {
    return duration((Date.now() + this.#skew - Date.parse(at)) / 1_000);
  }

  #left({ state, reason, ends_at }) {
    if (state === "ending") return `ending: ${readable(reason)}`;
    if (state === "waiting") return ends_at === null ? "waits" : duration(this.#until(ends_at));
    if (state !== "active") return state;
    if (ends_at === null) return "stays with the agent";
    return duration(this.#until(ends_at));
  }

  #until(at) {
    return (Date.parse(at) - Date.now() - this.#skew) / 1_000;
  }
}

export const readable = (reason) => reason.replaceAll("_", " ");

/** Who has a thread. */
export function owner({ state, is_with_inbox, target_app, page }) {
  if (state === "waiting") return "the bot";
  if (!is_with_inbox) return `App ${target_app}`;
  return target_app === INSTAGRAM_INBOX ? "Instagram Inbox" : "Page Inbox";
}

const INSTAGRAM_INBOX = "1217981644879628"; // Meta, Conversation Routing

/** Who waits for an answer comes first, and whoever has waited longest first of these. */
function byNeed(one, other) {
  const rank = (each) => (waits(each) ? RANKS[each.state] : Math.max(RANKS[each.state], 2));
  return rank(one) - rank(other) || Date.parse(one.opened_at) - Date.parse(other.opened_at);
}

function isWanted(one) {
  const words = byId("search").value.trim().toLowerCase();
  const text = `${one.sender_id} ${one.plan} ${owner(one)}`.toLowerCase();
  const [plan, page] = [byId("plan").value, byId("page").value];
  if (byId("waiting-only").checked && !waits(one)) return false;
  return text.includes(words) && (!plan || one.plan === plan) && (!page || one.page === page);
}

/** The choices of a filter; of one it is not shown. */
function offer(select, all, values) {
  const names = [...new Set(values)].sort();
  const now = [...select.options].slice(1).map((option) => option.value);
  select.hidden = names.length < 2;
  if (names.join("\n") === now.join("\n")) return;
  const chosen = select.value;
  const options = names.map((name) => element("option", { value: name, textContent: name }));
  select.replaceChildren(element("option", { value: "", textContent: all }), ...options);
  if (names.includes(chosen)) select.value = chosen;
}

/** Whether the person says yes to the question. */
function agrees(question) {
  const dialog = byId("confirm");
  byId("question").textContent = question;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function set(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

const say = (id, text) => set(byId(id), text);

export function cell(label) {
  const made = element("td");
  made.setAttribute("role", "cell");
  if (label) made.dataset.label = label;
  return made;
}

function counted(total, shown, waiting) {
  if (total === 0) return "No handover is open.";
  const all = total === 1 ? "1 handover is open" : `${total} handovers are open`;
  const told = waiting ? `${all}, ${waiting} without an answer.` : `${all}.`;
  return total > shown ? `${told} These are the oldest ${shown}.` : told;
}
