// The page: views, address, theme and keys.

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
    const make = { gallery: () => gallery.build(), thresholds, relations, map: () => map.build(), distributions, splits, rights }[
      current
    ];
    built.set(current, make());
    main.append(built.get(current));
  }
  for (const [name, element] of built) element.hidden = name !== current;
  for (const link of document.querySelectorAll(".nav a")) {
    if (link.dataset.view === current) {
      link.setAttribute("aria-current", "page");
      link.parentNode.scrollTo({ left: link.offsetLeft - 32, behavior: "instant" });
    } else link.removeAttribute("aria-current");
  }
  setHash({ view: current });
  if (current === "gallery") gallery.layout(true);
  if (current === "map" && plane()) map.soon();
  if (!scroll) return;
  const top = main.getBoundingClientRect().top + scrollY - document.querySelector(".nav").offsetHeight;
  scrollTo({ top, behavior: reducedMotion() ? "auto" : "smooth" });
}

function nav() {
  const numbers = {
    gallery: report.counts.input,
    thresholds: comparisons.length,
    relations: report.groups.length,
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
  const opened = byId().get(hash.get("capture"));
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
