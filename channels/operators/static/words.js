// What the page calls users, apps and what has become of a handover.

export const readable = (reason) => reason.replaceAll("_", " ");

/** The user as people know them: by Meta's name, or else by the id. */
export const nameOf = ({ name, sender_id }) => (name?.trim() ? name.trim() : sender_id);

/** Who has a thread. */
export function owner({ state, target_app, target_app_name }) {
  if (state === "waiting") return "the bot";
  return target_app_name ?? `App ${target_app}`;
}

export const BEGINNINGS = {
  bot: "the bot handed over",
  "somebody else": "somebody took the thread",
  bot_failed: "the bot failed",
};

export function feedback({ score, comment }) {
  if ((score ?? null) === null) return "";
  const mark = typeof score === "number" ? `${score} of 5` : score;
  return comment === null ? mark : `${mark}: “${comment}”`;
}
