// The chat page: reads the emulator's protocol log as it grows, and shows one person's thread.

import { control, followLog, known } from "./platform/api.js";
import { Controls } from "./panes/controls.js";
import { Desk } from "./panes/desk.js";
import { byId, element } from "./dom.js";
import { showSteps } from "./panes/guide.js";
import { handsOfApp, handsOfInbox } from "./platform/hands.js";
import { LogPane } from "./panes/log.js";
import { addPersonDialog } from "./panes/newperson.js";
import { newsIn } from "./platform/news.js";
import { Notices } from "./panes/notices.js";
import { planEnd, showOwner } from "./panes/ownership.js";
import { Cast } from "./platform/people.js";
import { Phone } from "./panes/phone.js";
import { Silence } from "./platform/silence.js";
import { addTabs, forgetNews, markNews, showTab } from "./panes/tabs.js";
import { Threads } from "./platform/threads.js";
import { EmulatorTime } from "./platform/time.js";
import { Watch } from "./platform/watch.js";
import { addWords } from "./words.js";

const REMEMBERED = "person"; // the key of the session's storage
const PLATFORMS = { messenger: "Messenger", instagram: "Instagram" };
const NOT_KNOWN_YET = { expires_at: null, refusals: {} };

class Page {
  #time = new EmulatorTime();
  #threads = new Threads();
  #silence = new Silence();
  #cast = null;
  #user = null;
  #asked = 0; // how often the thread was asked for
  #thread = NOT_KNOWN_YET; // what the control API says of it
  #isThere = true; // the emulator
  #history = 0; // the number of the last entry that was there before the page: no news
  #phone = new Phone();
  #inbox = new Desk("inbox");
  #agent = new Desk("agent");
  #log = new LogPane();
  #notices = new Notices((user) => this.#choose(user));
  #controls = new Controls(this.#time);
  #watch = new Watch(() => this.#show());

  async start() {
    addWords();
    addTabs();
    addPersonDialog(async (user) => {
      await this.#readConfig();
      await this.#choose(user.id);
    });
    byId("person").addEventListener("change", (event) => this.#choose(event.target.value));
    await this.#controls.refreshClock();
    await this.#controls.refreshFaults();
    await this.#readConfig();
    setInterval(() => this.#tick(), 1_000);
    await followLog({
      begins: (last) => (this.#history = last),
      entries: (entries) => this.#take(entries),
      restarted: () => this.#restart(),
      connected: (isSo) => this.#showConnection(isSo),
    });
  }

  /** Learn who is there. The person stays the same, or is the one from last time, or else the first. */
  async #readConfig() {
    this.#cast = new Cast(await control("GET", "config"));
    byId("page-name").textContent = this.#cast.page.name;
    byId("agent").hidden = !this.#cast.agent;
    showTab("agent", Boolean(this.#cast.agent));
    byId("person").replaceChildren(...optionsOf(this.#cast.users));
    const wanted = this.#user?.id ?? sessionStorage.getItem(REMEMBERED);
    const user = this.#cast.user(wanted) ?? this.#cast.users[0];
    if (user) await this.#choose(user.id);
    else byId("new-person").showModal();
  }

  async #choose(userId) {
    const [cast, user] = [this.#cast, this.#cast.user(userId)];
    if (userId !== this.#user?.id) {
      this.#thread = NOT_KNOWN_YET;
      forgetNews();
    }
    this.#user = user;
    sessionStorage.setItem(REMEMBERED, userId);
    byId("person").value = userId;
    this.#phone.become(user, cast.account(user.platform));
    this.#inbox.become(cast.inboxes[user.platform], user, cast, handsOfInbox(userId));
    if (cast.agent) this.#agent.become(cast.agent, user, cast, handsOfApp(cast.agent, userId));
    this.#controls.become(user, cast);
    this.#log.become(user, cast);
    this.#notices.become(cast);
    this.#watch.become(user);
    this.#show();
    await this.#askThread();
  }

  async #take(entries) {
    const isNew = entries.some((entry) => entry.user && !this.#cast.user(entry.user));
    if (isNew || entries.some(({ kind }) => kind === "routing")) await this.#readConfig();
    for (const entry of entries) {
      this.#threads.take(entry);
      this.#silence.take(entry, this.#threads.of(entry.user ?? ""), this.#cast);
    }
    this.#log.add(entries);
    this.#notices.add(entries);
    this.#show();
    const live = entries.filter(({ n }) => n > this.#history);
    newsIn(live, this.#user, this.#cast).forEach(markNews);
    const kinds = new Set(entries.map((entry) => entry.kind));
    if (kinds.has("clock")) this.#controls.refreshClock();
    if (kinds.has("fault")) this.#controls.refreshFaults();
    if (kinds.has("clock") || entries.some((entry) => entry.user === this.#user?.id)) this.#askThread();
    this.#watch.soon();
  }

  #show() {
    if (this.#user === null) return;
    const [cast, thread, now] = [this.#cast, this.#threads.of(this.#user.id), this.#time.now()];
    this.#inbox.show(thread, this.#thread.refusals);
    if (cast.agent) this.#agent.show(thread, this.#thread.refusals);
    const isWithPeople = ["inbox", "agent"].includes(cast.role(thread.owner));
    this.#phone.show(thread, now, isWithPeople);
    const { expires_at: expires } = this.#thread;
    const until = thread.owner && expires ? this.#time.soon(expires) : "";
    showOwner(thread.owner, until, planEnd(this.#watch.seen.handover, this.#time), this.#user, cast);
    showSteps(thread, cast);
    this.#showTrouble(this.#trouble(now));
  }

  /** The worst first: without the emulator nothing can be known of the bot. */
  #trouble(now) {
    if (!this.#isThere) return "The emulator does not answer. Trying again …";
    const bot = { ...this.#cast.bot, webhook: this.#watch.seen.webhook };
    return this.#watch.trouble(bot) ?? this.#silence.trouble(this.#user.id, now, bot);
  }

  /** It replaces the guide, so that nothing moves. */
  #showTrouble(words) {
    const place = byId("trouble");
    place.hidden = words === null;
    byId("guide").hidden = words !== null;
    if (place.textContent !== (words ?? "")) place.textContent = words ?? "";
  }

  /** When control expires, and what Meta would refuse, is not in the log. */
  async #askThread() {
    const [user, number] = [this.#user.id, (this.#asked += 1)];
    const thread = await known(`threads/${user}`);
    if (thread === null || number !== this.#asked) return; // somebody has asked since
    this.#thread = thread;
    this.#show();
  }

  #tick() {
    this.#controls.tick();
    this.#show(); // dots end, and patience
  }

  async #restart() {
    this.#threads = new Threads();
    this.#silence = new Silence();
    this.#thread = NOT_KNOWN_YET;
    for (const pane of [this.#phone, this.#inbox, this.#agent, this.#log, this.#notices]) pane.restart();
    forgetNews();
    await this.#controls.refreshClock();
    await this.#controls.refreshFaults();
    await this.#readConfig();
  }

  #showConnection(isThere) {
    this.#isThere = isThere;
    this.#show();
  }
}

function optionsOf(users) {
  return Object.entries(PLATFORMS).flatMap(([platform, label]) => {
    const there = users.filter((user) => user.platform === platform);
    const options = there.map(({ id, name }) => element("option", { value: id, textContent: name }));
    return there.length > 0 ? [element("optgroup", { label }, ...options)] : [];
  });
}

await new Page().start();
