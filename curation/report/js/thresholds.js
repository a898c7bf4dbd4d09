// Thresholds: each comparison of the keep rules with the captures nearest to it, and what moving it would change.

const NEAREST = 6;
const REST = 120; // ms

/** Rows by value, once; rows without a value come last. */
const sortedRows = (comparison) =>
  (comparison.sorted ??= Int32Array.from(captures.keys())
    .filter((i) => !Number.isNaN(comparison.values[i]))
    .sort((a, b) => comparison.values[a] - comparison.values[b] || a - b));

/** The captures nearest to a limit on each side; of related ones only those that stand for themselves. */
function nearest(comparison, limit) {
  const order = sortedRows(comparison);
  const passes = TESTS[comparison.op];
  const upward = comparison.op.startsWith(">");
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(comparison.values[order[middle]], limit) === upward) high = middle;
    else low = middle + 1;
  }
  const walk = (from, by) => {
    const found = [];
    for (const any of [false, true])
      for (let at = from; at >= 0 && at < order.length && found.length < NEAREST; at += by)
        if (!found.includes(order[at]) && (any || captures[order[at]].stage !== "relation")) found.push(order[at]);
    return found;
  };
  const [below, above] = [walk(low - 1, -1), walk(low, 1)];
  return upward
    ? { fail: below, pass: above }
    : { fail: above, pass: below };
}

function thresholds() {
  const state = { limits: [...baseline().limits], took: baseline().took };
  const outcome = outcomeOf(state, () => set(comparisons.map((c) => c.threshold)));
  const cards = comparisons.map((comparison, number) =>
    thresholdCard(comparison, (value) => {
      state.limits[number] = value;
      soon();
    }),
  );
  let due = 0;
  let settling = 0;
  const redraw = (number) => {
    cards[number].stale = !cards[number].near;
    if (!cards[number].stale) cards[number].redraw(state, number);
  };
  const settle = () => {
    cards.forEach((card, number) => card.near && card.pictures(state, number));
    outcome.settle();
  };
  /** Numbers and bars follow the hand; pictures come when it rests. */
  const soon = () => {
    due ||= requestAnimationFrame(() => {
      due = 0;
      state.took = decide(state.limits);
      cards.forEach((_, number) => redraw(number));
      outcome.refresh();
      clearTimeout(settling);
      settling = setTimeout(settle, REST);
    });
  };
  const set = (limits) => {
    state.limits = [...limits];
    cards.forEach((card, number) => card.show(limits[number]));
    soon();
  };
  const nearby = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const number = cards.findIndex((card) => card.element === target);
        cards[number].near = isIntersecting;
        if (!isIntersecting) continue;
        redraw(number);
        cards[number].pictures(state, number);
      }
    },
    { rootMargin: "400px" },
  );
  for (const card of cards) nearby.observe(card.element);
  outcome.refresh();
  outcome.settle();
  const plain = report.model.rules.filter((rule) => !rule.comparisons.length);
  return section(
    "thresholds",
    "Thresholds",
    "Where each rule draws its line, and who stands nearest to it. Move a line to see what it would change; nothing is written.",
    comparisons.length
      ? el("div.thresholds", {}, el("div.threshold-cards", {}, cards.map((card) => card.element)), outcome.element)
      : empty(
          "No rule compares a number",
          "A keep rule such as “blankness < 0.9” has a threshold, and with it captures that stand close to it.",
        ),
    plain.length > 0 &&
      el("p.quiet.aside", {}, `Without a threshold to move: ${plain.map((rule) => words(rule.name)).join(", ")}.`),
  );
}

function thresholdCard(comparison, onmove) {
  if (!varies(comparison)) return constantCard(comparison);
  const rule = report.model.rules[comparison.at];
  const control = slider(comparison, onmove);
  const sides = el("p.sides.small");
  const shots = el("div.edge-sides");
  const element = el(
    "article.edge",
    { id: `edge-${comparison.rule}-${comparison.operand}` },
    el("header.edge-head", {}, el("h3", {}, words(rule.name)), el("code.quiet", {}, rule.sql), sides),
    control ? control.element : el("p.quiet", {}, "No capture has a value."),
    shots,
  );
  let drawn = "";
  const redraw = ({ limits, took }, number) => {
    const passes = TESTS[comparison.op];
    const limit = limits[number];
    let [kept, failing] = [0, 0];
    control?.redraw((i) => {
      if (took[i] === KEPT) {
        kept += 1;
        return 0;
      }
      if (passes(comparison.values[i], limit)) return 2;
      failing += 1;
      return 1;
    });
    const elsewhere = sortedRows(comparison).length - kept - failing;
    replace(
      sides,
      el("span.keep", {}, el("b", {}, count(kept)), " kept"),
      el("span.reject", {}, el("b", {}, count(failing)), " fail here"),
      el("span.quiet", {}, el("b", {}, count(elsewhere)), " pass, and go for another reason"),
    );
  };
  const pictures = ({ limits }, number) => {
    const near = nearest(comparison, limits[number]);
    const key = `${near.fail}|${near.pass}`;
    if (key === drawn) return;
    drawn = key;
    shots.classList.toggle("none-fail", !near.fail.length);
    shots.classList.toggle("none-pass", !near.pass.length);
    replace(
      shots,
      edgeSide("reject", "Nearest that fail", near.fail, comparison),
      edgeSide("keep", "Nearest that pass", near.pass, comparison),
    );
  };
  return { element, redraw, pictures, show: (value) => control?.show(value) };
}

const varies = ({ values }) => {
  const first = values.find((v) => !Number.isNaN(v));
  return values.some((v) => !Number.isNaN(v) && v !== first);
};

/** Where every capture has one value there is no line to move: one line says so. */
function constantCard(comparison) {
  const rule = report.model.rules[comparison.at];
  const value = comparison.values.find((v) => !Number.isNaN(v));
  const passes = value !== undefined && TESTS[comparison.op](value, comparison.threshold);
  const told = value === undefined ? "no capture has a value" : `every capture has ${exact(value)}, which ${passes ? "passes" : "fails"}`;
  const element = el(
    "article.edge.constant",
    { id: `edge-${comparison.rule}-${comparison.operand}` },
    el("header.edge-head", {}, el("h3", {}, words(rule.name)), el("code.quiet", {}, rule.sql), el("p.sides.small.quiet", {}, `${words(comparison.operand)}: ${told}.`)),
  );
  return { element, redraw() {}, pictures() {}, show() {} };
}

function edgeSide(token, title, indices, comparison) {
  const list = indices.map((index) => captures[index]);
  return el(
    "div.edge-side",
    {},
    el(`h4.${token}`, {}, el(`span.mark.${token}`, { "aria-hidden": "true" }), title),
    list.length === 0
      ? el("p.quiet.small", {}, "None.")
      : el(
          "div.edge-shots",
          {},
          list.map((capture) => shotOf(capture, list, figure(comparison.values[capture.index]), capture.site)),
        ),
  );
}

/** A picture of a fixed height with a figure and words under it; opens the panel on `list`. */
function shotOf(capture, list, value, told) {
  return el(
    "button.shot",
    {
      type: "button",
      onclick: () => panel.open(capture, list),
      "aria-label": `${altText(capture)}, ${value}`,
      title: capture.title || capture.site,
    },
    el("span.frame.by-height", { style: { "--ratio": capture.iw / capture.ih } }, picture(capture, { alt: "" })),
    el("span.tile-line", {}, value && el("b", {}, value), el("span.quiet", {}, told)),
  );
}

/** What the moved thresholds would give: counts by rule, who comes and goes, and the words to make it so. */
function outcomeOf(state, reset) {
  const kept = el("p.outcome-kept", { "aria-live": "polite" });
  const changes = el("div.outcome-changes");
  const steps = el("table.outcome-steps");
  const make = el("div.outcome-make");
  const back = el("button.button.small", { type: "button", onclick: reset }, "Reset all");
  const element = el(
    "aside.outcome",
    { "aria-label": "What this would change" },
    el("div.outcome-head", {}, kept, back),
    el("div.outcome-more", {}, changes, make, steps, el("p.quiet.small", {}, honest())),
  );
  const refresh = () => {
    const before = countSteps(baseline().took);
    const after = countSteps(state.took);
    const moved = comparisons.map((c, i) => ({ c, limit: state.limits[i] })).filter(({ c, limit }) => limit !== c.threshold);
    element.classList.toggle("moved", moved.length > 0);
    back.hidden = !moved.length;
    replace(
      kept,
      el("b", {}, count(after.kept)),
      " kept",
      moved.length > 0 && el("span.quiet", {}, ` · ${signed(after.kept - before.kept)} against ${count(before.kept)}`),
    );
    replace(steps, stepRows(before, after));
    replace(make, moved.length ? makeIt(moved) : el("p.quiet.small", {}, "Move a line to see the new counts, who comes and who goes, and the command that says the same."));
  };
  const settle = () =>
    replace(changes, state.limits.some((limit, i) => limit !== comparisons[i].threshold) ? changeLists(state.took) : null);
  return { element, refresh, settle };
}

function honest() {
  const { off } = baseline();
  const why =
    off === 0
      ? "With the recipe's own thresholds this page decides every capture as the build did. "
      : `With the recipe's own thresholds this page decides ${plural(off, "capture")} otherwise than the build did. `;
  const balance = report.funnel.some((step) => step.stage === "balance");
  return `${why}Relations are decided again by the recipe's ranking${balance ? "; balance is not: what it took stays taken" : ""}. The command gives the exact counts.`;
}

const signed = (n) => (n > 0 ? `+${count(n)}` : n < 0 ? `−${count(-n)}` : "±0");

function stepRows(before, after) {
  return report.funnel.map((step, at) => {
    const difference = after.counts[at] - before.counts[at];
    return el(
      `tr${difference ? ".changed" : ""}`,
      {},
      el("th", { scope: "row" }, ruleWords(step.name)),
      el("td.right", {}, count(after.counts[at])),
      el("td.right", {}, difference ? signed(difference) : ""),
    );
  });
}

function changeLists(took) {
  const was = baseline().took;
  const come = [];
  const go_ = [];
  for (let i = 0; i < took.length; i++) {
    if (took[i] === KEPT && was[i] !== KEPT) come.push(i);
    if (took[i] !== KEPT && was[i] === KEPT) go_.push(i);
  }
  return [
    changeList("keep", "come in", come),
    changeList("reject", "go", go_),
  ];
}

function changeList(token, verb, indices) {
  if (!indices.length) return el("p.quiet.small", {}, `None would ${verb}.`);
  const list = indices.slice(0, 8).map((index) => captures[index]);
  const label = `${count(indices.length)} that would ${verb}`;
  return el(
    "div.outcome-list",
    {},
    el(
      "div.outcome-list-head",
      {},
      el(`b.${token}`, {}, `${count(indices.length)} ${verb}`),
      el("button.link.small", { type: "button", onclick: () => showOnly(indices, label) }, "Show all"),
    ),
    el(
      "div.outcome-shots",
      {},
      list.map((capture) =>
        el(
          "button.shot",
          { type: "button", "aria-label": altText(capture), onclick: () => panel.open(capture, indices.map((i) => captures[i])) },
          el("span.frame.by-height", { style: { "--ratio": capture.iw / capture.ih } }, picture(capture, { alt: "" })),
        ),
      ),
    ),
  );
}

/** The command to try it and the lines of the recipe to change: each rule that moved, whole, by its name. */
function makeIt(moved) {
  const changed = [...new Set(moved.map(({ c }) => c.at))].map((at) => {
    const rule = report.model.rules[at];
    return { name: rule.name, sql: moveNumbers(rule.sql, moved.filter(({ c }) => c.at === at)) };
  });
  const tries = changed.map(({ name, sql }) => `--what-if ${shellWord(`${name}: ${sql}`)}`);
  const lines = changed.map(({ name, sql }) => `- {name: ${name}, sql: ${JSON.stringify(sql)}}`);
  return [
    copyable("Try it", `gesso curate recipes/${report.title}.yaml ${tries.join(" ")}`),
    copyable("In the recipe, under keep", lines.join("\n")),
  ];
}

function moveNumbers(sql, moved) {
  const text = [...sql];
  for (const { c, limit } of [...moved].sort((a, b) => b.c.place[0] - a.c.place[0]))
    text.splice(c.place[0], c.place[1] - c.place[0], String(limit));
  return text.join("");
}

const shellWord = (text) => (/["$`\\!]/.test(text) ? `'${text.replaceAll("'", `'\\''`)}'` : `"${text}"`);

function copyable(title, text) {
  const code = el("pre", { tabindex: "0", "aria-label": title }, text);
  return el("div.copyable", {}, el("header", {}, el("span.quiet.small", {}, title), copyButton(text, code)), code);
}

function copyButton(text, shown) {
  const button = el(
    "button.button.small",
    {
      type: "button",
      onclick: async () => {
        try {
          await navigator.clipboard.writeText(text);
          button.textContent = "Copied";
        } catch {
          getSelection().selectAllChildren(shown);
          button.textContent = "Selected: press Ctrl+C";
        }
        setTimeout(() => {
          button.textContent = "Copy";
        }, 2000);
      },
    },
    "Copy",
  );
  return button;
}
