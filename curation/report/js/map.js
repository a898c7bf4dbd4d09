// The map: every capture where its look or meaning puts it; pictures appear as one comes nearer.

const HUES_OF_GROUPS = 8; // colours that are told apart; what is left is grey
const COLOUR_BY = { cluster: "Cluster", state: "State", split: "Split", site: "Site", form: "Form factor", theme: "Theme" };
const MOST_NAMES = 32;
const NAMED = ["cluster", "site"]; // what lies together, so that a name has a place
const BASIS = {
  embedding: "Captures that mean alike lie together: their embeddings",
  pixels: "No embeddings here, so captures that look alike lie together: their colours, ink and perceptual hash",
};

const map = {
  build() {
    if (!plane()) {
      const remedy = "Too few captures have an embedding, a palette or a perceptual hash. Add “palette” or “embedding” to the recipe's features.";
      this.element = section("map", "Map", null, empty("Nothing to lay out", remedy));
      return this.element;
    }
    this.box = { width: 0, height: 0 };
    this.view = viewOf(this.box);
    this.selected = null;
    this.atlas = atlasOf(() => this.soon());
    this.canvas = el("canvas.map", {
      tabindex: "0",
      role: "application",
      "aria-label": "Map of the captures. Arrow keys go to the next capture, plus and minus zoom, 0 shows all, Enter opens.",
    });
    this.hint = el("p.map-hint.small", { hidden: true }, "Click the map, or hold Ctrl, to zoom with the wheel.");
    this.card = el("div.map-card", { "aria-live": "polite" });
    this.keys = el("div.map-groups", { role: "group", "aria-label": "Highlight" });
    this.told = el("p.status.map-status", { role: "status" });
    const wrap = el("div.map-box", {}, this.canvas, this.hint, this.zoomButtons());
    this.element = section(
      "map",
      "Map",
      null,
      el("div.map-tools", {}, this.colourSwitch(), this.told),
      this.keys,
      el("div.map-layout", {}, wrap, this.card),
      el("p.quiet.small.map-note", {}, `${BASIS[report.plane.basis]}, laid out by ${report.plane.method}. Only nearness says something; distances across the map do not.`),
    );
    this.paintCard();
    listen(this);
    new ResizeObserver(() => this.resize(wrap)).observe(wrap);
    onFilter(() => this.soon());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour());
    new MutationObserver(() => this.recolour()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return this.element;
  },

  colourSwitch() {
    const choices = Object.keys(COLOUR_BY).filter((key) => vocabulary[key].filter(Boolean).length > 1);
    this.by = choices.find((key) => key !== "state") === "cluster" ? "cluster" : "state";
    const group = el("div.segments", { role: "group", "aria-label": "Colour by" });
    replace(
      group,
      choices.map((key) =>
        el(
          "button",
          {
            type: "button",
            "aria-pressed": String(key === this.by),
            onclick: (event) => {
              this.by = key;
              for (const other of group.children)
                other.setAttribute("aria-pressed", String(other === event.currentTarget));
              this.only = "";
              this.recolour();
            },
          },
          COLOUR_BY[key],
        ),
      ),
    );
    return el("div.map-by", {}, el("span.quiet.small.map-by-name", {}, "Colour by"), group);
  },

  zoomButtons() {
    const button = (label, text, act) => el("button.icon", { type: "button", "aria-label": label, title: label, onclick: act }, text);
    return el(
      "div.map-zoom",
      {},
      button("Zoom in", arrow("M8 3v10M3 8h10"), () => this.zoom(1.6)),
      button("Zoom out", arrow("M3 8h10"), () => this.zoom(1 / 1.6)),
      button("Show all", arrow("M3 6V3h3M13 6V3h-3M3 10v3h3M13 10v3h-3"), () => this.fit()),
    );
  },

  resize(wrap) {
    const { clientWidth: width, clientHeight: height } = wrap;
    if (!width || !height || (width === this.box.width && height === this.box.height)) return;
    Object.assign(this.box, { width, height });
    this.scale = Math.min(2, devicePixelRatio || 1);
    Object.assign(this.canvas, { width: width * this.scale, height: height * this.scale });
    this.view.fit();
    this.recolour();
  },

  /** Around a point of the canvas, else around what is selected, else around the middle. */
  zoom(by, px, py) {
    const around = px === undefined && this.selected !== null;
    const { x, y } = plane();
    this.view.zoom(by, ...(around ? this.view.at(x[this.selected], y[this.selected]) : [px, py]));
    this.soon();
  },

  fit() {
    this.view.fit();
    this.soon();
  },

  /** The groups of the chosen column, the largest first, each with its colour; read from the page's tokens. */
  recolour() {
    const key = this.by;
    const counted = [...tallyOf(plane().placed, (i) => captures[i][key])].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    const ink = (name) => {
      this.card.style.setProperty("--probe", `var(--${name})`);
      const probe = el("i", { style: { color: `var(--${name})` } });
      this.card.append(probe);
      const colour = getComputedStyle(probe).color;
      probe.remove();
      return colour;
    };
    this.ink = { paper: ink("paper"), ink: ink("ink"), quiet: ink("ink-2"), line: ink("line-strong"), accent: ink("accent"), surface: ink("surface") };
    const many = counted.filter(([name]) => name).length > HUES_OF_GROUPS;
    this.groups = counted.map(([name, n], at) => {
      const token = key === "state" ? TOKEN[name] : !name || (many && at >= HUES_OF_GROUPS) ? "line-strong" : `group-${at + 1}`;
      const middle = NAMED.includes(key) && at < MOST_NAMES ? middleOf(key, name) : null;
      return { name, n, colour: ink(token), token, middle };
    });
    this.groupOf = new Map(this.groups.map((group) => [group.name, group]));
    this.paintGroups();
    this.soon();
  },

  paintGroups() {
    const some = this.groups.filter((group) => group.token !== "line-strong");
    const rest = this.groups.filter((group) => group.token === "line-strong");
    replace(
      this.keys,
      some.map((group) =>
        el(
          "button.chip.group-chip",
          {
            type: "button",
            "aria-pressed": String(this.only === group.name),
            onclick: () => {
              this.only = this.only === group.name ? "" : group.name;
              this.paintGroups();
              this.soon();
            },
          },
          el("span.dot", { style: { background: `var(--${group.token})` } }),
          el("span.chip-name", {}, this.by === "state" ? STATES[group.name] : words(group.name)),
          el("b", {}, count(group.n)),
        ),
      ),
      rest.length > 0 && el("span.quiet.small", {}, `grey: ${rest.length === 1 ? words(rest[0].name || "none") : `${count(rest.length)} smaller`}, ${count(rest.reduce((n, g) => n + g.n, 0))}`),
    );
  },

  soon() {
    if (this.element.hidden) return;
    this.due ||= requestAnimationFrame(() => {
      this.due = 0;
      this.draw();
    });
  },

  strong(index) {
    return misses[index] === 0 && (!this.only || captures[index][this.by] === this.only);
  },

  draw() {
    if (!this.box.width || !this.groups) return;
    const context = this.canvas.getContext("2d");
    context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    context.clearRect(0, 0, this.box.width, this.box.height);
    const seen = within(this.view.bounds());
    const strong = seen.filter((i) => this.strong(i));
    const size = thumbSize(this.view.k / this.view.least, strong.length, this.box);
    paintDots(this, context, seen, size);
    if (size) paintThumbs(this, context, strong, size);
    if (NAMED.includes(this.by)) paintNames(this, context);
    this.seen = strong;
    this.canvas.style.touchAction = this.view.zoomed ? "none" : "pan-y";
    this.tell(strong.length);
  },

  tell(n) {
    if (n === this.toldOf) return;
    this.toldOf = n;
    replace(
      this.told,
      el("b", {}, count(n)),
      ` of ${count(plane().placed.length)} in view`,
      n > 0 && n < captures.length && [" · ", el("button.link", { type: "button", onclick: () => showOnly(this.seen, `${count(this.seen.length)} from the map`) }, "Show them in the gallery")],
    );
  },

  select(index, { follow = false } = {}) {
    this.selected = index;
    if (follow && index !== null) {
      const [px, py] = this.view.at(plane().x[index], plane().y[index]);
      const edge = 60;
      const over = (p, most) => (p < edge ? edge - p : p > most - edge ? most - edge - p : 0);
      this.view.pan(over(px, this.box.width), over(py, this.box.height));
    }
    this.paintCard();
    this.soon();
  },

  open() {
    if (this.selected === null) return;
    const { x, y } = plane();
    const near = nearestTo(x[this.selected], y[this.selected], 200, 2, (i) => this.strong(i));
    panel.open(captures[this.selected], near.map((i) => captures[i]));
  },

  paintCard() {
    if (this.selected === null) {
      replace(this.card, el("p.quiet", {}, "Select a point to see its capture. Come nearer and the pictures appear."));
      return;
    }
    const capture = captures[this.selected];
    const near = nearestTo(plane().x[capture.index], plane().y[capture.index], 24);
    replace(
      this.card,
      el("button.shot", { type: "button", "aria-label": `Open ${altText(capture)}`, onclick: () => this.open() }, el("span.frame.in-card", { style: { "--ratio": capture.iw / capture.ih } }, picture(capture, { alt: "" }))),
      el(
        "div.map-card-words",
        {},
        el("b", {}, capture.app || capture.title || capture.site),
        el("span.quiet.small", {}, [capture.site, viewName(capture)].join(" · ")),
        el("span.small", {}, mark(capture.state), ` ${STATES[capture.state]}`, capture.rule && el("span.quiet", {}, ` · ${ruleWords(capture.rule)}`)),
        capture.cluster && el("span.quiet.small", {}, capture.cluster),
        el(
          "span.map-card-acts",
          {},
          el("button.button.small", { type: "button", onclick: () => this.open() }, "Open"),
          el("button.button.small", { type: "button", onclick: () => showOnly(near, `nearest to ${capture.app || capture.title || capture.site}`) }, "Its neighbours"),
        ),
      ),
    );
  },
};

/** The middle of a group: the member nearest to its median, so that a name stands where the group is. */
function middleOf(key, name) {
  const { x, y, placed } = plane();
  const code = vocabulary[key].indexOf(name);
  const members = placed.filter((i) => columns[key][i] === code);
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  return [median(members.map((i) => x[i])), median(members.map((i) => y[i]))];
}

/** Side of the squares that pictures are drawn in; 0 while there are too many for pictures. */
function thumbSize(zoom, seen, box) {
  if (!seen || (zoom < 8 && seen > (box.width * box.height) / 1900)) return 0;
  const room = Math.sqrt((box.width * box.height) / Math.max(12, seen)) * 0.8;
  return Math.round(Math.min(168, Math.max(36, room)));
}

function paintDots(map, context, seen, size) {
  const { x, y } = plane();
  const radius = Math.min(5, 1.6 + 0.9 * Math.log2(1 + map.view.k / map.view.least) + (seen.length < 2000 ? 1 : 0));
  const square = seen.length > 4000;
  const layers = new Map();
  for (const i of seen) {
    const group = map.groupOf.get(captures[i][map.by]);
    const key = map.strong(i) ? group : null;
    if (!layers.has(key)) layers.set(key, []);
    layers.get(key).push(i);
  }
  const order = [...layers].sort((a, b) => (a[0] ? a[0].n : Infinity) < (b[0] ? b[0].n : Infinity) ? 1 : -1);
  for (const [group, members] of order) {
    context.fillStyle = group ? group.colour : map.ink.line;
    context.globalAlpha = group ? (size ? 0.5 : 0.82) : 0.16;
    context.beginPath();
    for (const i of members) {
      const [px, py] = map.view.at(x[i], y[i]);
      if (square) context.rect(px - radius, py - radius, 2 * radius, 2 * radius);
      else {
        context.moveTo(px + radius, py);
        context.arc(px, py, radius, 0, 2 * Math.PI);
      }
    }
    context.fill();
  }
  context.globalAlpha = 1;
  if (map.selected !== null && !size) ring(map, context, map.selected, radius + 4);
}

function ring(map, context, index, radius) {
  const [px, py] = map.view.at(plane().x[index], plane().y[index]);
  context.lineWidth = 2;
  context.strokeStyle = map.ink.accent;
  context.beginPath();
  context.arc(px, py, radius, 0, 2 * Math.PI);
  context.stroke();
}

/** Pictures where there is room: the selected one first, then kept ones; who finds none stays a dot. */
function paintThumbs(map, context, seen, size) {
  const { x, y } = plane();
  const rank = (i) => (i === map.selected ? 2 : captures[i].state === "kept" ? 1 : 0);
  const order = [...seen].sort((a, b) => rank(b) - rank(a) || a - b);
  const free = roomFor(size + 4);
  for (const i of order) {
    const [px, py] = map.view.at(x[i], y[i]);
    const { iw, ih } = captures[i];
    const fit = size / Math.max(iw, ih);
    if (!free(px, py, (iw * fit) / 2 + 3, (ih * fit) / 2 + 3) && i !== map.selected) continue;
    const box = map.atlas.draw(context, captures[i], px, py, size, map.scale);
    if (!box) continue;
    context.lineWidth = i === map.selected ? 3 : 1.5;
    context.strokeStyle = i === map.selected ? map.ink.accent : map.groupOf.get(captures[i][map.by]).colour;
    context.strokeRect(box[0] - 0.75, box[1] - 0.75, box[2] + 1.5, box[3] + 1.5);
  }
}

/** Tells whether a box (its middle, half its sides) is free, and takes it. No box may be larger than `cell`. */
function roomFor(cell) {
  const taken = new Map();
  return (px, py, wide, high) => {
    const [cx, cy] = [Math.floor(px / cell), Math.floor(py / cell)];
    for (let ox = -2; ox <= 2; ox++)
      for (let oy = -2; oy <= 2; oy++)
        for (const [qx, qy, w, h] of taken.get(`${cx + ox},${cy + oy}`) || [])
          if (Math.abs(px - qx) < wide + w && Math.abs(py - qy) < high + h) return false;
    const key = `${cx},${cy}`;
    if (!taken.has(key)) taken.set(key, []);
    taken.get(key).push([px, py, wide, high]);
    return true;
  };
}

/** Each coloured group's name at its middle, the largest first, as long as there is room. */
function paintNames(map, context) {
  context.font = `600 13px ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  const boxes = [];
  for (const group of map.groups) {
    const named = group.token !== "line-strong" || map.by === "cluster";
    if (!named || !group.name || !group.middle || boxes.length >= MOST_NAMES || (map.only && map.only !== group.name)) continue;
    const text = map.by === "state" ? STATES[group.name] : words(group.name);
    const shown = text.length > 34 ? `${text.slice(0, 32)}…` : text;
    const wide = context.measureText(shown).width / 2 + 4;
    const [mx, my] = map.view.at(...group.middle);
    const px = Math.min(map.box.width - wide - 4, Math.max(wide + 4, mx));
    const place = [0, -18, 18, -36, 36].map((dy) => [px - wide, my + dy - 9, px + wide, my + dy + 9]).find((box) => boxes.every((b) => box[2] < b[0] || box[0] > b[2] || box[3] < b[1] || box[1] > b[3]));
    if (!place) continue;
    boxes.push(place);
    context.lineWidth = 4;
    context.strokeStyle = map.ink.paper;
    context.strokeText(shown, px, place[1] + 9);
    context.fillStyle = map.ink.ink;
    context.fillText(shown, px, place[1] + 9);
  }
}
