// Bar charts: rows of a label, a count and a bar, as long as its share of the longest.

import { byId, drawn } from "./dom.js";
import { readable } from "./handovers.js";
import { duration, moment } from "./time.js";

const ROW = 44; // pixels
const BASELINE = 15;
const BAR = { y: 22, height: 10, rx: 5 };

export function showStatistics(told) {
  byId("ended-count").textContent = summary(told);
  const reasons = Object.entries(told.by_reason).map(([reason, count]) => [readable(reason), count]);
  reasons.sort(([, one], [, other]) => other - one);
  byId("by-reason").replaceChildren(chart(reasons));
  byId("first-answers").replaceChildren(chart(waits(told)));
}

function waits({ first_answers, unanswered }) {
  const longest = Math.max(...first_answers.map((one) => one.within_seconds ?? 0));
  const rows = first_answers.map(({ within_seconds, sessions }) => [
    within_seconds === null ? `over ${duration(longest)}` : `within ${duration(within_seconds)}`,
    sessions,
  ]);
  return [...rows, ["no answer", unanswered]];
}

function summary({ since, until, ended, median_first_answer_seconds: median }) {
  const count = ended === 1 ? "1 handover has" : `${ended} handovers have`;
  const answer = median === null ? "" : ` Half of the first answers came within ${duration(Math.ceil(median))}.`;
  return `${count} ended since ${moment(since, until)}.${answer}`;
}

function chart(rows) {
  const most = Math.max(1, ...rows.map(([, count]) => count));
  const label = rows.map(([name, count]) => `${name}: ${count}`).join(", ");
  return drawn(
    "svg",
    { class: "chart", height: rows.length * ROW, role: "img", "aria-label": label },
    ...rows.map(([name, count], number) => bar(name, count, count / most, number * ROW)),
  );
}

function bar(name, count, share, top) {
  return drawn(
    "g",
    {},
    drawn("text", { x: 0, y: top + BASELINE }, name),
    drawn("text", { class: "count", x: "100%", y: top + BASELINE }, String(count)),
    drawn("rect", { ...BAR, class: "track", y: top + BAR.y, width: "100%" }),
    drawn("rect", { ...BAR, class: "bar", y: top + BAR.y, width: `${share * 100}%` }),
  );
}
