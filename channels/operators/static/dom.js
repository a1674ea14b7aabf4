// Building elements. Text only ever becomes text: nothing here takes HTML.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** An element with properties (`className`, `textContent` …) and children: nodes or text. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Other people's words, whose direction does not affect what is around them. */
export const isolated = (text) => element("bdi", { textContent: text });

/** A cell of a table, which a narrow screen shows as something else. */
export function cell(properties = {}, ...children) {
  const made = element("td", properties, ...children);
  made.setAttribute("role", "cell");
  return made;
}

/** An element of a picture, with attributes. */
export function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Write a text where there is another one. */
export function put(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

/** Show a message, or hide its place if there is none. */
export function say(place, message) {
  put(place, message);
  place.hidden = message === "";
}
