// Distributions: the swatch field, sizes, and each feature with its thresholds drawn.

function distributions() {
  return section(
    "distributions",
    "Distributions",
    "Colours, sizes and scores of everything that came in. Select a mark to see its captures.",
    colourField(),
    sitePalettes(),
    sizes(),
    el("div.histograms", {}, report.features.filter((f) => f.values.some((v) => v !== null)).map(histogram)),
  );
}

function part(title, lead, ...children) {
  return el("article.part", {}, el("header", {}, el("h3", {}, title), lead && el("p.quiet", {}, lead)), children);
}

function colourField() {
  const found = new Map();
  for (const capture of captures) {
    capture.palette.forEach((hex, i) => {
      const cell = cellOf(hex);
      if (!found.has(cell)) found.set(cell, { weight: 0, members: new Set(), best: new Map() });
      const entry = found.get(cell);
      const weight = capture.shares[i] ?? 1 / capture.palette.length;
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
              clearFilters();
              setFilter({ colour: { cell: `${hue}:${light}`, hex } });
              go("gallery");
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
      captures.filter((c) => c.palette.length),
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
                clearFilters();
                setFilter({ site });
                go("gallery");
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

function sizes() {
  const found = [
    ...groupBy(
      captures.filter((c) => c.width && c.height),
      (c) => `${c.width} × ${c.height}`,
    ),
  ].map(([name, list]) => ({
    name,
    n: list.length,
    w: list[0].width,
    h: list[0].height,
    kept: list.filter((c) => c.state === "kept").length,
  }));
  if (!found.length) return null;
  found.sort((a, b) => b.n - a.n || a.w - b.w || a.h - b.h);
  const narrow = innerWidth < 640;
  const [W, H, L, B, R] = narrow ? [360, 320, 44, 30, 16] : [1000, 420, 52, 34, 40];
  const ticks = [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200];
  const range = (values) => [Math.min(...values) * 0.82, Math.max(...values) * 1.22];
  const [w0, w1] = range(found.map((f) => f.w));
  const [h0, h1] = range(found.map((f) => f.h));
  const x = (v) => L + ((W - L - R) * Math.log(v / w0)) / Math.log(w1 / w0);
  const y = (v) => H - B - ((H - B - 12) * Math.log(v / h0)) / Math.log(h1 / h0);
  const radius = (n) => Math.max(3, Math.min(26, 2.6 * Math.sqrt(n)));
  const plot = svg("svg", {
    viewBox: `0 0 ${W} ${H}`,
    class: "plot",
    role: "group",
    "aria-label": "Width against height of the captures",
  });
  for (const t of ticks.filter((v) => v > w0 && v < w1))
    plot.append(
      svg("path", { class: "grid", d: `M${x(t)} 12V${H - B}` }),
      svg("text", { x: x(t), y: H - 12, class: "tick", "text-anchor": "middle" }, count(t)),
    );
  for (const t of ticks.filter((v) => v > h0 && v < h1))
    plot.append(
      svg("path", { class: "grid", d: `M${L} ${y(t)}H${W - R}` }),
      svg("text", { x: L - 8, y: y(t) + 4, class: "tick", "text-anchor": "end" }, count(t)),
    );
  plot.append(
    svg("text", { x: W - R, y: H - B - 8, class: "tick", "text-anchor": "end" }, "width, px"),
    svg("text", { x: L + 8, y: 22, class: "tick" }, "height, px"),
  );
  for (const f of found) {
    plot.append(
      svg(
        "circle",
        {
          cx: x(f.w),
          cy: y(f.h),
          r: radius(f.n),
          class: f.kept ? "dot" : "dot none",
          tabindex: "0",
          role: "button",
          "aria-label": `${f.name}: ${plural(f.n, "capture")}. Show them`,
          onclick: () => showSize(f.name),
          onkeydown: (event) => {
            if (event.key === "Enter") showSize(f.name);
          },
        },
        svg("title", {}, `${f.name}: ${plural(f.n, "capture")}`),
      ),
    );
  }
  const marks = found.map((f) => ({ ...f, x: x(f.w), y: y(f.h), r: radius(f.n) }));
  plot.append(sizeLabels(marks, narrow ? 4 : 10, [L, 12, W - 4, H - B - 4]));
  const top = found[0];
  return part(
    "Sizes",
    `${plural(found.length, "size")}; the most common is ${top.name}, ${share(top.n, captures.length)} of all. Both axes double at each step.`,
    plot,
  );
}

/** Names beside their marks; where there is no room, further away with a line to the mark. */
function sizeLabels(marks, most, [left, top, right, bottom]) {
  const layer = svg("g", { "aria-hidden": "true" });
  const taken = marks.map((m) => [m.x - m.r, m.y - m.r, m.x + m.r, m.y + m.r]);
  const free = (box) =>
    box[0] >= left &&
    box[2] <= right &&
    box[1] >= top &&
    box[3] <= bottom &&
    !taken.some((b) => box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1]);
  for (const m of marks.slice(0, most)) {
    const wide = 7.2 * (m.name.length + count(m.n).length) + 8;
    const places = [0, 20, 44, 72, 110, 150].flatMap((away) =>
      [0, -30, 30, 180, 210, 150, -60, 60].map((degrees) => {
        const [dx, dy] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
        const [px, py] = [m.x + dx * (m.r + 6 + away), m.y + dy * (m.r + 6 + away)];
        const from = dx >= 0 ? px : px - wide;
        return { away, px, py, dx, dy, from, box: [from - 2, py - 8, from + wide, py + 8] };
      }),
    );
    const place = places.find((p) => free(p.box));
    if (!place) continue;
    taken.push(place.box);
    if (place.away)
      layer.append(
        svg("path", {
          class: "leader",
          d: `M${m.x + place.dx * m.r} ${m.y + place.dy * m.r}L${place.px - 3 * place.dx} ${place.py - 3 * place.dy}`,
        }),
      );
    layer.append(
      svg(
        "text",
        { x: place.from, y: place.py + 4, class: "label" },
        m.name,
        svg("tspan", { class: "n", dx: 6 }, count(m.n)),
      ),
    );
  }
  return layer;
}

function showSize(size) {
  clearFilters();
  setFilter({ size });
  go("gallery");
}

function histogram(feature) {
  const entries = captures
    .filter((c) => typeof c.values[feature.name] === "number")
    .map((c) => ({ v: c.values[feature.name], kept: c.state === "kept" }));
  const marks = [...feature.values.filter((v) => v !== null), ...feature.thresholds.map((t) => t.value)];
  const low = Math.min(...marks);
  const high = Math.max(...marks);
  const BINS = 32;
  const [W, H, base] = [320, 120, 96];
  const width = high - low || 1;
  const bins = Array.from({ length: BINS }, () => ({ kept: 0, other: 0 }));
  for (const { v, kept } of entries)
    bins[Math.min(BINS - 1, Math.floor((BINS * (v - low)) / width))][kept ? "kept" : "other"] += 1;
  const most = Math.max(1, ...bins.map((b) => b.kept + b.other));
  const x = (v) => (W * (v - low)) / width;
  const step = W / BINS;
  const plot = svg("svg", {
    viewBox: `0 0 ${W} ${H}`,
    class: "plot histogram",
    role: "img",
    "aria-label": `${words(feature.name)} from ${figure(low)} to ${figure(high)}`,
  });
  bins.forEach((b, i) => {
    const tall = ((b.kept + b.other) / most) * (base - 26);
    const kept = (b.kept / most) * (base - 26);
    if (kept)
      plot.append(svg("rect", { x: i * step + 0.5, y: base - kept, width: step - 1, height: kept, class: "bar keep" }));
    if (b.other)
      plot.append(
        svg("rect", { x: i * step + 0.5, y: base - tall, width: step - 1, height: tall - kept, class: "bar reject" }),
      );
  });
  plot.append(
    svg("path", { class: "axis", d: `M0 ${base + 0.5}H${W}` }),
    svg("text", { x: 0, y: H - 8, class: "tick" }, figure(low)),
    svg("text", { x: W, y: H - 8, class: "tick", "text-anchor": "end" }, figure(high)),
  );
  feature.thresholds.forEach((t, i) => {
    const at = Math.min(W - 0.75, Math.max(0.75, x(t.value)));
    const end = at > W * 0.6;
    plot.append(
      svg("path", { class: "threshold", d: `M${at} ${4 + 12 * (i % 2)}V${base}` }),
      svg(
        "text",
        { x: at + (end ? -5 : 5), y: 13 + 12 * (i % 2), class: "label", "text-anchor": end ? "end" : "start" },
        `${words(t.rule)} ${sign(t.op)} ${exact(t.value)}`,
      ),
    );
  });
  const sorted = entries.map((e) => e.v).sort((a, b) => a - b);
  return el(
    "figure",
    {},
    el(
      "figcaption",
      {},
      el("b", {}, words(feature.name)),
      el("span.quiet", {}, ` median ${figure(sorted[Math.floor(sorted.length / 2)])}`),
    ),
    plot,
  );
}
