// On a narrow screen one pane is shown at a time, and these tabs choose it; on a wide one the last two
// share a place. A pane that is not seen is marked when something new is in it.

import { byId, element } from "../dom.js";

const PANES = { phone: "Phone", inbox: "Inbox", agent: "Agent", notices: "Notices", log: "Log", controls: "Controls" };
const SIDES = { log: "Protocol log", notices: "Notices" };

export function addTabs() {
  byId("tabs").append(...Object.entries(PANES).map(([pane, text]) => tab(pane, text)));
  byId("side-tabs").append(...Object.entries(SIDES).map(([pane, text]) => tab(pane, text)));
  choose("log");
  choose("phone");
}

/** Something new is in a pane. */
export function markNews(pane) {
  if (isSeen(pane)) return;
  for (const one of tabsOf(pane)) setNews(one, true);
}

/** Nothing is new any more. */
export function forgetNews() {
  for (const one of allTabs()) setNews(one, false);
}

/** The agents' app may not be there. */
export function showTab(pane, isThere) {
  for (const one of tabsOf(pane)) one.hidden = !isThere;
}

function tab(pane, text) {
  const news = element("span", { className: "news", hidden: true });
  news.append(element("span", { className: "unseen", textContent: "(new)" }));
  const made = element("button", { type: "button" }, text, news);
  made.setAttribute("aria-controls", pane);
  made.addEventListener("click", () => choose(pane));
  return made;
}

function choose(pane) {
  document.body.dataset.pane = pane;
  if (pane in SIDES) document.body.dataset.side = pane;
  for (const one of allTabs()) {
    const isChosen = one.getAttribute("aria-controls") === chosenIn(one.parentElement);
    if (isChosen) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
  for (const one of tabsOf(pane)) setNews(one, false);
}

function chosenIn(nav) {
  return nav.id === "side-tabs" ? document.body.dataset.side : document.body.dataset.pane;
}

function isSeen(pane) {
  return !document.hidden && byId(pane).checkVisibility();
}

function setNews(one, isNews) {
  one.querySelector(".news").hidden = !isNews;
}

function allTabs() {
  return [...byId("tabs").children, ...byId("side-tabs").children];
}

function tabsOf(pane) {
  return allTabs().filter((one) => one.getAttribute("aria-controls") === pane);
}
