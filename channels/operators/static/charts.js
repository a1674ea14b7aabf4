// Bar charts: rows of a label, a count and a bar, as long as its share of the longest.

import { byId, drawn } from "./dom.js";
import { readable } from "./handovers.js";
import { duration, moment } from "./time.js";

const ROW = 32; // pixels
const BASELINE = 13;
const BAR = { y: 18, height: 6, rx: 3 };

export function showStatistics(told) {
  byId("ended-count").textContent = summary(told);
  const reasons = Object.entries(told.by_reason).map(([reason, count]) => [readable(reason), count]);
  reasons.sort(([, one], [, other]) => other - one);
  byId("by-reason").replaceChildren(chart(reasons));
  byId("first-answers").replaceChildren(chart(waits(told)));
  const { all } = told.feedback;
  byId("opinions").textContent = opinion(all);
  const given = Object.entries(all.by_score).filter(([, count]) => count > 0);
  byId("scores").replaceChildren(...(given.length ? [chart(given)] : []));
}

function waits({ first_answers, unanswered }) {
  const longest = Math.max(...first_answers.map((one) => one.within_seconds ?? 0));
  const rows = first_answers.map(({ within_seconds, sessions }) => [
    within_seconds === null ? `over ${duration(longest)}` : `within ${duration(within_seconds)}`,
    sessions,
  ]);
  return [...rows, ["no answer", unanswered]];
}

function opinion({ answers, satisfied, average }) {
  if (answers === 0) return "Nobody has said.";
  const share = Math.round((100 * satisfied) / answers);
  const mean = average === null ? "" : `, ${average} of 5 on average`;
  return `${answers} answers, ${share} % satisfied${mean}.`;
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
