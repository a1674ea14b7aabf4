// The user's phone: the thread as Messenger, or Instagram, shows it.

import { control } from "./api.js";
import { onSend, tried } from "./attempts.js";
import { contentOf } from "./content.js";
import { byId, element } from "./dom.js";
import { initials } from "./people.js";
import { Talk } from "./talk.js";
import { FROM_USER } from "./threads.js";
import { hour } from "./time.js";

const PLATFORMS = { messenger: "Messenger", instagram: "Instagram" };
const SAMPLES = { user_phone_number: "+15550100100", user_email: "user@example.com" };
const FIRST_WORDS = ["Hello", "I want to talk to a person"];
const QUIET_MS = 10 * 60_000; // after so long a pause the phone shows the time

export class Phone {
  #user = null;
  #newest = null; // of no thread yet
  #refusal = byId("phone-refusal");
  #talk = new Talk(byId("phone-talk"), (item, previous) => this.#draw(item, previous));

  constructor() {
    onSend(byId("phone-form"), (text) => this.#act("messages", { text }));
    byId("mark-read").addEventListener("click", () => this.#act("reads", {}));
  }

  /** Be the phone of this person. */
  become(user, account) {
    if (this.#user?.id !== user.id) this.#refusal.textContent = "";
    this.#user = user;
    byId("phone").dataset.platform = user.platform;
    byId("phone-title").textContent = account.name;
    byId("phone-platform").textContent = `${user.name} on ${PLATFORMS[user.platform]}`;
    byId("phone-avatar").textContent = initials(account.name);
    byId("phone-text").placeholder = `Write as ${user.name}`;
  }

  show(thread, now) {
    this.#talk.show(thread, tailOf(thread, now));
    if (this.#newest !== thread.newest) this.#showQuickReplies(thread);
  }

  restart() {
    this.#talk.restart();
  }

  #draw(item, previous) {
    if (item.kind !== "message") return [];
    const isMine = item.from === FROM_USER;
    const tap = isMine ? null : (button) => this.#tap(button, item.from);
    const side = isMine ? "mine" : "theirs";
    const row = element("li", { className: `message ${side}` }, ...contentOf(item, tap));
    const pause = previous ? Date.parse(item.at) - Date.parse(previous.at) : Infinity;
    if (pause < QUIET_MS) return [row];
    return [element("li", { className: "when", textContent: hour(item.at) }), row];
  }

  #showQuickReplies(thread) {
    this.#newest = thread.newest;
    const isNew = !thread.newest;
    byId("first-steps").hidden = !isNew;
    const pills = isNew
      ? FIRST_WORDS.map((text) => this.#firstWords(text))
      : thread.quickReplies.map((reply) => this.#pill(reply));
    byId("quick-replies").replaceChildren(...pills);
  }

  /** Something to begin with, sent as if it had been typed. */
  #firstWords(text) {
    const pill = element("button", { type: "button", className: "pill", textContent: text });
    pill.addEventListener("click", () => {
      byId("phone-text").focus();
      this.#act("messages", { text });
    });
    return pill;
  }

  #pill(reply) {
    const title = String(reply.title ?? SAMPLES[reply.content_type] ?? reply.content_type);
    const pill = element("button", { type: "button", className: "pill", textContent: title });
    const quickReply = { payload: String(reply.payload ?? title) };
    pill.addEventListener("click", () => {
      byId("phone-text").focus();
      this.#act("messages", { text: title, quick_reply: quickReply });
    });
    return pill;
  }

  /** The app whose button it is hears the payload, so that this very button is tapped. */
  #tap({ title, payload }, app) {
    this.#act("taps", { title, payload, app_id: app });
  }

  #act(what, body) {
    return tried(this.#refusal, () => control("POST", `users/${this.#user.id}/${what}`, body));
  }
}

/** What stands below the last message: the dots while somebody types, or that it was seen. */
function tailOf(thread, now) {
  if (thread.isTyping(now)) return { className: "tail typing bubble", text: "" };
  const isLastWord = thread.newest?.from === FROM_USER;
  const isSeen = isLastWord && thread.seen > thread.items.lastIndexOf(thread.newest);
  return { className: "tail mine", text: isSeen ? "Seen" : "" };
}
