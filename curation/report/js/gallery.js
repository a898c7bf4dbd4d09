// The gallery: rows of one height, grouped by site; only the rows near the window exist as elements.

const GAP = 16;
const CAPTION = 28;
const HEADER = 56;
const NARROWEST = 80;
const BETWEEN = 48; // between two groups in one row
const LEAST_GROUP = 200; // room for a site's name
const HEIGHTS = { S: 120, M: 216, L: 360 };
let rowHeight = HEIGHTS[remembered("gesso-size", innerWidth < 640 ? "S" : "M")] || HEIGHTS.M;

function sizeSwitch() {
  const group = el("div.segments.sizes", { role: "group", "aria-label": "Picture size" });
  const refresh = () =>
    replace(
      group,
      Object.entries(HEIGHTS).map(([name, height]) =>
        el(
          "button",
          {
            type: "button",
            "aria-pressed": String(height === rowHeight),
            "aria-label": { S: "Small", M: "Medium", L: "Large" }[name],
            onclick: () => {
              rowHeight = height;
              remember("gesso-size", name);
              refresh();
              gallery.layout(true);
              group.querySelector('[aria-pressed="true"]').focus();
            },
          },
          name,
        ),
      ),
    );
  refresh();
  return group;
}

const gallery = {
  list: [],
  rows: [],
  live: new Map(),
  current: null,
  element: null,
  field: null,
  none: null,
  status: null,

  build() {
    this.status = el("p.status", { role: "status" });
    this.field = el("div.field-of-tiles", { role: "list", "aria-label": "Captures by site" });
    this.none = el(
      "div",
      { hidden: true },
      empty(
        "No capture matches these filters",
        "Take one away, or clear them all.",
        el("button.button", { type: "button", onclick: clearFilters }, "Clear all filters"),
      ),
    );
    this.element = section("gallery", "Captures", null, filterBar(), this.status, this.field, this.none);
    addEventListener("scroll", () => this.paint(), { passive: true });
    new ResizeObserver(() => this.layout()).observe(this.field);
    onFilter(() => this.layout(true));
    return this.element;
  },

  /** Places every tile; cheap arithmetic, so that a filter over 20,000 captures answers within a frame or two. */
  layout(force = false) {
    const width = this.field.clientWidth;
    if (!width || (!force && width === this.width)) return;
    this.width = width;
    this.list = shown();
    this.rows = bands(
      groupBy(this.list, (c) => c.site),
      width,
    );
    const last = this.rows.at(-1);
    const y = last ? last.y + last.height : 0;
    this.field.style.height = `${y}px`;
    for (const element of this.live.values()) element.remove();
    this.live.clear();
    this.none.hidden = this.list.length > 0;
    const kept = this.list.filter((c) => c.state === "kept").length;
    replace(
      this.status,
      el("b", {}, count(this.list.length)),
      this.list.length === captures.length ? " captures" : ` of ${plural(captures.length, "capture")}`,
      this.list.length > 0 && ` · ${plural(new Set(this.list.map((c) => c.site)).size, "site")} · ${count(kept)} kept`,
    );
    this.paint();
  },

  paint() {
    if (this.element.hidden || !this.rows.length) return;
    const top = scrollY - (this.field.getBoundingClientRect().top + scrollY);
    const from = this.rowAt(top - 600);
    const to = this.rowAt(top + innerHeight + 600);
    for (const [index, element] of this.live) {
      if (index >= from && index <= to) continue;
      if (element.contains(document.activeElement)) continue; // the focus must not fall off the page
      element.remove();
      this.live.delete(index);
    }
    for (let index = from; index <= to; index++) {
      if (this.live.has(index)) continue;
      const element = this.paintRow(this.rows[index]);
      element.style.transform = `translateY(${this.rows[index].y}px)`;
      this.live.set(index, element);
      const after = [...this.live.keys()].filter((key) => key > index).sort((a, b) => a - b)[0];
      this.field.insertBefore(element, after === undefined ? null : this.live.get(after)); // tab order is reading order
    }
  },

  rowAt(y) {
    let low = 0;
    let high = this.rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.rows[middle].y <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  },

  paintRow({ heads, tiles }) {
    return el(
      "div.row",
      { role: "presentation" },
      heads.map(({ site, members, x, w }) => siteHead(site, members, { left: `${x}px`, width: `${w}px` })),
      tiles.map(({ capture, x, w, iw, ih }) =>
        el(
          "div.tile",
          { role: "listitem", style: { left: `${x}px`, top: `${heads.length ? HEADER : 0}px`, width: `${w}px` } },
          tileButton(capture, iw, ih),
        ),
      ),
    );
  },

  /** Moves by n captures, or by a row when `vertical`, and puts the focus there. */
  move(step, vertical = false) {
    if (!this.list.length) return;
    const at = this.list.indexOf(this.current);
    let next = at < 0 ? this.firstVisible() : this.list[Math.min(this.list.length - 1, Math.max(0, at + step))];
    if (vertical && at >= 0) next = this.neighbour(step) || this.current;
    this.focus(next);
  },

  firstVisible() {
    const top = -this.field.getBoundingClientRect().top + 120;
    return this.rows[this.rowAt(top)]?.tiles[0].capture || this.list[0];
  },

  neighbour(step) {
    const at = this.rows.findIndex((row) => row.tiles.some((t) => t.capture === this.current));
    const here = this.rows[at]?.tiles.find((t) => t.capture === this.current);
    const target = this.rows[at + step];
    if (!target || !here) return null;
    const middle = here.x + here.w / 2;
    return target.tiles.reduce((best, t) =>
      Math.abs(t.x + t.w / 2 - middle) < Math.abs(best.x + best.w / 2 - middle) ? t : best,
    ).capture;
  },

  focus(capture) {
    this.current = capture;
    const index = this.rows.findIndex((row) => row.tiles.some((t) => t.capture === capture));
    if (index < 0) return;
    const row = this.rows[index];
    const top = this.field.getBoundingClientRect().top + scrollY + row.y;
    const bar =
      document.querySelector(".filters").getBoundingClientRect().height +
      document.querySelector(".nav").getBoundingClientRect().height +
      8;
    if (top - bar < scrollY) scrollTo(0, top - bar);
    else if (top + row.height > scrollY + innerHeight) scrollTo(0, top + row.height - innerHeight + GAP);
    this.paint();
    this.live.get(index)?.querySelector(`[data-index="${capture.index}"]`)?.focus({ preventScroll: true });
  },
};

/** Places groups in rows: a group that fits goes beside the one before it, a longer one fills rows of its own. */
function bands(groups, width) {
  const rows = [];
  let open = null; // the row that a further group may join
  let edge = 0;
  let y = 0;
  const start = (headed) => {
    rows.push({ y, height: rowHeight + CAPTION + GAP + (headed ? HEADER : 0), heads: [], tiles: [] });
    y += rows.at(-1).height;
    return rows.at(-1);
  };
  for (const [site, members] of groups) {
    const sizes = members.map((capture) => ({ capture, ...tileSize(capture, width) }));
    const wide = Math.max(
      LEAST_GROUP,
      sizes.reduce((sum, tile) => sum + tile.w + GAP, -GAP),
    );
    const fits = open && edge + BETWEEN + wide <= width;
    let row = fits ? open : start(true);
    let x = fits ? edge + BETWEEN : 0;
    row.heads.push({ site, members, x, w: Math.min(wide, width) });
    for (const tile of sizes) {
      if (x && x + tile.w > width) {
        row = start(false);
        x = 0;
      }
      row.tiles.push({ ...tile, x });
      x += tile.w + GAP;
    }
    open = row.heads.length ? row : null;
    edge = row.heads.length ? row.heads.at(-1).x + wide : 0;
  }
  return rows;
}

function siteHead(site, members, place) {
  const kept = members.filter((c) => c.state === "kept").length;
  const app = members.find((c) => c.app)?.app;
  return el(
    "div.site-head",
    { role: "presentation", style: place, title: site },
    el("h3", {}, app || site),
    el(
      "span.quiet.small",
      {},
      kept === members.length ? `${count(kept)} kept` : `${count(kept)} of ${count(members.length)} kept`,
    ),
  );
}

function tileSize(capture, width) {
  const aspect = capture.iw / capture.ih || 0.6;
  let ih = rowHeight;
  let iw = Math.max(2, rowHeight * aspect);
  if (iw > width) [iw, ih] = [width, width / aspect];
  return { iw, ih, w: Math.min(width, Math.max(NARROWEST, iw)), h: rowHeight };
}

function tileButton(capture, iw, ih) {
  return el(
    "button.shot",
    {
      type: "button",
      data: { index: capture.index },
      "aria-label": altText(capture) + (capture.rule ? `, ${ruleWords(capture.rule)}` : ""),
      title: `${capture.title || capture.site}\n${viewName(capture)} · ${capture.width} × ${capture.height}`,
      onclick: () => panel.open(capture),
      onfocus: () => {
        gallery.current = capture;
      },
    },
    el(
      "span.frame",
      { style: { width: `${iw}px`, height: `${ih}px`, "--first": capture.palette[0] || "var(--surface)" } },
      picture(capture, { alt: "", width: Math.round(iw), height: Math.round(ih) }),
    ),
    el(
      "span.tile-line",
      {},
      mark(capture.state),
      el(
        `span.${capture.state === "kept" ? "quiet" : TOKEN[capture.state]}`,
        {},
        capture.state === "kept" ? tileWords(capture, iw) : ruleWords(capture.rule),
      ),
    ),
  );
}

const tileWords = (capture, width) =>
  width > 150 ? viewName(capture) : [capture.view, width > 92 && capture.theme].filter(Boolean).join(" · ");

function groupBy(list, key) {
  const groups = new Map();
  for (const item of list) {
    const name = key(item);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(item);
  }
  return groups;
}
