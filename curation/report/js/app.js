// The page: views, address, theme and keys.

const VIEWS = {
  gallery: "Captures",
  borderline: "Borderline",
  copies: "Duplicates",
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
  ["1 – 6", "views"],
  ["s o d", "side by side, overlay, difference"],
  ["t", "light or dark"],
  ["?", "this list"],
];
const built = new Map();
let current = "gallery";

function readHash() {
  return new URLSearchParams(location.hash.slice(1));
}

function setHash(changes) {
  const hash = readHash();
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) hash.delete(key);
    else hash.set(key, value);
  }
  history.replaceState(null, "", `#${hash}`);
}

function go(view, { scroll = true } = {}) {
  current = VIEWS[view] ? view : "gallery";
  const main = document.getElementById("views");
  if (!built.has(current)) {
    const make = { gallery: () => gallery.build(), borderline: edges, copies, distributions, splits, rights }[current];
    built.set(current, make());
    main.append(built.get(current));
  }
  for (const [name, element] of built) element.hidden = name !== current;
  for (const link of document.querySelectorAll(".nav a")) {
    if (link.dataset.view === current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  setHash({ view: current });
  if (current === "gallery") gallery.layout(true);
  if (!scroll) return;
  const top = main.getBoundingClientRect().top + scrollY - document.querySelector(".nav").offsetHeight;
  scrollTo({ top, behavior: reducedMotion() ? "auto" : "smooth" });
}

function nav() {
  const numbers = {
    gallery: report.counts.input,
    borderline: report.borderline.length,
    copies: report.groups.length,
    splits: report.splits.length,
  };
  return el(
    "nav.nav",
    { "aria-label": "Views" },
    el(
      "div.nav-links",
      {},
      Object.entries(VIEWS).map(([view, label]) =>
        el(
          "a",
          {
            href: `#view=${view}`,
            data: { view },
            onclick: (event) => {
              event.preventDefault();
              go(view);
            },
          },
          label,
          view in numbers && el("span", {}, count(numbers[view])),
        ),
      ),
    ),
    el(
      "div.nav-tools",
      {},
      el(
        "button.icon",
        {
          type: "button",
          id: "theme",
          "aria-label": "Switch between light and dark",
          title: "Light or dark (t)",
          onclick: switchTheme,
        },
        svg(
          "svg",
          { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", class: "stroke" },
          svg("circle", { cx: 8, cy: 8, r: 5.5 }),
          svg("path", { d: "M8 2.5a5.5 5.5 0 0 1 0 11z", class: "solid" }),
        ),
      ),
      el(
        "button.icon",
        { type: "button", "aria-label": "Keys", title: "Keys (?)", onclick: () => keysDialog().showModal() },
        el("span", { "aria-hidden": "true" }, "?"),
      ),
    ),
  );
}

function switchTheme() {
  const dark =
    getComputedStyle(document.documentElement).colorScheme === "dark" ||
    (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  const theme = dark ? "light" : "dark";
  setTheme(theme);
  remember(
    "gesso-theme",
    theme === (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light") ? null : theme,
  );
}

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

function start() {
  const hash = readHash();
  const app = document.getElementById("app");
  replace(
    app,
    el("div.page", {}, answer(), funnel()),
    nav(),
    el("main.page", { id: "views", tabindex: "-1" }),
    el(
      "footer.page.foot.quiet.small",
      {},
      report.footnotes.map((note) => el("p", {}, note)),
    ),
    panel.build(),
  );
  go(hash.get("view") || "gallery", { scroll: hash.has("view") });
  const opened = byId.get(hash.get("capture"));
  if (opened) panel.open(opened);
  addEventListener("keydown", onKey);
  addEventListener("keydown", (event) => {
    if (panel.dialog.open || current !== "gallery" || !arrows[event.key] || !event.target.matches(".shot")) return;
    event.preventDefault();
    gallery.move(...arrows[event.key]);
  });
  document.documentElement.dataset.ready = "";
}

start();
