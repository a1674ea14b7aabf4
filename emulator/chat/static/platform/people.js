// Who is who on this Page: the names and roles behind ids, from GET /_emulator/config.

export const NOBODY = "nobody";

export class Cast {
  constructor(config) {
    this.page = config.page;
    this.instagram = config.instagram;
    this.users = config.users;
    this.apps = config.apps;
    this.desk = config.desk;
    this.inboxes = {
      messenger: { id: config.inbox_app_id, name: "Page Inbox" },
      instagram: { id: config.instagram_inbox_app_id, name: "Instagram Inbox" },
    };
    this.modes = { messenger: config.routing, instagram: config.instagram_routing };
  }

  get bot() {
    return this.apps[0];
  }

  /** The agents' app; undefined on a Page that has only the bot. */
  get agent() {
    return this.apps[1];
  }

  user(id) {
    return this.users.find((user) => user.id === id);
  }

  /** What people of a platform write to. */
  account(platform) {
    return platform === "instagram" ? this.instagram : this.page;
  }

  /** All apps that can own a platform's threads. */
  owners(platform) {
    return [...this.apps, this.inboxes[platform]];
  }

  /** The app that an owner's thread goes back to: the default one, the bot unless it is an Inbox. */
  defaultApp() {
    return this.apps.find((app) => app.default) ?? this.bot;
  }

  /** The name behind an app id or a person's id. */
  name(id) {
    if (id === null || id === undefined || id === "") return "Nobody";
    const known = [...this.apps, ...Object.values(this.inboxes), ...this.users];
    return known.find((one) => one.id === String(id))?.name ?? String(id);
  }

  /** `bot`, `inbox`, `agent`, `other` or `nobody`: what colours an owner. */
  role(id) {
    if (!id) return NOBODY;
    if (id === this.bot.id) return "bot";
    if (id === this.agent?.id) return "agent";
    return Object.values(this.inboxes).some((inbox) => inbox.id === id) ? "inbox" : "other";
  }
}

/** The letters of an avatar. */
export function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return words.slice(0, 2).map((word) => [...word][0].toUpperCase()).join("");
}
