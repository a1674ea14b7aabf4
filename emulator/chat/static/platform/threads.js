// Each person's thread, built from the entries of the protocol log. No DOM, no clock.

export const FROM_USER = "user";
const TYPING_LASTS_MS = 20_000; // as long as Messenger shows the dots

export class Thread {
  constructor() {
    this.items = []; // what desks and phone show, in order
    this.edition = 0; // how often an item that is there has become another one
    this.owner = null;
    this.seen = 0; // how many items there were when an app marked the messages as seen
    this.read = 0; // how many there were when the person read them
    this.typing = new Map(); // app id → when it began, in milliseconds of the emulator's time
  }

  /** The newest message or tap. */
  get newest() {
    return this.items.findLast((item) => item.kind === "message");
  }

  /** Messenger shows quick replies until anybody's next message. */
  get quickReplies() {
    const newest = this.newest;
    return newest && newest.from !== FROM_USER ? listOf(newest.quick_replies) : [];
  }

  isTyping(now) {
    return [...this.typing.values()].some((since) => now - since < TYPING_LASTS_MS);
  }
}

/** All threads; `take` applies the entries of the log to them. */
export class Threads {
  #threads = new Map();

  of(user) {
    if (!this.#threads.has(user)) this.#threads.set(user, new Thread());
    return this.#threads.get(user);
  }

  take(entry) {
    if (entry.user) HAPPENS[entry.kind]?.(this.of(entry.user), entry);
  }
}

const HAPPENS = {
  message(thread, entry) {
    thread.typing.delete(entry.from);
    thread.items.push(entry);
  },

  postback(thread, entry) {
    const text = entry.postback.title ?? entry.postback.payload;
    thread.items.push({ ...entry, kind: "message", text, tapped: true });
  },

  deleted(thread, { mid }) {
    change(thread, mid, { text: "", attachments: [], takenBack: true });
  },

  edited(thread, { mid, text }) {
    change(thread, mid, { text, edited: true });
  },

  act(thread, entry) {
    thread.items.push(entry);
  },

  owner(thread, entry) {
    thread.owner = entry.owner;
    thread.items.push(entry);
  },

  typing(thread, entry) {
    if (entry.action === "mark_seen") thread.seen = thread.items.length;
    if (entry.action === "typing_on") thread.typing.set(entry.app_id, Date.parse(entry.at));
    if (entry.action === "typing_off") thread.typing.delete(entry.app_id);
  },

  read(thread) {
    thread.read = thread.items.length;
  },

  webhook(thread, { app_id, at, event, attempt }) {
    const { metadata } = event.pass_thread_control ?? {};
    if (metadata && attempt <= 1) thread.items.push({ kind: "context", app_id, at, metadata });
  },

  call(thread, { app_id, at, path, status }) {
    const asked = path.endsWith("/request_thread_control") && status === 200;
    if (asked) thread.items.push({ kind: "request", app_id, at });
  },
};

function change(thread, mid, what) {
  const number = thread.items.findLastIndex((item) => item.mid === mid);
  if (number < 0) return;
  thread.items[number] = { ...thread.items[number], ...what };
  thread.edition += 1;
}

/** The objects of an array; what isn't an array is an empty one. */
export function listOf(values) {
  return Array.isArray(values) ? values.filter((one) => one && typeof one === "object") : [];
}
