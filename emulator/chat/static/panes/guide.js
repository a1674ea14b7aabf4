// The three steps of a handover, as far as the person has got with them.

import { byId } from "../dom.js";
import { FROM_USER } from "../platform/threads.js";

const OPERATORS = ["inbox", "agent"];
/** One after the other; each says by which item of a thread it is done. */
const STEPS = [
  (item, cast) => item.kind === "owner" && OPERATORS.includes(cast.role(item.owner)),
  (item, cast) => item.kind === "message" && item.from !== FROM_USER && OPERATORS.includes(cast.role(item.from)),
  (item, cast) => item.kind === "owner" && cast.role(item.owner) === "bot",
];

export function showSteps(thread, cast) {
  const done = stepsDone(thread.items, cast);
  [...byId("first-steps").children].forEach((step, number) => {
    step.classList.toggle("done", number < done);
    if (number === done) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
}

function stepsDone(items, cast) {
  let done = 0;
  for (const item of items) if (STEPS[done]?.(item, cast)) done += 1;
  return done;
}
