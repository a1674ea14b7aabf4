// What the page asks of the emulator: its control API, and Graph calls as an app of the Page.

const GRAPH_VERSION = "v25.0";
const LONGEST_WAIT_MS = 25_000;
const MOST_HISTORY = 20_000; // entries of the log that are read when the page is opened
const NEWEST = 999_999_999_999; // later than any entry: answers with the number of the last one
const RETRY_AFTER_MS = 1_000;
const LARGEST_FILE = 25 * 1024 ** 2; // bytes

/** The platform refused; the message is its own. */
export class Refused extends Error {}

/** The emulator does not answer. */
export class Unreachable extends Error {}

/** One call of the control API; throws Refused or Unreachable. */
export async function control(method, path, body) {
  return answer(`/_emulator/${path}`, { method, body: asJson(body) });
}

/** What the control API answers now; null while it does not, or if there is no such thing. */
export async function known(path) {
  try {
    return await control("GET", path);
  } catch (error) {
    if (error instanceof Refused || error instanceof Unreachable) return null;
    throw error;
  }
}

/** A Graph call with the app's own token, as the app itself would make it. */
export async function graph(app, edge, body) {
  const headers = {
    "Authorization": `Bearer ${app.page_access_token}`,
    "Content-Type": "application/json",
  };
  const url = `/${GRAPH_VERSION}/me/${edge}`;
  return answer(url, { method: "POST", headers, body: asJson(body) });
}

/** Have the emulator keep a file for a message: `{type, url}`; throws Refused or Unreachable. */
export async function keepFile(file) {
  if (file.size > LARGEST_FILE) throw new Refused(`Meta takes files of up to 25 MB; “${file.name}” has more.`);
  const headers = { "Content-Type": file.type || "application/octet-stream" };
  const url = `/_emulator/files?name=${encodeURIComponent(file.name)}`;
  return answer(url, { method: "POST", headers, body: file });
}

/**
 * Report the protocol log as it grows, forever: `told.begins` with the number of the last entry that
 * is there already, `told.entries` with what is new, `told.restarted` when the emulator has started
 * over, `told.connected` with whether it answers.
 */
export async function followLog(told) {
  let after = null;
  for (;;) {
    try {
      after ??= await beginning(told);
      const log = await control("GET", `log?after=${after}&wait_ms=${LONGEST_WAIT_MS}`);
      told.connected(true);
      if (log.last < after) {
        after = null;
        await told.restarted();
        continue;
      }
      after = log.last;
      await told.entries(log.entries);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      told.connected(false);
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
    }
  }
}

async function beginning(told) {
  const { last } = await control("GET", `log?after=${NEWEST}`);
  told.begins(last);
  return Math.max(0, last - MOST_HISTORY);
}

function asJson(body) {
  return body === undefined ? undefined : JSON.stringify(body);
}

async function answer(url, request) {
  let response;
  let body;
  try {
    response = await fetch(url, request);
    body = await response.json();
  } catch (error) {
    throw new Unreachable("The emulator does not answer.", { cause: error });
  }
  if (!response.ok) throw new Refused(reasonIn(body));
  return body;
}

/** The control API answers `{"error": "…"}`; Graph answers Meta's envelope with code and subcode. */
function reasonIn({ error }) {
  if (typeof error === "string") return error;
  const number = [error.code, error.error_subcode].filter((one) => one !== undefined).join("/");
  return `Refused with ${number}: ${error.message}`;
}
