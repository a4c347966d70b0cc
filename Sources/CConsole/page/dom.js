// Elements made of values. Text gets in as text only, so that nothing that a name or an answer holds can
// become markup or script.

const svgNamespace = "http://www.w3.org/2000/svg";

/**
 * An HTML element.
 *
 * @param {string} name
 * @param {object} attributes `on` has listeners by their event; null, undefined and false are left out
 * @param children nodes and texts, also in lists; null, undefined and false are left out
 */
export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** An SVG element, as `element`. */
export function shape(name, attributes = {}, ...children) {
  return filled(document.createElementNS(svgNamespace, name), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === "value") {
      node.value = value;
    } else {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined
    && child !== false));
  return node;
}

/** What assistive technology hears and nobody sees. */
export function unseen(text) {
  return element("span", { class: "unseen" }, text);
}

/** Sets text only where it differs: what a person has selected stays selected. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Replaces the children only where the new ones differ. */
export function setChildren(node, ...children) {
  const made = element("div", {}, ...children);
  const isSame = made.childNodes.length === node.childNodes.length
    && [...made.childNodes].every((child, i) => child.isEqualNode(node.childNodes[i]));
  if (!isSame) node.replaceChildren(...made.childNodes);
}

/** Says something to who does not look. */
export function announce(text) {
  const place = document.getElementById("announcements");
  if (place) place.textContent = text;
}
