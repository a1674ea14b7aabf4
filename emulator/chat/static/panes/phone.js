// The user's phone: the thread as Messenger, or Instagram, shows it.

import { control } from "../platform/api.js";
import { onSend, tried } from "../platform/attempts.js";
import { contentOf } from "../content.js";
import { byId, element } from "../dom.js";
import { onFile } from "../platform/files.js";
import { OwnMessages } from "./ownmessage.js";
import { initials } from "../platform/people.js";
import { Talk } from "./talk.js";
import { FROM_USER } from "../platform/threads.js";
import { hour } from "../platform/time.js";

const PLATFORMS = { messenger: "Messenger", instagram: "Instagram" };
const SAMPLES = { user_phone_number: "+15550100100", user_email: "user@example.com" };
const FIRST_WORDS = ["Hello", "I want to talk to a person", "I want to talk to sales"];
const WORDS_TO_OPERATORS = ["Is anybody there?", "menu"];
const MESSENGER_ACTS = ["optin", "account_linking"];
const QUIET_MS = 10 * 60_000; // after so long a pause the phone shows the time

export class Phone {
  #user = null;
  #offered = null; // the quick replies, as JSON
  #own = new OwnMessages();
  #refusal = byId("phone-refusal");
  #talk = new Talk(byId("phone-talk"), (item, previous) => this.#draw(item, previous));

  constructor() {
    onSend(byId("phone-form"), (text) => this.#act("messages", { text }));
    onFile(byId("phone-form"), () => this.#refusal, (attachment) => this.#send({ attachments: [attachment] }));
    byId("mark-read").addEventListener("click", () => this.#act("reads", {}));
    for (const button of document.querySelectorAll("[data-act]")) {
      button.addEventListener("click", () => this.#doWhatIsNoMessage(button.dataset.act));
    }
    byId("phone-more").addEventListener("keydown", (event) => this.#closeMenu(event));
  }

  /** Be the phone of this person. */
  become(user, account) {
    if (this.#user?.id !== user.id) this.#refusal.textContent = "";
    this.#user = user;
    byId("phone").dataset.platform = user.platform;
    byId("phone-title").textContent = account.name;
    byId("phone-platform").textContent = `${user.name} on ${PLATFORMS[user.platform]}`;
    byId("phone-avatar").textContent = initials(account.name);
    byId("phone-text").placeholder = "Aa";
    for (const button of document.querySelectorAll("[data-act]")) {
      button.disabled = user.platform === "instagram" && MESSENGER_ACTS.includes(button.dataset.act);
    }
  }

  /** `isWithPeople`: somebody else than the bot has the thread. */
  show(thread, now, isWithPeople) {
    this.#talk.show(thread, tailOf(thread, now));
    byId("mark-read").disabled = !thread.items.some(({ kind, from }) => kind === "message" && from !== FROM_USER);
    this.#offer(thread, isWithPeople);
  }

  restart() {
    this.#talk.restart();
  }

  #draw(item, previous) {
    if (item.kind === "act") return [element("li", { className: "when", textContent: actOf(item) })];
    if (item.kind !== "message") return [];
    const isMine = item.from === FROM_USER;
    const tap = isMine ? null : (button) => this.#tap(button, item.from);
    const side = isMine ? "mine" : "theirs";
    const row = element("li", { className: `message ${side}` }, ...contentOf(item, tap));
    if (isMine && !item.tapped && !item.takenBack) row.append(this.#own.button(this.#user, item));
    const pause = previous ? Date.parse(item.at) - Date.parse(previous.at) : Infinity;
    if (pause < QUIET_MS) return [row];
    return [element("li", { className: "when", textContent: hour(item.at) }), row];
  }

  /** The bot's quick replies; else something to say that the story goes on with. */
  #offer(thread, isWithPeople) {
    const replies = thread.quickReplies;
    const words = thread.newest ? (isWithPeople ? WORDS_TO_OPERATORS : []) : FIRST_WORDS;
    const offered = JSON.stringify([this.#user.id, replies, replies.length > 0 || words]);
    if (offered === this.#offered) return;
    this.#offered = offered;
    const pills = replies.length > 0 ? replies.map((reply) => this.#reply(reply)) : words.map((text) => this.#words(text));
    byId("quick-replies").ariaLabel = replies.length > 0 ? "Quick replies" : "Something to say";
    byId("quick-replies").replaceChildren(...pills);
  }

  /** Sent as if it had been typed. */
  #words(text) {
    return this.#pill(text, "pill suggested", { text });
  }

  #reply(reply) {
    const title = String(reply.title ?? SAMPLES[reply.content_type] ?? reply.content_type);
    return this.#pill(title, "pill", { text: title, quick_reply: { payload: String(reply.payload ?? title) } });
  }

  #pill(textContent, className, message) {
    const pill = element("button", { type: "button", className, textContent });
    pill.addEventListener("click", () => {
      byId("phone-text").focus();
      this.#act("messages", message);
    });
    return pill;
  }

  /** The app whose button it is hears the payload, so that this very button is tapped. */
  #tap({ title, payload }, app) {
    this.#act("taps", { title, payload, app_id: app });
  }

  #doWhatIsNoMessage(name) {
    byId("phone-more").open = false;
    byId("phone-text").focus();
    this.#act("acts", { [name]: {} });
  }

  #closeMenu(event) {
    if (event.key !== "Escape") return;
    byId("phone-more").open = false;
    byId("phone-more").querySelector("summary").focus();
  }

  #act(what, body) {
    return tried(this.#refusal, () => this.#send(body, what));
  }

  #send(body, what = "messages") {
    return control("POST", `users/${this.#user.id}/${what}`, body);
  }
}

/** What a person did besides writing, in the middle of the thread. */
function actOf({ referral, optin, at }) {
  const words = referral ? "Came by a link" : optin ? "Opted in" : "Linked an account";
  return `${words} · ${hour(at)}`;
}

/** What is below the last message: the dots while somebody types, or that it was seen. */
function tailOf(thread, now) {
  if (thread.isTyping(now)) return { className: "tail typing bubble", text: "" };
  const isLastWord = thread.newest?.from === FROM_USER;
  const isSeen = isLastWord && thread.seen > thread.items.lastIndexOf(thread.newest);
  return { className: "tail mine", text: isSeen ? "Seen" : "" };
}
