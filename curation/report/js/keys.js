// The views, the list of keys, and what each key does on the page and in the panel.

const VIEWS = {
  gallery: "Captures",
  thresholds: "Thresholds",
  relations: "Relations",
  map: "Map",
  distributions: "Distributions",
  splits: "Splits",
  rights: "Rights",
};
const KEYS = [
  ["j k", "next, previous capture"],
  ["← → ↑ ↓", "move in the gallery"],
  ["Enter", "open the capture"],
  ["Esc", "close"],
  ["/", "search"],
  ["1 – 7", "views"],
  ["s o d", "side by side, overlay, difference"],
  ["+ - 0", "nearer, further, all of the map"],
  ["t", "light or dark"],
  ["?", "this list"],
];

function keysDialog() {
  let dialog = document.getElementById("keys");
  if (!dialog) {
    dialog = el(
      "dialog.keys",
      {
        id: "keys",
        "aria-labelledby": "keys-title",
        onclick: (event) => {
          if (event.target === dialog) dialog.close();
        },
      },
      el(
        "div",
        {},
        el(
          "header",
          {},
          el("h2", { id: "keys-title" }, "Keys"),
          el(
            "button.icon",
            { type: "button", "aria-label": "Close", onclick: () => dialog.close() },
            arrow("m4 4 8 8m0-8-8 8"),
          ),
        ),
        el(
          "dl",
          {},
          KEYS.map(([keys, what]) => [
            el(
              "dt",
              {},
              keys.split(" ").map((k) => (k === "–" ? " – " : el("kbd", {}, k))),
            ),
            el("dd", {}, what),
          ]),
        ),
      ),
    );
    document.body.append(dialog);
  }
  return dialog;
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const keys = document.getElementById("keys");
  if (keys?.open) return event.key === "?" ? keys.close() : undefined;
  const typing = event.target.matches("input, select, textarea");
  if (typing) return event.key === "Escape" ? event.target.blur() : undefined;
  const inPanel = panel.dialog.open;
  const act =
    (inPanel ? panelKeys : pageKeys)[event.key] ||
    (event.key === "?" && (() => keysDialog().showModal())) ||
    (event.key === "t" && switchTheme);
  if (!act) return undefined;
  if (event.target.matches("pre, .table-wrap") && event.key.startsWith("Arrow")) return undefined;
  event.preventDefault();
  return act();
}

const inGallery = (act) => () => {
  if (current !== "gallery") go("gallery");
  act();
};
const look = (name) => () =>
  [...panel.dialog.querySelectorAll(".looks button")][Object.keys(LOOKS).indexOf(name)]?.click();
const panelKeys = {
  j: () => panel.step(1),
  k: () => panel.step(-1),
  ArrowRight: () => panel.step(1),
  ArrowLeft: () => panel.step(-1),
  s: look("side"),
  o: look("overlay"),
  d: look("difference"),
};
const pageKeys = {
  j: inGallery(() => gallery.move(1)),
  k: inGallery(() => gallery.move(-1)),
  "/": inGallery(() => document.getElementById("search").focus()),
  ...Object.fromEntries(Object.keys(VIEWS).map((view, i) => [String(i + 1), () => go(view)])),
};
const arrows = { ArrowRight: [1], ArrowLeft: [-1], ArrowDown: [1, true], ArrowUp: [-1, true] };
