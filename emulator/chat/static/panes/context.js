// What came with a pass, as fields, and all that its `context_url` leads to.

import { control } from "../platform/api.js";
import { tried } from "../platform/attempts.js";
import { element } from "../dom.js";
import { duration, hour } from "../platform/time.js";

const NAMES = { timeout_seconds: "time", last_messages: "the user said last", last_responses: "the bot said last" };
const URL_KEY = "context_url";
const SPEAKERS = { user: "User", bot: "Bot", operator: "Operator" };

/** A part of a conversation: the bot's JSON, or whatever text another app has put there. */
export function contextOf(metadata) {
  const { [URL_KEY]: url, ...fields } = parsed(metadata);
  const heading = element("h3", { textContent: "What came with the thread" });
  const part = element("section", { className: "context" }, heading, fieldsOf(fields));
  if (typeof url === "string") part.append(...opener(url));
  return part;
}

function opener(url) {
  const button = element("button", { type: "button", textContent: "Open the whole context" });
  const refusal = element("p", { className: "refusal" });
  refusal.setAttribute("role", "alert");
  const place = element("div", { className: "opened" });
  button.addEventListener("click", () =>
    tried(refusal, async () => {
      const context = await control("POST", "context", { url });
      place.replaceChildren(...opened(context));
      button.textContent = "Open it again";
    }),
  );
  return [button, refusal, place];
}

/** The whole context: its own fields, then who has said what. */
function opened({ said, transcript, ...fields }) {
  const lines = [...listed(said), ...listed(transcript)].map(spoken);
  const words = lines.length > 0 ? element("ol", { className: "said" }, ...lines) : "Nothing that was said is told.";
  return [fieldsOf(fields), element("h4", { textContent: "What was said" }), words];
}

function spoken({ at, speaker, text }) {
  const who = element("strong", { textContent: SPEAKERS[speaker] ?? String(speaker) });
  return element("li", {}, element("time", { textContent: hour(at) }), " ", who, " ", String(text));
}

function fieldsOf(values) {
  const rows = Object.entries(values).flatMap(([name, value]) => [
    element("dt", { textContent: NAMES[name] ?? name.replaceAll("_", " ") }),
    element("dd", {}, shown(name, value)),
  ]);
  return element("dl", { className: "fields" }, ...rows);
}

function shown(name, value) {
  if (name === "timeout_seconds" && Number.isFinite(value)) return duration(value);
  if (name.endsWith("_at") && typeof value === "string") return hour(value);
  if (Array.isArray(value)) return element("ul", {}, ...value.map((one) => element("li", {}, shown("", one))));
  if (value && typeof value === "object") return Object.keys(value).length > 0 ? fieldsOf(value) : "–";
  return value === null || value === "" ? "–" : String(value);
}

function parsed(metadata) {
  try {
    const value = JSON.parse(metadata);
    return value && typeof value === "object" && !Array.isArray(value) ? value : { metadata };
  } catch {
    return { metadata };
  }
}

function listed(values) {
  return Array.isArray(values) ? values.filter((one) => one && typeof one === "object") : [];
}
