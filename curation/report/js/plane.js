// The plane under the map: where each capture lies, which are in view, which is nearest.

const GRID = 96; // cells a side for finding points

const plane = lazily(() => {
  if (!report.plane) return null;
  const axes = [column(report.plane.x), column(report.plane.y)];
  const [x, y] = innerHeight > innerWidth ? axes.reverse() : axes; // the longer one lies along the screen
  const cells = new Map();
  const placed = [];
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i])) continue;
    placed.push(i);
    const key = cellAt(x[i]) * GRID + cellAt(y[i]);
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push(i);
  }
  return { x, y, cells, placed };
});

const cellAt = (value) => Math.min(GRID - 1, Math.max(0, Math.floor(value * GRID)));

/** Indices of captures within the box, in plane coordinates. */
function within([left, top, right, bottom]) {
  const { x, y, cells } = plane();
  const found = [];
  for (let cx = cellAt(left); cx <= cellAt(right); cx++)
    for (let cy = cellAt(top); cy <= cellAt(bottom); cy++)
      for (const i of cells.get(cx * GRID + cy) || [])
        if (x[i] >= left && x[i] <= right && y[i] >= top && y[i] <= bottom) found.push(i);
  return found;
}

/** The `most` captures nearest to a point, nearest first, of those that `take` takes. */
function nearestTo(px, py, most, reach = 2, take = () => true) {
  const { x, y } = plane();
  const distance = (i) => Math.hypot(x[i] - px, y[i] - py);
  let radius = Math.min(reach, 1 / GRID);
  for (;;) {
    const found = within([px - radius, py - radius, px + radius, py + radius]).filter((i) => distance(i) <= radius && take(i));
    if (found.length >= most || radius >= reach)
      return found.sort((a, b) => distance(a) - distance(b) || a - b).slice(0, most);
    radius = Math.min(reach, radius * 2);
  }
}

/** The next capture in a direction: near, and more ahead than aside. */
function towards(index, dx, dy, take) {
  const { x, y } = plane();
  let best = null;
  let cost = Infinity;
  for (const i of nearestTo(x[index], y[index], 400, 2, take)) {
    const ahead = (x[i] - x[index]) * dx + (y[i] - y[index]) * dy;
    const aside = Math.abs((x[i] - x[index]) * dy) + Math.abs((y[i] - y[index]) * dx);
    if (i === index || ahead <= 0 || aside > ahead) continue;
    if (ahead + 2 * aside < cost) [best, cost] = [i, ahead + 2 * aside];
  }
  return best;
}

/** The view of the plane: `k` px per unit, (`x`, `y`) the unit point in the middle of the box. */
function viewOf(box) {
  return {
    k: 1,
    x: 0.5,
    y: 0.5,
    fit() {
      const { placed, x, y } = plane();
      const span = (values) => placed.reduce(([a, b], i) => [Math.min(a, values[i]), Math.max(b, values[i])], [1, 0]);
      const [[x0, x1], [y0, y1]] = [span(x), span(y)];
      this.least = Math.min((box.width - 72) / Math.max(x1 - x0, 0.05), (box.height - 72) / Math.max(y1 - y0, 0.05));
      this.k = this.least;
      this.x = (x0 + x1) / 2;
      this.y = (y0 + y1) / 2;
    },
    get zoomed() {
      return this.k > this.least * 1.01;
    },
    at(ux, uy) {
      return [box.width / 2 + (ux - this.x) * this.k, box.height / 2 + (uy - this.y) * this.k];
    },
    unit(px, py) {
      return [this.x + (px - box.width / 2) / this.k, this.y + (py - box.height / 2) / this.k];
    },
    zoom(by, px = box.width / 2, py = box.height / 2) {
      const [ux, uy] = this.unit(px, py);
      this.k = Math.min(this.least * 400, Math.max(this.least * 0.8, this.k * by));
      const [nx, ny] = this.unit(px, py);
      this.x = Math.min(1, Math.max(0, this.x + ux - nx));
      this.y = Math.min(1, Math.max(0, this.y + uy - ny));
    },
    pan(dx, dy) {
      this.x = Math.min(1, Math.max(0, this.x - dx / this.k));
      this.y = Math.min(1, Math.max(0, this.y - dy / this.k));
    },
    bounds() {
      return [...this.unit(0, 0), ...this.unit(box.width, box.height)];
    },
  };
}
