// A message as Messenger shows it: text, attachments, templates. All of it is what apps and people
// have sent, so every value may be missing or of any type.

import { element, link, webAddress } from "./dom.js";
import { listOf } from "./platform/threads.js";

const LIKE = 369239263222822; // the sticker id of Messenger's thumb
const LINKS = /(https?:\/\/[^\s<>"]+)/;

/**
 * The parts of a message, each an element of its own. `tap` is called with a tapped button of a
 * template; without it the buttons are only there to be seen.
 */
export function contentOf(message, tap = null) {
  if (message.takenBack) return [element("p", { className: "bubble gone", textContent: "Taken back" })];
  const parts = [];
  if (message.text) parts.push(bubble(message.text));
  if (message.sticker_id) parts.push(bubble(message.sticker_id === LIKE ? "👍" : "[sticker]"));
  parts.push(...listOf(message.attachments).map((one) => attachment(one, tap)));
  if (message.edited) parts.push(element("small", { className: "edited", textContent: "edited" }));
  return parts;
}

function bubble(text) {
  const pieces = textOf(text).split(LINKS);
  const nodes = pieces.map((piece) => (LINKS.test(piece) ? link(piece, piece) : piece));
  return element("p", { className: "bubble" }, ...nodes);
}

function attachment({ type, payload }, tap) {
  const content = payload && typeof payload === "object" ? payload : {};
  if (type === "template") return template(content, tap);
  if (type === "image") return picture(content.url) ?? bubble("[image]");
  return file(textOf(type), content);
}

function picture(url, className = "picture") {
  const src = webAddress(url);
  if (src === null) return null;
  return element("img", { src, className, alt: "Image", loading: "lazy", referrerPolicy: "no-referrer" });
}

function file(type, { url }) {
  const name = webAddress(url) === null ? "" : nameIn(url);
  const text = name ? `${capital(type)}: ${name}` : capital(type);
  return element("p", { className: "bubble file" }, link(url, text));
}

function nameIn(url) {
  const last = new URL(url).pathname.split("/").pop();
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

function template(content, tap) {
  const elements = listOf(content.elements);
  if (content.template_type === "button") {
    return element("div", { className: "template" }, bubble(content.text), buttons(content, tap));
  }
  if (elements.length > 0) return carousel(elements, tap);
  const named = `[${textOf(content.template_type).replaceAll("_", " ")} template]`;
  const words = [content.title, content.text].map(textOf).filter(Boolean);
  return bubble([named, ...words].join(" "));
}

function carousel(elements, tap) {
  const list = element("ul", { className: "carousel", tabIndex: 0, ariaLabel: `${elements.length} cards` });
  list.append(...elements.map((one) => element("li", {}, card(one, tap))));
  return list;
}

/** A card of a generic template, or the element of a media template. */
function card(shape, tap) {
  const image = picture(shape.image_url ?? shape.url, "cover");
  const title = textOf(shape.title) || textOf(shape.media_type);
  const address = shape.default_action?.url;
  const heading = address ? link(address, title, "card-title") : element("strong", { className: "card-title", textContent: title });
  const subtitle = shape.subtitle ? element("p", { className: "subtitle", textContent: textOf(shape.subtitle) }) : null;
  const words = element("div", { className: "card-text" }, heading, subtitle);
  return element("article", { className: "card" }, image, words, buttons(shape, tap));
}

function buttons(shape, tap) {
  const list = listOf(shape.buttons).map((one) => button(one, tap));
  return list.length > 0 ? element("div", { className: "buttons" }, ...list) : null;
}

function button(shape, tap) {
  const title = textOf(shape.title) || textOf(shape.type).replaceAll("_", " ");
  if (shape.type === "postback") {
    const made = element("button", { type: "button", className: "choice", textContent: title });
    made.disabled = tap === null;
    made.addEventListener("click", () => tap(shape));
    return made;
  }
  if (shape.type === "web_url") return link(shape.url, title, "choice");
  const number = shape.type === "phone_number" ? ` ${textOf(shape.payload)}` : "";
  return element("span", { className: "choice inert", textContent: title + number });
}

function textOf(value) {
  return typeof value === "string" ? value : "";
}

function capital(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
