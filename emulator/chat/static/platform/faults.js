// The faults that can be thrown at the bot, and how those that are left read.

const SLOW_MS = 3_000;
const RATE_LIMITED = "Calls to this api have exceeded the rate limit.";
const TOO_MANY = "There have been too many calls to this Messenger account.";
const EXPIRED = "Error validating access token: Session has expired.";

/** By name: the words, and the body of POST /_emulator/faults. */
export const FAULTS = {
  slow: onCalls("Graph is slow (3 s)", { latency_ms: SLOW_MS }),
  broken: onCalls("Graph answers 500", { status: 500 }),
  lost: onCalls("Graph's answer is lost", { reset: true, perform: true }),
  limited: onCalls("613: rate limit", failing(613, RATE_LIMITED)),
  pageLimited: onCalls("80006: Page's rate limit", failing(80006, TOO_MANY)),
  expired: onCalls("190: token expired", failing(190, EXPIRED)),
  drop: onWebhooks("Webhooks are lost", "drop"),
  double: onWebhooks("Webhooks come twice", "double"),
};

/** A line for each fault that is left. */
export function faultsLeft({ calls, webhooks }) {
  return [...calls.map(callFault), ...Object.values(webhooks).flatMap(webhookFaults)];
}

function onCalls(text, fault) {
  return { text, body: ({ times, app_id }) => ({ calls: { ...fault, times, app_id } }) };
}

/** The counters of an app's webhooks are set together, so the others go along. */
function onWebhooks(text, counter) {
  const body = ({ times, app_id, webhooks }) => ({
    webhooks: { ...webhooks[app_id], app_id, [counter]: times },
  });
  return { text, body };
}

function failing(code, message) {
  return { error: { code, message: `(#${code}) ${message}` } };
}

function callFault({ times, latency_ms, status, error, reset, path }) {
  const what =
    (error && `error ${error.code}`) ||
    (reset && "answer lost") ||
    (status && `HTTP ${status}`) ||
    (latency_ms && `slow by ${latency_ms / 1000} s`) ||
    "transient error";
  return `${path || "Graph"}: ${what}, ${times === null ? "until cleared" : `${times} ×`}`;
}

function webhookFaults(fault) {
  const counted = ["drop", "double", "reorder", "batch"].filter((name) => fault[name] > 0);
  const lines = counted.map((name) => `Webhooks: ${name}, ${fault[name]} ×`);
  return fault.latency_ms > 0 ? [...lines, `Webhooks: slow by ${fault.latency_ms / 1000} s`] : lines;
}
