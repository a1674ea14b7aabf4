// On a narrow screen one pane is shown at a time; these tabs choose it.

import { byId, element } from "./dom.js";

const PANES = { phone: "Phone", inbox: "Inbox", agent: "Agent", log: "Log", controls: "Controls" };

export function addTabs() {
  const tabs = Object.entries(PANES).map(([pane, text]) => {
    const tab = element("button", { type: "button", textContent: text });
    tab.setAttribute("aria-controls", pane);
    tab.addEventListener("click", () => choose(pane));
    return tab;
  });
  byId("tabs").append(...tabs);
  choose("phone");
}

function choose(pane) {
  document.body.dataset.pane = pane;
  for (const tab of byId("tabs").children) {
    const isChosen = tab.getAttribute("aria-controls") === pane;
    if (isChosen) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
}
