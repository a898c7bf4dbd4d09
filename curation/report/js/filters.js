// What is shown: the filter state, who matches it, and the live counts of every choice.

const FACETS = [
  { key: "rule", label: "Rejected by", of: (c) => (c.state === "kept" ? [] : [c.rule]) },
  { key: "view", label: "View", of: (c) => [c.view] },
  { key: "form", label: "Form factor", of: (c) => [c.form] },
  { key: "theme", label: "Theme", of: (c) => [c.theme || "none"] },
  { key: "site", label: "Site", of: (c) => [c.site] },
  { key: "source", label: "Source", of: (c) => [c.source] },
  { key: "split", label: "Split", of: (c) => (c.split ? [c.split] : []) },
];
const ALL_FACETS = [{ key: "state", label: "State", of: (c) => [c.state] }, ...FACETS];
const filters = {
  state: "",
  rule: "",
  view: "",
  form: "",
  theme: "",
  site: "",
  source: "",
  split: "",
  text: "",
  colour: null,
  size: "",
};
const listeners = [];

function onFilter(listener) {
  listeners.push(listener);
}

function setFilter(changes) {
  Object.assign(filters, changes);
  for (const listener of listeners) listener();
}

function clearFilters() {
  setFilter({
    state: "",
    rule: "",
    view: "",
    form: "",
    theme: "",
    site: "",
    source: "",
    split: "",
    text: "",
    colour: null,
    size: "",
  });
}

const activeFilters = () =>
  Object.entries(filters)
    .filter(([, value]) => value)
    .map(([key]) => key);

function matches(capture, except = "") {
  for (const facet of ALL_FACETS) {
    const wanted = filters[facet.key];
    if (wanted && facet.key !== except && !facet.of(capture).includes(wanted)) return false;
  }
  if (filters.colour && !capture.palette.some((colour) => cellOf(colour) === filters.colour.cell)) return false;
  if (filters.size && `${capture.width} × ${capture.height}` !== filters.size) return false;
  if (filters.text) {
    for (const term of filters.text.toLowerCase().split(/\s+/)) if (!capture.search.includes(term)) return false;
  }
  return true;
}

const shown = () => captures.filter((capture) => matches(capture));

/** Every value of a facet with its count under the other filters; values that would give nothing stay, with a 0. */
function tally(facet) {
  const counts = new Map();
  for (const capture of captures) {
    const hit = matches(capture, facet.key);
    for (const value of facet.of(capture)) counts.set(value, (counts.get(value) || 0) + (hit ? 1 : 0));
  }
  const entries = [...counts];
  if (facet.key === "rule") {
    const order = report.rules.map((rule) => rule.name);
    return entries.sort((a, b) => (order.indexOf(a[0]) + 1 || 999) - (order.indexOf(b[0]) + 1 || 999));
  }
  return entries.sort((a, b) => (a[0] < b[0] ? -1 : 1));
}

function filterBar() {
  const search = el("input", {
    type: "search",
    id: "search",
    placeholder: "Search title, site, app …",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": "Search captures",
    oninput: (event) => setFilter({ text: event.target.value.trim() }),
  });
  const selects = FACETS.map((facet) => ({
    facet,
    select: el("select", {
      id: `filter-${facet.key}`,
      "aria-label": facet.label,
      onchange: (event) => setFilter({ [facet.key]: event.target.value }),
    }),
  })).filter(({ facet }) => new Set(captures.flatMap(facet.of)).size > 1);
  const states = el("div.segments.states", { role: "group", "aria-label": "State" });
  const chips = el("div.chips");
  const more = el("button.button.only-narrow", {
    type: "button",
    "aria-expanded": "false",
    "aria-controls": "filter-fields",
    onclick: () => {
      const open = fields.classList.toggle("open");
      more.setAttribute("aria-expanded", String(open));
    },
  });
  const fields = el(
    "div.fields",
    { id: "filter-fields" },
    selects.map(({ facet, select }) => el("label.field", {}, el("span", {}, facet.label), select)),
    chips,
  );
  const bar = el(
    "div.filters",
    { role: "search" },
    el(
      "div.filters-first",
      {},
      el("div.search", {}, search, el("kbd", { "aria-hidden": "true" }, "/")),
      states,
      more,
      sizeSwitch(),
    ),
    fields,
  );
  const refresh = () => {
    if (document.activeElement !== search) search.value = filters.text;
    refreshStates(states);
    for (const { facet, select } of selects) refreshSelect(facet, select);
    refreshChips(chips);
    const used = FACETS.filter((facet) => filters[facet.key]).length;
    replace(more, used ? `Filters · ${used}` : "Filters");
  };
  onFilter(refresh);
  refresh();
  return bar;
}

function refreshStates(states) {
  const counts = new Map(tally(ALL_FACETS[0]));
  const all = captures.filter((c) => matches(c, "state")).length;
  const focused = states.contains(document.activeElement) ? document.activeElement.dataset.value : null;
  replace(
    states,
    [["", "All", all], ...Object.entries(STATES).map(([key, label]) => [key, label, counts.get(key) || 0])].map(
      ([key, label, n]) =>
        el(
          "button",
          {
            type: "button",
            "aria-pressed": String(filters.state === key),
            data: { value: key },
            onclick: () => setFilter({ state: key }),
          },
          key && mark(key),
          el("span", {}, label),
          el("b", {}, count(n)),
        ),
    ),
  );
  if (focused !== null) states.querySelector(`[data-value="${focused}"]`)?.focus();
}

function refreshSelect(facet, select) {
  const options = tally(facet);
  const total = options.reduce((sum, [, n]) => sum + n, 0);
  const any = facet.key === "rule" ? "Any rule" : "All";
  replace(
    select,
    el("option", { value: "" }, `${any} (${count(total)})`),
    options.map(([value, n]) =>
      el("option", { value, disabled: n === 0 && filters[facet.key] !== value }, `${words(value)} (${count(n)})`),
    ),
  );
  select.value = filters[facet.key];
  select.classList.toggle("used", Boolean(filters[facet.key]));
}

function refreshChips(chips) {
  const made = [];
  if (filters.colour) {
    made.push(
      el(
        "button.chip",
        { type: "button", "aria-label": "Remove the colour filter", onclick: () => setFilter({ colour: null }) },
        el("span.swatch", { style: { background: filters.colour.hex } }),
        `near ${filters.colour.hex}`,
        el("span.x", { "aria-hidden": "true" }, "×"),
      ),
    );
  }
  if (filters.size) {
    made.push(
      el(
        "button.chip",
        { type: "button", "aria-label": "Remove the size filter", onclick: () => setFilter({ size: "" }) },
        filters.size,
        el("span.x", { "aria-hidden": "true" }, "×"),
      ),
    );
  }
  if (activeFilters().length)
    made.push(el("button.chip.clear", { type: "button", onclick: clearFilters }, "Clear all"));
  replace(chips, made);
}
