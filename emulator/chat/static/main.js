// The chat page: reads the emulator's protocol log as it grows, and shows one person's thread.

import { control, followLog } from "./api.js";
import { Controls } from "./controls.js";
import { Desk } from "./desk.js";
import { byId, element } from "./dom.js";
import { handsOfApp, handsOfInbox } from "./hands.js";
import { LogPane } from "./log.js";
import { addPersonDialog } from "./newperson.js";
import { showOwner } from "./ownership.js";
import { Cast } from "./people.js";
import { Phone } from "./phone.js";
import { addTabs } from "./tabs.js";
import { Threads } from "./threads.js";
import { EmulatorTime } from "./time.js";

const REMEMBERED = "person"; // the key of the session's storage
const PLATFORMS = { messenger: "Messenger", instagram: "Instagram" };

class Page {
  #time = new EmulatorTime();
  #threads = new Threads();
  #cast = null;
  #user = null;
  #until = null;
  #phone = new Phone();
  #inbox = new Desk("inbox");
  #agent = new Desk("agent");
  #log = new LogPane();
  #controls = new Controls(this.#time);

  async start() {
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
      entries: (entries) => this.#take(entries),
      restarted: () => this.#restart(),
      connected: (isSo) => this.#showConnection(isSo),
    });
  }

  /** Learn who is there; the person stays, or is the one of last time, or else the first. */
  async #readConfig() {
    this.#cast = new Cast(await control("GET", "config"));
    byId("page-name").textContent = this.#cast.page.name;
    byId("agent").hidden = !this.#cast.agent;
    byId("person").replaceChildren(...optionsOf(this.#cast.users));
    const wanted = this.#user?.id ?? sessionStorage.getItem(REMEMBERED);
    const user = this.#cast.user(wanted) ?? this.#cast.users[0];
    if (user) await this.#choose(user.id);
    else byId("new-person").showModal();
  }

  async #choose(userId) {
    const [cast, user] = [this.#cast, this.#cast.user(userId)];
    this.#user = user;
    this.#until = null;
    sessionStorage.setItem(REMEMBERED, userId);
    byId("person").value = userId;
    this.#phone.become(user, cast.account(user.platform));
    this.#inbox.become(cast.inboxes[user.platform], user, cast, handsOfInbox(userId));
    if (cast.agent) this.#agent.become(cast.agent, user, cast, handsOfApp(cast.agent, userId));
    this.#controls.become(user, cast);
    this.#log.become(user, cast);
    this.#show();
    await this.#askUntil();
  }

  #take(entries) {
    for (const entry of entries) this.#threads.take(entry);
    this.#log.add(entries);
    this.#show();
    const kinds = new Set(entries.map((entry) => entry.kind));
    const isNews = entries.some((entry) => entry.user && !this.#cast.user(entry.user));
    if (isNews || kinds.has("routing")) this.#readConfig();
    if (kinds.has("clock")) this.#controls.refreshClock();
    if (kinds.has("fault")) this.#controls.refreshFaults();
    if (entries.some((entry) => entry.user === this.#user?.id)) this.#askUntil();
  }

  #show() {
    if (this.#user === null) return;
    const thread = this.#threads.of(this.#user.id);
    this.#phone.show(thread, this.#time.now());
    this.#inbox.show(thread);
    if (this.#cast.agent) this.#agent.show(thread);
    const until = thread.owner && this.#until ? this.#time.soon(this.#until) : "";
    showOwner(thread.owner, until, this.#user, this.#cast);
  }

  /** When control expires is not in the log: every message of the person prolongs it. */
  async #askUntil() {
    const user = this.#user.id;
    const { expires_at } = await control("GET", `threads/${user}`);
    if (user !== this.#user.id) return;
    this.#until = expires_at;
    this.#show();
  }

  #tick() {
    this.#controls.tick();
    if (this.#user) this.#phone.show(this.#threads.of(this.#user.id), this.#time.now()); // dots end
  }

  async #restart() {
    this.#threads = new Threads();
    for (const pane of [this.#phone, this.#inbox, this.#agent, this.#log]) pane.restart();
    await this.#controls.refreshClock();
    await this.#controls.refreshFaults();
    await this.#readConfig();
  }

  #showConnection(isThere) {
    byId("offline").hidden = isThere;
    byId("offline").textContent = isThere ? "" : "The emulator does not answer. Trying again …";
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
