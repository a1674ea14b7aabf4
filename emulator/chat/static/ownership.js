// Who has the thread, always in sight.

import { byId, element } from "./dom.js";
import { NOBODY } from "./people.js";

/** Show the owner of a person's thread, and until when unless somebody does something. */
export function showOwner(owner, until, user, cast) {
  const role = cast.role(owner);
  byId("ownership").dataset.role = role;
  setText(byId("owner-name"), cast.name(owner));
  setText(byId("owner-until"), until ? `until ${until}` : "");
  const candidates = [...cast.owners(user.platform), { id: null, name: "Nobody" }];
  byId("candidates").replaceChildren(...candidates.map((one) => candidate(one, owner, cast)));
}

function candidate({ id, name }, owner, cast) {
  const isOwner = (id ?? NOBODY) === (owner ?? NOBODY);
  const made = element("li", { textContent: name, className: isOwner ? "is-owner" : "" });
  made.dataset.role = cast.role(id);
  return made;
}

/** A status is read out when it is set, so it is set only when it changes. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
