// Distributions: the swatch field, sizes, and each feature with its thresholds drawn.

function distributions() {
  return section("distributions", "Distributions", "Colours, sizes and scores of everything that came in. Select a mark to see its captures.",
    colourField(), sitePalettes(), sizes(), el("div.histograms", {}, report.features.filter((f) => f.values.some((v) => v !== null)).map(histogram)));
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
  if (!found.size) return part("Colours", null, empty("No palettes", "The recipe has no palette feature. Add “palette” to its features to see the colours here."));
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
      const size = 0.24 + 0.76 * (entry.weight / most) ** 0.3;
      const say = `${hex}: ${plural(entry.members.size, "capture")}`;
      grid.append(el("button.cell", { type: "button", "aria-label": `${say}. Show them`, title: say, style: place, onclick: () => {
        clearFilters();
        setFilter({ colour: { cell: `${hue}:${light}`, hex } });
        go("gallery");
      } }, el("span", { style: { background: hex, "--size": size } })));
    }
  }
  const total = new Set([...found.values()].flatMap((e) => [...e.members])).size;
  return part("Colours", `The dominant colours of ${plural(total, "capture")}: greys on the left, then hue from left to right, light above dark. Area is how much of the screens a colour covers.`, grid);
}

/** One ribbon a site: its colours by weight, so that a whole collection's taste is seen at a glance. */
function sitePalettes() {
  const sites = [...groupBy(captures.filter((c) => c.palette.length), (c) => c.site)].sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1)).slice(0, 60);
  if (sites.length < 2) return null;
  return part("Palettes by site", null, el("ul.ribbons", {}, sites.map(([site, members]) => {
    const weights = new Map();
    for (const c of members) c.palette.forEach((hex, i) => weights.set(hex, (weights.get(hex) || 0) + (c.shares[i] ?? 1 / c.palette.length)));
    const top = [...weights].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 12);
    const order = (hex) => { const { l, c, h } = oklch(hex); return c < GREY ? -l : 1000 + h; };
    top.sort((a, b) => order(a[0]) - order(b[0]));
    return el("li", {}, el("button.ribbon", { type: "button", "aria-label": `${site}: ${plural(members.length, "capture")}. Show them`, onclick: () => { clearFilters(); setFilter({ site }); go("gallery"); } },
      el("span.ribbon-name", {}, site), el("span.ribbon-colours", { "aria-hidden": "true" }, top.map(([hex, w]) => el("i", { style: { background: hex, "flex-grow": String(Math.sqrt(w)) } })))));
  })));
}

function sizes() {
  const found = [...groupBy(captures.filter((c) => c.width && c.height), (c) => `${c.width} × ${c.height}`)].map(([name, list]) => ({ name, n: list.length, w: list[0].width, h: list[0].height, kept: list.filter((c) => c.state === "kept").length }));
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
  const plot = svg("svg", { viewBox: `0 0 ${W} ${H}`, class: "plot", role: "group", "aria-label": "Width against height of the captures" });
  for (const t of ticks.filter((v) => v > w0 && v < w1)) plot.append(svg("path", { class: "grid", d: `M${x(t)} 12V${H - B}` }), svg("text", { x: x(t), y: H - 12, class: "tick", "text-anchor": "middle" }, count(t)));
  for (const t of ticks.filter((v) => v > h0 && v < h1)) plot.append(svg("path", { class: "grid", d: `M${L} ${y(t)}H${W - R}` }), svg("text", { x: L - 8, y: y(t) + 4, class: "tick", "text-anchor": "end" }, count(t)));
  plot.append(svg("text", { x: W - R, y: H - B - 8, class: "tick", "text-anchor": "end" }, "width, px"), svg("text", { x: L + 8, y: 22, class: "tick" }, "height, px"));
  for (const f of found) {
    plot.append(svg("circle", { cx: x(f.w), cy: y(f.h), r: radius(f.n), class: f.kept ? "dot" : "dot none", tabindex: "0", role: "button", "aria-label": `${f.name}: ${plural(f.n, "capture")}. Show them`,
      onclick: () => showSize(f.name), onkeydown: (event) => { if (event.key === "Enter") showSize(f.name); } }, svg("title", {}, `${f.name}: ${plural(f.n, "capture")}`)));
  }
  const taken = [];
  for (const f of found.slice(0, 40)) {
    const text = `${f.name}  ${count(f.n)}`;
    const wide = text.length * 6.6;
    const right = x(f.w) + radius(f.n) + 6 + wide < W;
    const left = right ? x(f.w) + radius(f.n) + 6 : x(f.w) - radius(f.n) - 6 - wide;
    const box = [left, y(f.h) - 9, left + wide, y(f.h) + 7];
    const hit = taken.some((b) => box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1])
      || found.some((o) => o !== f && x(o.w) + radius(o.n) > box[0] && x(o.w) - radius(o.n) < box[2] && y(o.h) + radius(o.n) > box[1] && y(o.h) - radius(o.n) < box[3]);
    if (hit || left < L || taken.length >= (narrow ? 4 : 14)) continue;
    taken.push(box);
    plot.append(svg("text", { x: left, y: y(f.h) + 4, class: "label" }, f.name, svg("tspan", { class: "n", dx: 6 }, count(f.n))));
  }
  const top = found[0];
  return part("Sizes", `${plural(found.length, "size")}; the most common is ${top.name}, ${share(top.n, captures.length)} of all. Both axes double at each step.`, plot);
}

function showSize(size) {
  clearFilters();
  setFilter({ size });
  go("gallery");
}

function histogram(feature) {
  const entries = captures.filter((c) => typeof c.values[feature.name] === "number").map((c) => ({ v: c.values[feature.name], kept: c.state === "kept" }));
  const marks = [...feature.values.filter((v) => v !== null), ...feature.thresholds.map((t) => t.value)];
  const low = Math.min(...marks);
  const high = Math.max(...marks);
  const BINS = 32;
  const [W, H, base] = [320, 120, 96];
  const width = high - low || 1;
  const bins = Array.from({ length: BINS }, () => ({ kept: 0, other: 0 }));
  for (const { v, kept } of entries) bins[Math.min(BINS - 1, Math.floor((BINS * (v - low)) / width))][kept ? "kept" : "other"] += 1;
  const most = Math.max(1, ...bins.map((b) => b.kept + b.other));
  const x = (v) => (W * (v - low)) / width;
  const step = W / BINS;
  const plot = svg("svg", { viewBox: `0 0 ${W} ${H}`, class: "plot histogram", role: "img", "aria-label": `${words(feature.name)} from ${figure(low)} to ${figure(high)}` });
  bins.forEach((b, i) => {
    const tall = ((b.kept + b.other) / most) * (base - 26);
    const kept = (b.kept / most) * (base - 26);
    if (kept) plot.append(svg("rect", { x: i * step + 0.5, y: base - kept, width: step - 1, height: kept, class: "bar keep" }));
    if (b.other) plot.append(svg("rect", { x: i * step + 0.5, y: base - tall, width: step - 1, height: tall - kept, class: "bar reject" }));
  });
  plot.append(svg("path", { class: "axis", d: `M0 ${base + 0.5}H${W}` }), svg("text", { x: 0, y: H - 8, class: "tick" }, figure(low)), svg("text", { x: W, y: H - 8, class: "tick", "text-anchor": "end" }, figure(high)));
  feature.thresholds.forEach((t, i) => {
    const at = Math.min(W - 0.75, Math.max(0.75, x(t.value)));
    const end = at > W * 0.6;
    plot.append(svg("path", { class: "threshold", d: `M${at} ${4 + 12 * (i % 2)}V${base}` }), svg("text", { x: at + (end ? -5 : 5), y: 13 + 12 * (i % 2), class: "label", "text-anchor": end ? "end" : "start" }, `${words(t.rule)} ${t.op} ${exact(t.value)}`));
  });
  const sorted = entries.map((e) => e.v).sort((a, b) => a - b);
  return el("figure", {}, el("figcaption", {}, el("b", {}, words(feature.name)), el("span.quiet", {}, ` median ${figure(sorted[Math.floor(sorted.length / 2)])}`)), plot);
}
