// The protocol log: every message, webhook and Graph call, one line each, its JSON below.

import { byId, element } from "../dom.js";
import { isReceipt, lineOf } from "../sentences.js";
import { hour } from "../platform/time.js";
import { meaning } from "../words.js";

const GROUPS = {
  "Messages": { kinds: ["message", "postback", "typing", "read", "deleted", "edited", "act"] },
  "Webhooks": { kinds: ["webhook"] },
  "Graph calls": { kinds: ["call"] },
  "Owners": { kinds: ["owner"] },
  "Settings": { kinds: ["fault", "clock", "routing", "notice"] },
  "Receipts and echoes": { kinds: ["receipt"], isFolded: true, word: "receipts" },
};
/** What became of a webhook, by the words of help that say what it means. */
const OUTCOMES = { recorded: "recorded", failed: "failed", given_up: "failed", dropped: "dropped" };
const MOST_SHOWN = 500; // lines; older ones leave the list, and stay in the emulator's log

export class LogPane {
  #entries = [];
  #hidden = new Set(Object.values(GROUPS).flatMap(({ kinds, isFolded }) => (isFolded ? kinds : [])));
  #user = null;
  #cast = null;
  #list = byId("log-entries");

  constructor() {
    byId("log-kinds").append(...Object.keys(GROUPS).map((name) => this.#chip(name)));
    byId("log-search").addEventListener("input", () => this.redraw());
    byId("log-everyone").addEventListener("change", () => this.redraw());
  }

  become(user, cast) {
    [this.#user, this.#cast] = [user, cast];
    this.redraw();
  }

  add(entries) {
    this.#entries.push(...entries);
    this.#list.append(...this.#rows(entries));
    while (this.#list.children.length > MOST_SHOWN) this.#list.firstChild.remove();
    this.#count();
  }

  restart() {
    this.#entries = [];
    this.redraw();
  }

  redraw() {
    this.#list.replaceChildren(...this.#rows(this.#entries).slice(-MOST_SHOWN));
    this.#count();
  }

  #count() {
    const [shown, all] = [this.#list.children.length, this.#entries.length];
    byId("log-count").textContent = `${shown} of ${all} entries`;
  }

  #rows(entries) {
    const wanted = byId("log-search").value.trim().toLowerCase();
    return entries.filter((entry) => this.#isMeant(entry, wanted)).map((entry) => this.#row(entry));
  }

  #isMeant(entry, wanted) {
    const isOfOthers = entry.user && entry.user !== this.#user.id;
    if (this.#hidden.has(kindOf(entry)) || (isOfOthers && !byId("log-everyone").checked)) return false;
    if (wanted === "") return true;
    const text = `${lineOf(entry, this.#cast).text} ${JSON.stringify(entry)}`;
    return text.toLowerCase().includes(wanted);
  }

  #row(entry) {
    const { kind, text, status, isFine } = lineOf(entry, this.#cast);
    const mark = element("span", { className: "kind", textContent: kind });
    const title = meaning(OUTCOMES[status]);
    const end = status === null ? null : element("span", { className: "status", textContent: status, title });
    const time = element("time", { textContent: hour(entry.at) });
    const words = element("span", { className: "what", textContent: text });
    const summary = element("summary", {}, time, mark, end, words);
    const details = element("details", { className: isFine ? "" : "bad" }, summary);
    details.dataset.kind = entry.kind;
    details.addEventListener("toggle", () => open(details, entry), { once: true });
    return element("li", {}, details);
  }

  #chip(name) {
    const { kinds, isFolded, word } = GROUPS[name];
    const ariaPressed = String(!isFolded);
    const chip = element("button", { type: "button", className: "chip", textContent: name, ariaPressed });
    if (word) chip.title = meaning(word);
    chip.addEventListener("click", () => {
      const shows = chip.ariaPressed !== "true";
      chip.ariaPressed = String(shows);
      for (const kind of kinds) this.#hidden[shows ? "delete" : "add"](kind);
      this.redraw();
    });
    return chip;
  }
}

function kindOf(entry) {
  return isReceipt(entry) ? "receipt" : entry.kind;
}

function open(details, entry) {
  const words = [meaning(entry.array), meaning(OUTCOMES[entry.outcome])].filter(Boolean);
  const help = words.length > 0 ? [element("p", { className: "meaning", textContent: words.join(" ") })] : [];
  details.append(...help, element("pre", { tabIndex: 0, textContent: JSON.stringify(entry, null, 2) }));
}
