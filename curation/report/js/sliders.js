// One threshold: how its values lie, where the line is drawn, and a slider that draws it elsewhere.

const BINS = 72;
const STOPS = 1000; // of a slider

/** Maps values to [0, 1] over what most captures have; by ratio where they span far. */
function scaleOf(values, marks) {
  const sorted = Float64Array.from(values.filter((v) => Number.isFinite(v))).sort();
  if (!sorted.length) return null;
  const at = (part) => sorted[Math.floor(part * (sorted.length - 1))];
  let low = Math.min(at(0.002), ...marks);
  let high = Math.max(at(0.998), ...marks);
  const log = low > 0 && high / low > 20 && at(0.5) - low < 0.09 * (high - low); // crowded at the low end
  if (log) low = Math.max(low, Math.min(at(0.02), ...marks), high / 1e4);
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const pad = log ? 0 : (high - low) * 0.03;
  if (!log) [low, high] = [low < 0 || low - pad >= 0 ? low - pad : low, high + pad];
  const whole = sorted.every(Number.isInteger) && high - low > 12;
  const [from, to] = log ? [Math.log(low * 0.94), Math.log(high * 1.06)] : [low, high];
  const step = whole ? 1 : 10 ** Math.floor(Math.log10((high - low) / 200));
  return {
    low: whole ? Math.ceil(log ? Math.exp(from) : low) : log ? Math.exp(from) : low,
    high: whole ? Math.floor(log ? Math.exp(to) : high) : log ? Math.exp(to) : high,
    log,
    step,
    to: (v) => Math.min(1, Math.max(0, ((log ? Math.log(Math.max(v, 1e-12)) : v) - from) / (to - from))),
    from: (part) => (log ? Math.exp(from + part * (to - from)) : from + part * (to - from)),
    round(v) {
      const unit = log ? 10 ** Math.floor(Math.log10(Math.abs(v) || 1) - 2) : step;
      return Number((Math.round(v / (whole ? Math.max(1, unit) : unit)) * (whole ? Math.max(1, unit) : unit)).toPrecision(6));
    },
  };
}

const NOWHERE = 255;

/** The bin of each value; NOWHERE for what is missing. Found once, for a moved threshold changes colours only. */
const binsOf = (values, scale) =>
  Uint8Array.from(values, (v) => (Number.isNaN(v) ? NOWHERE : Math.min(BINS - 1, Math.floor(scale.to(v) * BINS))));

/** Stacked counts by bin: kept, failing here, taken elsewhere. `kindOf` gives 0, 1 or 2. */
function stacked(places, kindOf) {
  const bins = [0, 1, 2].map(() => new Uint32Array(BINS));
  for (let i = 0; i < places.length; i++) if (places[i] !== NOWHERE) bins[kindOf(i)][places[i]] += 1;
  return bins;
}

const PARTS = ["kept", "fails", "elsewhere"];
const PLOT_HIGH = 96;

/** Draws the bins; heights by square root, so that three captures at the line are seen beside thousands elsewhere. */
function barsOf(bins, paths) {
  const most = Math.max(1, ...bins[0].map((n, i) => n + bins[1][i] + bins[2][i]));
  const tall = (n) => (PLOT_HIGH - 4) * Math.sqrt(n / most);
  const d = ["", "", ""];
  for (let i = 0; i < BINS; i++) {
    let under = 0;
    for (const part of [0, 2, 1]) {
      const n = bins[part][i];
      if (!n) continue;
      const [low, high] = [tall(under), tall(under + n)];
      d[part] += `M${i * 10 + 0.75} ${PLOT_HIGH - low}v${-Math.max(1.5, high - low)}h8.5v${Math.max(1.5, high - low)}z`;
      under += n;
    }
  }
  paths.forEach((path, part) => path.setAttribute("d", d[part]));
}

function plotPaths() {
  return PARTS.map((name) => svg("path", { class: `part-${name}` }));
}

function plotFrame(paths, label) {
  return svg(
    "svg",
    {
      viewBox: `0 0 ${BINS * 10} ${PLOT_HIGH}`,
      preserveAspectRatio: "none",
      class: "spread",
      role: "img",
      "aria-label": label,
    },
    paths,
  );
}

/** A line across the plot with its name; `from` is the side where the name has room. */
function line(kind) {
  const name = el("span.line-name");
  const node = el(`span.line.${kind}`, { "aria-hidden": "true" }, name);
  return {
    node,
    put(part, text) {
      node.style.left = `${100 * part}%`;
      node.classList.toggle("leftwards", part > 0.6);
      name.textContent = text;
    },
  };
}

/** The whole control. `onmove(value)` is called while the hand moves. */
function slider(comparison, onmove) {
  const { operand, op, threshold, scale } = comparison;
  if (!scale) return null;
  const places = lazily(() => binsOf(comparison.values, scale));
  const paths = plotPaths();
  const now = line("now");
  const was = line("was");
  const name = `${words(operand)} ${sign(op)}`;
  const range = el("input", {
    type: "range",
    min: 0,
    max: STOPS,
    step: "any",
    "aria-label": `${name}, threshold of ${words(comparison.rule)}`,
    oninput: () => move(scale.round(scale.from(range.value / STOPS))),
    onkeydown: (event) => {
      const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (!by) return;
      event.preventDefault();
      const next = scale.log ? current * 1.02 ** by : current + by * scale.step;
      move(scale.round(Math.min(scale.high, Math.max(scale.low, next))));
    },
  });
  const box = el("input.exact", {
    type: "number",
    step: "any",
    "aria-label": `${name}, exactly`,
    onchange: () => {
      if (box.value !== "" && Number.isFinite(box.valueAsNumber)) move(box.valueAsNumber);
      else show(current);
    },
  });
  const reset = el("button.button.small", { type: "button", onclick: () => move(threshold) }, "Reset");
  let current = threshold;
  const show = (value) => {
    current = value;
    const moved = value !== threshold;
    range.value = STOPS * scale.to(value);
    range.setAttribute("aria-valuetext", exact(value));
    if (document.activeElement !== box || box.valueAsNumber !== value) box.value = String(value);
    now.put(scale.to(value), `${name} ${exact(value)}`);
    was.put(scale.to(threshold), moved ? `recipe ${exact(threshold)}` : "");
    was.node.hidden = !moved;
    reset.hidden = !moved;
  };
  const move = (value) => {
    show(value);
    onmove(value);
  };
  const element = el(
    "div.slider",
    {},
    el("div.plot-box", {}, plotFrame(paths, `Values of ${words(operand)}`), was.node, now.node),
    range,
    el(
      "div.slider-foot",
      {},
      el("span.quiet.small", {}, figure(scale.low)),
      el("label.exact-label.small", {}, el("span.quiet.exact-name", {}, name), box),
      reset,
      el("span.quiet.small.far", {}, figure(scale.high), scale.log && el("i.by-ratio", {}, " · by ratio")),
    ),
  );
  show(threshold);
  return { element, show, redraw: (kindOf) => barsOf(stacked(places(), kindOf), paths) };
}
