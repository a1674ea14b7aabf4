// What has happened in a handover, and what was said, in a dialog above the lists.

import { byId, element, isolated, put, say } from "../dom.js";
import { clock, moment } from "../time.js";
import { BEGINNINGS, feedback, nameOf, owner, readable } from "../words.js";

const STEPS = {
  asked_for: () => "The user asked for a person, outside your hours",
  opened: ({ opened_by }) => `Handover: ${BEGINNINGS[opened_by]}`,
  passed: (one) => `${owner(one)} got the thread`,
  first_answer: () => "First answer",
  last_answer: () => "Last answer so far",
  user_wrote: () => "The user wrote last",
  ended: ({ reason }) => `Ended: ${readable(reason ?? "")}`,
  rated: (one) => `Feedback: ${feedback(one)}`,
};
const SPEAKERS = { user: "User", operator: "Team", bot: "Bot" };
let opened = 0; // stories: an answer that comes late is of one that was closed

/** Show a handover; `ask` asks the bot for its story. */
export async function showStory(handover, ask) {
  const number = ++opened;
  const dialog = byId("story");
  byId("story-title").replaceChildren(isolated(nameOf(handover)));
  byId("story-facts").replaceChildren(...facts(handover));
  for (const id of ["steps", "said"]) byId(id).replaceChildren();
  byId("said-part").hidden = byId("inbox-link").hidden = true;
  say(byId("story-trouble"), "");
  dialog.showModal();
  try {
    const told = await ask();
    if (number === opened) tell(handover, told);
  } catch (error) {
    if (number === opened) say(byId("story-trouble"), error.message);
    throw error;
  }
}

function tell(handover, { steps, transcript, inbox_url }) {
  const now = Date.now();
  byId("steps").replaceChildren(
    ...steps.map(({ at, what }) => line(at, now, STEPS[what](handover))),
  );
  byId("said-part").hidden = transcript === null;
  const lines = transcript ?? [];
  byId("said").replaceChildren(
    ...lines.map(({ at, speaker, text }) => line(at, now, `${SPEAKERS[speaker]}: `, isolated(text))),
  );
  put(byId("nothing-said"), lines.length === 0 ? "Nothing yet, or it is kept no longer." : "");
  byId("inbox-link").href = inbox_url;
  byId("inbox-link").hidden = false;
}

function line(at, now, ...words) {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  const textContent = isToday ? clock(at) : moment(at, now);
  const time = element("time", { dateTime: at, textContent });
  return element("li", {}, time, element("span", {}, ...words));
}

function facts(one) {
  const { sender_id, plan, page, page_name } = one;
  const told = [["Id", sender_id], ["Plan", plan], ["Page", page_name ?? page], ["With", owner(one)]];
  return told.flatMap(([name, value]) => [
    element("dt", { textContent: name }),
    element("dd", {}, isolated(value)),
  ]);
}
