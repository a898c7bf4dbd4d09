// Distributions: the swatch field, sizes, and each feature with its thresholds drawn.

function distributions() {
  return section(
    "distributions",
    "Distributions",
    "Colours, sizes and scores of everything that came in. Select a mark to see its captures.",
    colourField(),
    sitePalettes(),
    sizes(),
    features.length > 0 &&
      part(
        "Features",
        "Every number that a feature gave. Heights are square roots of counts, so that few are seen beside many.",
        el("div.histograms", {}, features.map(histogram)),
      ),
  );
}

function part(title, lead, ...children) {
  return el("article.part", {}, el("header", {}, el("h3", {}, title), lead && el("p.quiet", {}, lead)), children);
}

function colourField() {
  const found = new Map();
  for (const capture of captures) {
    const shares = capture.shares;
    const palette = capture.palette;
    palette.forEach((hex, i) => {
      const cell = cellOf(hex);
      if (!found.has(cell)) found.set(cell, { weight: 0, members: new Set(), best: new Map() });
      const entry = found.get(cell);
      const weight = shares[i] ?? 1 / palette.length;
      entry.weight += weight;
      entry.members.add(capture.index);
      entry.best.set(hex, (entry.best.get(hex) || 0) + weight);
    });
  }
  if (!found.size)
    return part(
      "Colours",
      null,
      empty("No palettes", "The recipe has no palette feature. Add “palette” to its features to see the colours here."),
    );
  const most = Math.max(...[...found.values()].map((e) => e.weight));
  const grid = el("div.colour-field", { style: { "--columns": HUES + 2 } });
  for (let light = LIGHTS - 1; light >= 0; light--) {
    for (let hue = -1; hue < HUES; hue++) {
      const entry = found.get(`${hue}:${light}`);
      const place = { "grid-column": String(hue + (hue < 0 ? 2 : 3)), "grid-row": String(LIGHTS - light) };
      if (!entry) {
        grid.append(el("span.cell.blank", { style: place }));
        continue;
      }
      const hex = [...entry.best].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0][0];
      const size = 0.36 + 0.64 * (entry.weight / most) ** 0.3;
      const say = `${hex}: ${plural(entry.members.size, "capture")}`;
      grid.append(
        el(
          "button.cell",
          {
            type: "button",
            "aria-label": `${say}. Show them`,
            title: say,
            style: place,
            onclick: () => {
              showWith({ colour: { cell: `${hue}:${light}`, hex } });
            },
          },
          el("span", { style: { background: hex, "--size": size } }),
        ),
      );
    }
  }
  const total = new Set([...found.values()].flatMap((e) => [...e.members])).size;
  return part(
    "Colours",
    `The dominant colours of ${plural(total, "capture")}: greys on the left, then hue from left to right, light above dark. The larger, the more of the screens it covers.`,
    grid,
  );
}

/** One ribbon a site: its colours by weight, so that a whole collection's taste is seen at a glance. */
function sitePalettes() {
  const sites = [
    ...groupBy(
      captures.filter((c) => columns.palette[c.index]),
      (c) => c.site,
    ),
  ]
    .sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1))
    .slice(0, 60);
  if (sites.length < 2) return null;
  return part(
    "Palettes by site",
    null,
    el(
      "ul.ribbons",
      {},
      sites.map(([site, members]) => {
        const weights = new Map();
        for (const c of members)
          c.palette.forEach((hex, i) =>
            weights.set(hex, (weights.get(hex) || 0) + (c.shares[i] ?? 1 / c.palette.length)),
          );
        const top = [...weights].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 12);
        const order = (hex) => {
          const { l, c, h } = oklch(hex);
          return c < GREY ? -l : 1000 + h;
        };
        top.sort((a, b) => order(a[0]) - order(b[0]));
        return el(
          "li",
          {},
          el(
            "button.ribbon",
            {
              type: "button",
              "aria-label": `${site}: ${plural(members.length, "capture")}. Show them`,
              onclick: () => {
                showWith({ site });
              },
            },
            el("span.ribbon-name", {}, site),
            el(
              "span.ribbon-colours",
              { "aria-hidden": "true" },
              top.map(([hex, w]) => el("i", { style: { background: hex, "flex-grow": String(Math.sqrt(w)) } })),
            ),
          ),
        );
      }),
    ),
  );
}

/** A feature's values: kept and not, with every threshold that a rule sets on it drawn and named. */
function histogram(feature) {
  const marks = comparisons.filter((c) => c.operand === feature.name);
  const scale = scaleOf(
    feature.values,
    marks.map((c) => c.threshold),
  );
  if (!scale) return null;
  const bins = stacked(binsOf(feature.values, scale), (i) => (captures[i].state === "kept" ? 0 : 1));
  const paths = plotPaths();
  barsOf(bins, paths);
  const known = Float64Array.from(feature.values.filter((v) => !Number.isNaN(v))).sort();
  const sum = (part) => bins[part].reduce((n, m) => n + m, 0);
  const lines = marks.map((c) => {
    const mark = line("now");
    mark.put(scale.to(c.threshold), `${words(c.rule)} ${sign(c.op)} ${exact(c.threshold)}`);
    return mark.node;
  });
  lines.forEach((node, at) => node.style.setProperty("--row", at));
  return el(
    "figure.histogram",
    {},
    el(
      "figcaption",
      {},
      el("b", {}, words(feature.name)),
      el("span.quiet", {}, ` median ${figure(known[Math.floor(known.length / 2)])}`),
    ),
    el(
      "div.plot-box",
      { style: { "--rows": lines.length } },
      plotFrame(paths, `${words(feature.name)} from ${figure(known[0])} to ${figure(known.at(-1))}`),
      lines,
    ),
    el(
      "p.slider-foot.small",
      {},
      el("span.quiet", {}, figure(scale.low)),
      el("span.keep", {}, `${count(sum(0))} kept`),
      sum(1) > 0 && el("span.reject", {}, `${count(sum(1))} not`),
      el("span.quiet.far", {}, figure(scale.high), scale.log && el("i.by-ratio", {}, " · by ratio")),
    ),
  );
}
