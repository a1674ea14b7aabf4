// Which panes have something new after what has happened.

import { FROM_USER } from "./threads.js";

/** The panes, by entries of the protocol log, for one person. */
export function newsIn(entries, user, cast) {
  return [...new Set(entries.flatMap((entry) => panesOf(entry, user, cast)))];
}

function panesOf(entry, user, cast) {
  if (entry.kind === "notice") return ["notices"];
  if (entry.user !== user?.id || !["message", "postback"].includes(entry.kind)) return [];
  const writer = entry.from === FROM_USER ? "phone" : cast.role(entry.from);
  return ["phone", "inbox", "agent"].filter((pane) => pane !== writer);
}
