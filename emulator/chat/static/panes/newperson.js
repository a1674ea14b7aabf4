// The dialog that adds a person to the Page.

import { control } from "../platform/api.js";
import { tried } from "../platform/attempts.js";
import { byId } from "../dom.js";

const IDS_BEGIN = { messenger: "24", instagram: "178" };
const DIGITS = 17;

/** Open it by the button; `added(user)` is called with a person who is there now. */
export function addPersonDialog(added) {
  const dialog = byId("new-person");
  byId("add-person").addEventListener("click", () => dialog.showModal());
  byId("new-person-cancel").addEventListener("click", () => dialog.close());
  byId("new-person-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const platform = new FormData(event.target).get("platform");
    const user = { id: newId(platform), name: byId("new-person-name").value.trim(), platform };
    const refusal = byId("new-person-refusal");
    if (!(await tried(refusal, () => control("POST", "users", user)))) return;
    event.target.reset();
    dialog.close();
    await added(user);
  });
}

function newId(platform) {
  const digits = crypto.getRandomValues(new Uint8Array(DIGITS));
  return (IDS_BEGIN[platform] + [...digits].map((one) => one % 10).join("")).slice(0, DIGITS);
}
