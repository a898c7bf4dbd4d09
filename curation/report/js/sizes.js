// The sizes of the captures: width against height, the commonest named.

function sizes() {
  const found = [
    ...groupBy(
      captures.filter((c) => c.width > 0 && c.height > 0),
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
  showWith({ size });
}
