// What the page asks of the bot: its operator API. The token is in a header and nowhere else.

const KEY = "token"; // of the tab's own storage
const LIMIT_MS = 30_000;

/** The token is missing or wrong. */
export class Unauthorised extends Error {}

/** The bot refuses, and says why. */
export class Refused extends Error {}

/** The bot does not answer, or is not ready to. */
export class Unreachable extends Error {}

export const keepToken = (token) => sessionStorage.setItem(KEY, token);
export const dropToken = () => sessionStorage.removeItem(KEY);
export const hasToken = () => sessionStorage.getItem(KEY) !== null;

export const openHandovers = (query) => call("GET", `handovers?${new URLSearchParams(query)}`);
export const statistics = (days) => call("GET", `handovers/statistics?days=${days}`);
export const endedHandovers = (query) =>
  call("GET", `handovers/ended?${new URLSearchParams(query)}`);
export const story = (session) => call("GET", `handovers/sessions/${encodeURIComponent(session)}`);

/** The handovers as a file for a spreadsheet. */
export const sheet = (days) =>
  call("GET", `handovers/sessions.csv?days=${days}`, (response) => response.blob());

export const returnThread = (senderId) =>
  call("POST", `handovers/${encodeURIComponent(senderId)}/return`);

async function call(method, path, read = (response) => response.json()) {
  const token = sessionStorage.getItem(KEY) ?? "";
  let response;
  let body;
  try {
    response = await fetch(new URL(`../${path}`, document.baseURI), {
      method,
      headers: { Authorization: `Bearer ${asBytes(token)}` },
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    body = await (response.ok ? read(response) : response.json());
  } catch (error) {
    throw new Unreachable("The bot does not answer.", { cause: error });
  }
  if (response.status === 401) {
    throw new Unauthorised("This is neither the bot's admin-token nor its operator-token.");
  }
  if (response.status === 503) throw new Unreachable(body.error);
  if (!response.ok) throw new Refused(body.error);
  return body;
}

/** A header takes bytes: the token's, in UTF-8. */
function asBytes(text) {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
