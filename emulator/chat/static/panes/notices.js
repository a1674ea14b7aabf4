// What the bot has told its operators, of all people, the newest first.

import { byId, element } from "../dom.js";
import { hour } from "../platform/time.js";

const TITLES = {
  waiting: "Waits until your team opens",
  opened: "Waits for an answer",
  unanswered: "Still waits for an answer",
  answered: "Has an answer",
  ended: "Is back with the bot",
  failed: "Could not be handed over",
};
const MOST_SHOWN = 200;

export class Notices {
  #list = byId("told");
  #cast = null;
  #choose;

  /** `choose(user)` shows the person of a notice. */
  constructor(choose) {
    this.#choose = choose;
  }

  become(cast) {
    this.#cast = cast;
    const url = `${location.origin}/_emulator/notices`;
    const lines = ["notify:", `  - url: ${url}`, `    secret: ${cast.desk.notify_secret}`].join("\n");
    if (byId("notify-lines").textContent !== lines) byId("notify-lines").textContent = lines;
  }

  /** Show those among the entries of the log; whether there were any. */
  add(entries) {
    const found = entries.filter((entry) => entry.kind === "notice");
    this.#list.prepend(...found.map((entry) => this.#row(entry)).reverse());
    while (this.#list.children.length > MOST_SHOWN) this.#list.lastChild.remove();
    return found.length > 0;
  }

  restart() {
    this.#list.replaceChildren();
  }

  #row(entry) {
    const { at, verified, error } = entry;
    const time = element("time", { textContent: hour(at) });
    if (verified) return this.#notice(entry, time);
    const why = element("p", { textContent: `${error}. Is “secret” under “notify” the one below?` });
    const mark = element("span", { className: "seal", textContent: "refused" });
    return element("li", { className: "bad" }, time, mark, element("strong", { textContent: "Not genuine" }), why);
  }

  #notice({ user, repeated, notice }, time) {
    const data = notice?.data ?? {};
    const kind = String(data.event ?? notice?.type ?? "?");
    const seal = element("span", { className: "seal", textContent: repeated ? "signed, once more" : "signed" });
    const title = element("strong", { textContent: `${this.#cast.name(user)}: ${TITLES[kind] ?? kind}` });
    const about = element("p", { textContent: factsIn(data, this.#cast) });
    const row = element("li", {}, time, seal, title, about);
    row.dataset.event = kind;
    if (this.#cast.user(user)) row.append(this.#shower(user));
    return row;
  }

  #shower(user) {
    const button = element("button", { type: "button", className: "quiet", textContent: "Show" });
    button.ariaLabel = `Show ${this.#cast.name(user)}`;
    button.addEventListener("click", () => this.#choose(user));
    return button;
  }
}

function factsIn(data, cast) {
  const facts = [`${data.event ?? ""}`, `plan ${data.plan ?? "?"}`, `to ${cast.name(data.target_app)}`];
  if (data.reason) facts.push(`reason: ${String(data.reason).replaceAll("_", " ")}`);
  if (data.first_answer_at) facts.push(`${data.operator_messages} from your team`);
  return facts.filter(Boolean).join(" · ");
}
