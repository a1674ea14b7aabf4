// What happened, in words: owners that change, and one line for each entry of the protocol log.

import { duration } from "./platform/time.js";

const BESIDE_THE_EVENT = ["sender", "recipient", "timestamp"];
const LONGEST_QUOTE = 60; // characters

/** How a thread changed hands. */
export function changeOfOwner({ previous, owner, how }, cast) {
  const from = cast.name(previous);
  const to = cast.name(owner);
  const sentences = {
    pass: `${from} passed the thread to ${to}`,
    take: `${to} took the thread${previous ? ` from ${from}` : ""}`,
    request: `${to} asked for the idle thread and got it`,
    release: `${from} released the thread`,
    expiry: `${from}'s control expired`,
    user_message: `The message gave the thread to ${to}`,
    inbox_reply: `${to} took the thread by replying`,
    ai: `Meta's AI took the thread as ${to}, and told nobody`,
  };
  return sentences[how] ?? `${from} → ${to} (${how})`;
}

/** `{kind, text, status, isFine}` of an entry; the status may be null. */
export function lineOf(entry, cast) {
  const line = LINES[entry.kind]?.(entry, cast) ?? { text: "" };
  return { kind: NAMES[entry.kind] ?? entry.kind, status: null, isFine: true, ...line };
}

const NAMES = {
  message: "Message",
  postback: "Tap",
  webhook: "Webhook",
  call: "Graph",
  owner: "Owner",
  typing: "Action",
  read: "Read",
  fault: "Fault",
  clock: "Clock",
  routing: "Routing",
  deleted: "Message",
  edited: "Message",
  act: "Act",
  notice: "Notice",
};

/** What a person did besides writing. */
export function actIn({ referral, optin }) {
  if (referral) return "came by a link";
  return optin ? "opted in" : "linked an account";
}

const LINES = {
  message: (entry, cast) => ({ text: `${sender(entry, cast)}: ${contentIn(entry)}` }),
  postback: (entry, cast) => ({
    text: `${sender(entry, cast)} taps ${quoted(entry.postback.title ?? entry.postback.payload)}`,
  }),
  deleted: (entry, cast) => ({ text: `${cast.name(entry.user)} takes a message back` }),
  edited: (entry, cast) => ({ text: `${cast.name(entry.user)} edits a message: ${quoted(entry.text)}` }),
  act: (entry, cast) => ({ text: `${cast.name(entry.user)} ${actIn(entry)}` }),
  owner: (entry, cast) => ({ text: changeOfOwner(entry, cast) }),
  typing: (entry, cast) => ({ text: `${cast.name(entry.app_id)}: ${entry.action}` }),
  read: (entry, cast) => ({ text: `${cast.name(entry.user)} has read the messages` }),
  clock: (entry) => ({ text: `moved to ${duration(entry.ahead_seconds)} ahead` }),
  routing: (entry) => ({ text: `${entry.mode} on ${entry.platforms.join(" and ")}` }),

  fault(entry, cast) {
    const what = entry.what === "call" ? `the call ${entry.path} fails or is slow` : `webhooks: ${entry.what}`;
    return { text: `${cast.name(entry.app_id)}: ${what}`, isFine: false };
  },

  notice({ verified, repeated, error, notice, user }, cast) {
    if (!verified) return { text: error, status: "refused", isFine: false };
    const text = `${notice?.type ?? "notice"} of ${cast.name(user)}`;
    return { text, status: repeated ? "once more" : "signed" };
  },

  call(entry, cast) {
    const asked = `${entry.method} ${entry.path} ${askedIn(entry.params, cast)}`;
    const text = `${cast.name(entry.app_id)}: ${asked}`;
    return { text, status: entry.status ?? "cut off", isFine: entry.status === 200 };
  },

  webhook(entry, cast) {
    const text = `${entry.array} → ${cast.name(entry.app_id)}: ${eventIn(entry.event, cast)}`;
    const isFine = ["delivered", "recorded"].includes(entry.outcome);
    return { text, status: entry.status ?? entry.outcome, isFine };
  },
};

function sender(entry, cast) {
  return cast.name(entry.from === "user" ? entry.user : entry.from);
}

function contentIn({ text, attachments, sticker_id }) {
  if (text) return quoted(text);
  const types = (attachments ?? []).map(({ type, payload }) => payload?.template_type ?? type);
  const words = attachments?.[0]?.payload?.text;
  return `[${types.join(", ") || (sticker_id && "sticker") || "nothing"}] ${words ? quoted(words) : ""}`;
}

/** What a Graph call is about: the message, the sender action, or the new owner. */
function askedIn(params, cast) {
  const message = params.message;
  if (message && typeof message === "object") {
    const attachments = message.attachment ? [message.attachment] : message.attachments;
    return contentIn({ ...message, attachments });
  }
  if (params.target_app_id) return `to ${cast.name(params.target_app_id)}`;
  return params.sender_action ?? "";
}

function eventIn(event, cast) {
  if (event.field) return event.field;
  const name = Object.keys(event).find((key) => !BESIDE_THE_EVENT.includes(key)) ?? "event";
  const value = event[name] ?? {};
  if (name === "message") {
    const by = value.app_id ? ` of ${cast.name(value.app_id)}` : "";
    return `${value.is_echo ? `echo${by}` : "message"} ${contentIn(value)}`;
  }
  if (name === "postback") return `postback ${quoted(value.title ?? value.payload)}`;
  if (value.new_owner_app_id) return `${name} to ${cast.name(value.new_owner_app_id)}`;
  return name;
}

function quoted(text) {
  const characters = [...String(text ?? "")];
  const isLong = characters.length > LONGEST_QUOTE;
  return `“${isLong ? characters.slice(0, LONGEST_QUOTE).join("") + "…" : characters.join("")}”`;
}

/** Whether an entry only repeats what another one says: an app's own words, or that they came. */
export function isReceipt({ kind, event }) {
  return kind === "webhook" && Boolean(event.delivery || event.read || event.message?.is_echo);
}
