// Why the bot does not answer, by what has happened to it. No DOM, no clock.

import { FROM_USER } from "./threads.js";

const PATIENCE_MS = 12_000; // a bot that thinks longer has a reason
const CONVERSATION = ["/messages"];
const STATUSES = {
  401: "it does not let Meta in",
  403: "it refuses the signature. Is “secret” the app's own?",
  404: "there is no channel at this address. Did it start? Rasa's log says why not",
  500: "it has failed. Its log says why",
  503: "it is starting, or its database is away",
};

export class Silence {
  #refused = null; // the newest webhook that the bot's server did not take
  #asked = new Map(); // person → since when the bot owes an answer
  #taken = new Set(); // people whose newest words the bot's server has
  #complaints = new Map(); // person → what Graph said to the bot's newest message

  take(entry, thread, cast) {
    if (entry.kind === "webhook" && entry.app_id === cast.bot.id) this.#webhook(entry);
    if (!entry.user) return;
    if (entry.kind === "owner" && entry.owner !== cast.bot.id) this.#heard(entry.user);
    if (["message", "postback"].includes(entry.kind)) this.#said(entry, thread, cast);
    if (entry.kind === "call" && entry.app_id === cast.bot.id) this.#called(entry);
  }

  /** A sentence or two, or null while nothing is wrong. */
  trouble(user, now, bot) {
    if (bot.webhook === null) return `${bot.name} has no webhook address: what people write reaches nobody.`;
    if (this.#refused !== null) return `${bot.name} does not take what happens: ${refusal(this.#refused, bot)}`;
    const since = this.#asked.get(user);
    if (since === undefined || now - since < PATIENCE_MS) return null;
    return `${bot.name} has not answered. ${this.#reason(user)}`;
  }

  #reason(user) {
    const complaint = this.#complaints.get(user);
    if (complaint) return `Graph has refused its message: ${complaint}`;
    if (this.#taken.has(user)) return "Its server has the message (200): its log says what came of it, or it has nothing to say.";
    return "Its server has not got the message: a fault has lost it, or the app is not subscribed to messages.";
  }

  #webhook(entry) {
    if (["failed", "given_up"].includes(entry.outcome)) this.#refused = entry;
    if (entry.outcome !== "delivered") return;
    this.#refused = null;
    if (entry.event.message && !entry.event.message.is_echo) this.#taken.add(entry.user);
    if (entry.event.postback) this.#taken.add(entry.user);
  }

  #said(entry, thread, cast) {
    if (entry.from === cast.bot.id) this.#heard(entry.user);
    const isForBot = thread.owner === cast.bot.id;
    if (entry.from !== FROM_USER || !isForBot || this.#asked.has(entry.user)) return;
    this.#asked.set(entry.user, Date.parse(entry.at));
    this.#taken.delete(entry.user);
    this.#complaints.delete(entry.user);
  }

  #called({ user, path, status, response, params }) {
    if (!CONVERSATION.some((end) => path.endsWith(end)) || params.sender_action || status === 200) return;
    const error = response?.error;
    this.#complaints.set(user, error ? `${error.message} (${error.code})` : `HTTP ${status ?? "cut off"}`);
  }

  #heard(user) {
    this.#asked.delete(user);
  }
}

function refusal({ status, error }, bot) {
  if (error) return unreached(error, bot);
  return `${bot.webhook} answers ${status}; ${STATUSES[status] ?? "only 200 counts as taken"}.`;
}

/** Why a server does not answer at all, in the end of a sentence. */
export function unreached(error, bot) {
  if (/connect/i.test(error)) return `nobody listens at ${bot.webhook}. Does it run?`;
  return `${error} at ${bot.webhook}.`;
}
