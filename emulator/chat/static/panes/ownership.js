// Who has the thread, always in sight, and when that ends: for Meta, and by the bot's plan.

import { byId } from "../dom.js";

/** Show a thread's owner; `until` is when Meta ends it, `plan` what the bot says of its handover. */
export function showOwner(owner, until, plan, user, cast) {
  byId("ownership").dataset.role = cast.role(owner);
  setText(byId("owner-name"), cast.name(owner));
  setText(byId("owner-until"), until ? `Meta: until ${until}` : "");
  setText(byId("plan-end"), plan);
}

/** When the bot ends a handover by itself, in words; empty while there is none. */
export function planEnd(handover, time) {
  if (!handover) return "";
  const { plan, state, ends_at: end, ends_by: reason, due_at: due } = handover;
  if (state === "waiting") return `plan ${plan}: waits until ${due ? time.soon(due) : "you open"}`;
  if (!end) return `plan ${plan}`;
  const why = reason ? ` (${reason.replaceAll("_", " ")})` : "";
  return `plan ${plan}: until ${time.soon(end)}${why}`;
}

/** A status is read out when it is set, so it is set only when it changes. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
