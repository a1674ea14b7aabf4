// Building elements. Text only ever becomes text: nothing here takes HTML.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** An element with properties (`className`, `textContent` …) and children: nodes or text. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** An element of a picture, with attributes. */
export function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Show a message, or hide its place if there is none. */
export function say(place, message) {
  if (place.textContent !== message) place.textContent = message;
  place.hidden = message === "";
}
