// The filter bar: search, states, choices with their live counts, and what is set besides.

const MOST_CHOICES = 300; // a longer list is no list: the search finds the others

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
  const selects = FACETS.slice(1).map((facet) => ({
    facet,
    select: el("select", {
      id: `filter-${facet.key}`,
      "aria-label": facet.label,
      onchange: (event) => setFilter({ [facet.key]: event.target.value }),
    }),
  })).filter(({ facet }) => vocabulary[facet.key].filter(Boolean).length > (facet.key === "rule" ? 0 : 1));
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
  const counts = new Map(tally("state"));
  const all = [...counts.values()].reduce((sum, n) => sum + n, 0);
  const focused = states.contains(document.activeElement) ? document.activeElement.dataset.value : null;
  replace(
    states,
    [["", "All", all], ...Object.entries(STATES).map(([key, label]) => [key, label, counts.get(key) || 0])].map(
      ([key, label, n]) =>
        el(
          "button",
          {
            type: "button",
            data: { value: key },
            "aria-pressed": String(filters.state === key),
            onclick: () => setFilter({ state: key }),
          },
          key && mark(key),
          label,
          el("b", {}, count(n)),
        ),
    ),
  );
  if (focused !== null) states.querySelector(`[data-value="${focused}"]`)?.focus();
}

function refreshSelect(facet, select) {
  const chosen = filters[facet.key];
  let options = tally(facet.key);
  const all = options.reduce((sum, [, n]) => sum + n, 0);
  const any = facet.key === "rule" ? "Any rule" : "All";
  const left = options.length - MOST_CHOICES;
  if (left > 0)
    options = [...options].sort((a, b) => (b[0] === chosen) - (a[0] === chosen) || b[1] - a[1]).slice(0, MOST_CHOICES);
  replace(
    select,
    el("option", { value: "" }, `${any} (${count(all)})`),
    options.map(([value, n]) =>
      el("option", { value, disabled: n === 0 && chosen !== value }, `${ruleWords(value)} (${count(n)})`),
    ),
    left > 0 && el("option", { disabled: true }, `${count(left)} more: search for them`),
  );
  select.value = chosen;
  select.classList.toggle("used", Boolean(chosen));
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
  if (filters.only) {
    made.push(
      el(
        "button.chip",
        { type: "button", "aria-label": "Remove this choice", onclick: () => setFilter({ only: null }) },
        filters.only.label,
        el("span.x", { "aria-hidden": "true" }, "×"),
      ),
    );
  }
  if (isFiltered())
    made.push(el("button.chip.clear", { type: "button", onclick: clearFilters }, "Clear all"));
  replace(chips, made);
}
