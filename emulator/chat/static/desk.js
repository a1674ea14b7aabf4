// Where operators sit: the Inbox, and the agents' app. Both see the thread, answer and move it.

import { onSend, tried } from "./attempts.js";
import { contentOf } from "./content.js";
import { byId, element } from "./dom.js";
import { initials } from "./people.js";
import { changeOfOwner } from "./sentences.js";
import { Talk } from "./talk.js";
import { FROM_USER } from "./threads.js";
import { hour } from "./time.js";

export class Desk {
  #app = null;
  #user = null;
  #cast = null;
  #hands = null;
  #talk;

  /** A desk in the pane with this id. */
  constructor(id) {
    this.pane = byId(id);
    this.pane.append(byId("desk").content.cloneNode(true));
    this.find("h2").id = `${id}-title`;
    this.#talk = new Talk(this.find(".talk"), (item, previous) => this.#draw(item, previous));
    onSend(this.find("form"), (text) => this.#try((hands) => hands.say(text)));
    for (const button of this.pane.querySelectorAll("[data-verb]")) {
      const verb = button.dataset.verb;
      button.addEventListener("click", () => this.#try((hands) => hands[verb](this.#target)));
    }
  }

  find(selector) {
    return this.pane.querySelector(selector);
  }

  /** Sit down as an app, in a person's thread; `hands` act for it there. */
  become(app, user, cast, hands) {
    if (this.#user?.id !== user.id) this.find(".refusal").textContent = "";
    this.pane.dataset.role = cast.role(app.id);
    [this.#app, this.#user, this.#cast, this.#hands] = [app, user, cast, hands];
    this.find("h2").textContent = app.name;
    this.find(".avatar").textContent = initials(app.name);
    this.find(".scroll").ariaLabel = `Conversation in ${app.name}`;
    this.find("textarea").ariaLabel = `Reply in ${app.name}`;
    this.find("textarea").placeholder = `Reply to ${user.name}`;
    this.#offerTargets(cast.owners(user.platform).filter((one) => one.id !== app.id));
  }

  show(thread) {
    const owns = thread.owner === this.#app.id;
    this.pane.classList.toggle("owns", owns);
    const others = thread.owner ? `${this.#cast.name(thread.owner)} has it` : "nobody has it";
    this.find(".sub").textContent = owns ? "Has the thread" : `Stands by: ${others}`;
    this.#talk.show(thread, this.#readBy(thread));
  }

  restart() {
    this.#talk.restart();
  }

  get #target() {
    return this.find("select").value;
  }

  #offerTargets(apps) {
    const options = apps.map(({ id, name }) => element("option", { value: id, textContent: name }));
    const chosen = apps.find((app) => app.id === this.#target) ?? this.#cast.defaultApp();
    this.find("select").replaceChildren(...options);
    this.find("select").value = chosen.id;
  }

  #try(action) {
    return tried(this.find(".refusal"), () => action(this.#hands));
  }

  #draw(item, previous) {
    if (item.kind === "message") return [this.#message(item, previous)];
    if (item.kind === "owner") return [timed("li", "event", changeOfOwner(item, this.#cast), item.at)];
    if (item.app_id !== this.#app.id && item.kind === "context") return [];
    if (item.kind === "context") return [context(item.metadata)];
    return [timed("li", "event", `${this.#cast.name(item.app_id)} asked for the thread`, item.at)];
  }

  #message(item, previous) {
    const isTheirs = item.from === FROM_USER;
    const name = isTheirs ? this.#user.name : this.#cast.name(item.from);
    const isNew = previous?.kind !== "message" || previous.from !== item.from;
    const words = item.tapped ? `${name} tapped` : name;
    const who = isNew || item.tapped ? timed("p", "who", words, item.at) : null;
    const side = isTheirs ? "theirs" : item.from === this.#app.id ? "mine" : "others";
    const row = element("li", { className: `message ${side}` }, who, ...contentOf(item));
    row.dataset.role = isTheirs ? "user" : this.#cast.role(item.from);
    return row;
  }

  #readBy(thread) {
    const isAnswer = thread.newest && thread.newest.from !== FROM_USER;
    const isRead = isAnswer && thread.read > thread.items.lastIndexOf(thread.newest);
    return { className: "tail mine", text: isRead ? `Read by ${this.#user.name}` : "" };
  }
}

/** A text with the time when it was so. */
function timed(tag, className, text, at) {
  return element(tag, { className }, `${text} · `, element("time", { textContent: hour(at) }));
}

/** What came with the pass: the bot's JSON, or whatever text another app has put there. */
function context(metadata) {
  const rows = Object.entries(parsed(metadata)).flatMap(([name, value]) => [
    element("dt", { textContent: name.replaceAll("_", " ") }),
    element("dd", { textContent: shown(value) }),
  ]);
  const details = element("details", { className: "context" });
  details.append(element("summary", { textContent: "What came with the thread" }), element("dl", {}, ...rows));
  return element("li", {}, details);
}

function parsed(metadata) {
  try {
    const value = JSON.parse(metadata);
    return value && typeof value === "object" ? value : { metadata };
  } catch {
    return { metadata };
  }
}

function shown(value) {
  if (Array.isArray(value)) return value.map(shown).join("\n");
  return value && typeof value === "object" ? JSON.stringify(value) : String(value);
}
