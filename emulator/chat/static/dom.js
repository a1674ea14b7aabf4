// Building elements. Text only ever becomes text: nothing here takes HTML.

export const byId = (id) => document.getElementById(id);

/** An element with properties (`className`, `textContent` …) and children: nodes or text. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** A link to an http or https address, which opens elsewhere; plain text for any other address. */
export function link(address, text, className = "") {
  const href = webAddress(address);
  if (href === null) return element("span", { className, textContent: text });
  const shown = { href, className, textContent: text };
  return element("a", { ...shown, target: "_blank", rel: "noopener noreferrer" });
}

/** The address if it is http or https, null otherwise: `javascript:` and `data:` lead nowhere. */
export function webAddress(address) {
  try {
    const { protocol, href } = new URL(address);
    return ["http:", "https:"].includes(protocol) ? href : null;
  } catch {
    return null;
  }
}
