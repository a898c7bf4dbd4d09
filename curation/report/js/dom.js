// Elements, numbers and words. Text from the data enters the page through textContent only.

const SVG = "http://www.w3.org/2000/svg";

/** el("div.note", {title: "…", onclick: f}, "text", child, [children]) */
function el(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  return fill(node, props, children);
}

function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "style") for (const [name, v] of Object.entries(value)) node.style.setProperty(name, v);
    else if (key === "data") Object.assign(node.dataset, value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

function replace(node, ...children) {
  node.replaceChildren();
  return fill(node, {}, children);
}

const whole = new Intl.NumberFormat("en-US");
const count = (n) => whole.format(n);
const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
const share = (part, all) => (all ? `${((100 * part) / all).toFixed(part && part < all / 100 ? 1 : 0)} %` : "–");

/** A figure with about three digits that mean something, and never 1e-7 or 15 decimals. */
function figure(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return String(value);
  const size = Math.abs(value);
  if (Number.isInteger(value)) return count(value);
  if (size >= 1000) return count(Math.round(value));
  if (size >= 10) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  if (size >= 0.0005) return value.toFixed(3);
  return size === 0 ? "0" : value.toPrecision(2);
}

const SIGNS = { "<=": "≤", ">=": "≥", "!=": "≠", "<>": "≠", "==": "=", "<": "<", ">": ">" };
const sign = (op) => SIGNS[op] || op;

/** A threshold as its rule states it. */
const exact = (value) => String(value).replace("-", "−");

/** "text_coverage" → "text coverage" */
const words = (name) => String(name).replaceAll("_", " ");
const STATES = { kept: "Kept", rejected: "Rejected", failed: "Failed" };
const TOKEN = { kept: "keep", rejected: "reject", failed: "doubt" };

function mark(state) {
  return el(`span.mark.${TOKEN[state]}`, { "aria-hidden": "true" });
}

function section(id, title, lead, ...children) {
  return el(
    "section.view",
    { id: `view-${id}`, "aria-labelledby": `title-${id}` },
    el("header.lead", {}, el("h2", { id: `title-${id}` }, title), lead && el("p.quiet", {}, lead)),
    children,
  );
}

/** What happened and what to do about it. */
function empty(title, remedy, action) {
  return el(
    "div.empty",
    {},
    el("div.empty-mark", { "aria-hidden": "true" }),
    el("h3", {}, title),
    el("p.quiet", {}, remedy),
    action,
  );
}

const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
