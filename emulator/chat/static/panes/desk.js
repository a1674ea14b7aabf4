// Where operators sit: the Inbox, and the agents' app. Both see the thread, answer and move it.

import { onSend, tried } from "../platform/attempts.js";
import { contentOf } from "../content.js";
import { contextOf } from "./context.js";
import { byId, element } from "../dom.js";
import { onFile } from "../platform/files.js";
import { initials } from "../platform/people.js";
import { actIn, changeOfOwner } from "../sentences.js";
import { Talk } from "./talk.js";
import { FROM_USER } from "../platform/threads.js";
import { hour } from "../platform/time.js";
import { meaning } from "../words.js";

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
    onFile(this.find("form"), () => this.find(".refusal"), (attachment) => this.#hands.attach(attachment));
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
    this.find("[type=file]").ariaLabel = `Attach a picture or a file in ${app.name}`;
    this.#offerTargets(cast.owners(user.platform).filter((one) => one.id !== app.id));
  }

  /** `refusals` are Meta's words for what each app may not do now, by its id and the verb. */
  show(thread, refusals) {
    const owns = thread.owner === this.#app.id;
    this.pane.classList.toggle("owns", owns);
    const others = thread.owner ? `${this.#cast.name(thread.owner)} has it` : "nobody has it";
    this.find(".sub").textContent = owns ? "Has the thread" : `Stands by: ${others}`;
    this.#talk.show(thread, this.#readBy(thread));
    this.#allow(refusals[this.#app.id] ?? {}, thread);
  }

  /** Offer what the app may do now. */
  #allow(refusals, thread) {
    for (const button of this.pane.querySelectorAll("[data-verb]")) {
      const refusal = refusals[button.dataset.verb];
      this.#enable(button, refusal);
      button.title = [meaning(button.dataset.word), refusal && `Not now: ${refusal}`].filter(Boolean).join(" ");
    }
    this.find("select").disabled = Boolean(refusals.pass);
    this.find("[type=file]").disabled = Boolean(refusals.write);
    this.#enable(this.find(".send"), refusals.write);
    this.find(".send").title = refusals.write ? `Not now: ${refusals.write}` : "";
    this.find(".hint").textContent = this.#hint(refusals, thread);
  }

  /** After pressing a button that is then disabled, an agent goes on by writing. */
  #enable(button, refusal) {
    if (refusal && button === document.activeElement) this.find("textarea").focus();
    button.disabled = Boolean(refusal);
  }

  #hint(refusals, thread) {
    const name = this.#user.name;
    if (!thread.newest) return `${name} has not written yet: nobody may write first.`;
    if (thread.owner === this.#app.id) return `Has the thread: ${name} reads what is written here.`;
    if (!refusals.write && thread.owner) return "Reply, and the thread comes here.";
    if (!refusals.write) return "Nobody has the thread: whoever may can write.";
    if (!refusals.take) return "Stands by. Take the thread to reply.";
    return refusals.write;
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
    if (item.kind === "act") return [timed("li", "event", `${this.#user.name} ${actIn(item)}`, item.at)];
    if (item.app_id !== this.#app.id && item.kind === "context") return [];
    if (item.kind === "context") return [element("li", { className: "brought" }, contextOf(item.metadata))];
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
