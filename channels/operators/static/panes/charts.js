// Bar charts: rows of a label, a count and a bar, as long as its share of the longest.

import { byId, drawn, put } from "../dom.js";
import { duration, moment } from "../time.js";
import { readable } from "../words.js";

const PICTURES = ["by-reason", "first-answers", "scores"];
const ROW = 25; // pixels
const BASELINE = 13;
const BAR = { y: 16, height: 5, rx: 2.5 };

export function showStatistics(told) {
  put(byId("ended-count"), summary(told));
  const reasons = Object.entries(told.by_reason)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => [readable(reason), count]);
  reasons.sort(([, one], [, other]) => other - one);
  draw("by-reason", reasons);
  draw("first-answers", told.ended > 0 ? waits(told) : []);
  const { all } = told.feedback;
  put(byId("opinions"), opinion(all));
  draw("scores", Object.entries(all.by_score).filter(([, count]) => count > 0));
}

export function clearStatistics() {
  for (const id of ["ended-count", "opinions"]) put(byId(id), "");
  for (const id of PICTURES) draw(id, []);
}

/** A picture is made again only if it says something else. */
function draw(id, rows) {
  byId(id).closest("figure").hidden = rows.length === 0 && id !== "scores";
  const label = rows.map(([name, count]) => `${name}: ${count}`).join(", ");
  const shown = byId(id).firstElementChild;
  if (rows.length === 0) byId(id).replaceChildren();
  else if (shown?.getAttribute("aria-label") !== label) byId(id).replaceChildren(chart(rows, label));
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

function chart(rows, label) {
  const most = Math.max(1, ...rows.map(([, count]) => count));
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
