// Decides again, as the recipe would: the first keep rule that fails, then each relation by its ranking.
// Balance is not decided again: what it took stays taken. `baseline.off` says how many captures this gets otherwise.

const KEPT = -1;
const FAILED = -2;
const model = report.model.rules.map((rule) => ({ ...rule, rest: column(rule.rest) }));
const LAYERS = report.model.relations.map((relation) => ({
  ...relation,
  order: relation.order && column(relation.order),
}));
const STEPS = report.funnel.map((step) => step.reason);
const stepOf = (reason) => STEPS.indexOf(reason);
const TESTS = {
  "<": (value, limit) => value < limit,
  "<=": (value, limit) => value <= limit,
  ">": (value, limit) => value > limit,
  ">=": (value, limit) => value >= limit,
};

/** Links of one relation as lists of neighbours: those of node n stand at start[n] … start[n + 1]. */
function neighbours(count, from, to) {
  const start = new Uint32Array(count + 1);
  for (const ends of [from, to]) for (const n of ends) start[n + 1] += 1;
  for (let n = 0; n < count; n++) start[n + 1] += start[n];
  const next = start.slice();
  const list = new Uint32Array(from.length * 2);
  for (let i = 0; i < from.length; i++) {
    list[next[from[i]]++] = to[i];
    list[next[to[i]]++] = from[i];
  }
  return { start, list };
}

/** Node → the smallest node that it hangs together with. */
function unions(count, from, to) {
  const parent = Int32Array.from({ length: count }, (_, n) => n);
  const root = (n) => {
    while (parent[n] !== n) {
      parent[n] = parent[parent[n]];
      n = parent[n];
    }
    return n;
  };
  for (let i = 0; i < from.length; i++) {
    const [a, b] = [root(from[i]), root(to[i])];
    parent[Math.max(a, b)] = Math.min(a, b);
  }
  for (let n = 0; n < count; n++) parent[n] = root(n);
  return parent;
}

const ties = lazily(() => {
  const of = (name) => {
    const code = pairs.names.indexOf(name);
    const chosen = [...pairs.codes.keys()].filter((i) => pairs.codes[i] === code);
    return [chosen.map((i) => pairs.a[i]), chosen.map((i) => pairs.b[i])];
  };
  const [a, b] = of("exact");
  const twin = unions(captures.length, a, b); // equal pictures are one node to every other relation
  const twins = Map.groupBy ? Map.groupBy([...twin.keys()], (i) => twin[i]) : groupBy([...twin.keys()], (i) => twin[i]);
  const links = new Map(
    LAYERS.map(({ name }) => {
      const [from, to] = of(name).map((ends) => ends.map((i) => twin[i]));
      return [name, { from, to, ...neighbours(captures.length, from, to) }];
    }),
  );
  return { twin, twins, links };
});

/** The step (its number in the funnel) that takes each capture; KEPT or FAILED for the others. */
function decide(limits) {
  const took = new Int16Array(captures.length).fill(KEPT);
  const failed = vocabulary.state.indexOf("failed");
  for (let i = 0; i < took.length; i++) if (columns.state[i] === failed) took[i] = FAILED;
  let number = 0;
  for (const rule of model) {
    const step = stepOf(rule.name);
    const own = rule.comparisons.map((_, k) => comparisons[number + k]);
    const tests = own.map((c, k) => ({ values: c.values, test: TESTS[c.op], limit: limits[number + k] }));
    number += own.length;
    for (let i = 0; i < took.length; i++) {
      if (took[i] !== KEPT) continue;
      if (!rule.rest[i]) took[i] = step;
      else for (const { values, test, limit } of tests) if (!test(values[i], limit)) took[i] = step;
    }
  }
  for (const layer of LAYERS) relate(layer, took);
  const stages = report.funnel.map((step) => step.stage);
  for (const c of captures) {
    const step = stepOf(c.reason);
    if (took[c.index] === KEPT && step >= 0 && stages[step] === "balance") took[c.index] = step;
  }
  return took;
}

function relate(layer, took) {
  const step = stepOf(layer.name);
  if (step < 0 || layer.policy === "keep_all") return;
  if (!layer.order) return stay(layer, step, took);
  if (layer.name === "exact") return ofEach(ties().twin, layer, step, took);
  if (layer.policy === "cap") return ofEach(linkGroups(layer, took), layer, step, took);
  const { twin, twins, links } = ties();
  const { start, list } = links.get(layer.name);
  const rank = new Uint32Array(captures.length);
  layer.order.forEach((index, place) => {
    rank[index] = place;
  });
  for (const i of layer.order) {
    if (took[i] !== KEPT) continue;
    const node = twin[i];
    search: for (let at = start[node]; at < start[node + 1]; at++)
      for (const other of twins.get(list[at]))
        if (other !== i && took[other] === KEPT && rank[other] < rank[i]) {
          took[i] = step;
          break search;
        }
  }
}

/** Captures that hang together by ties whose both ends are still there; what holds of a picture holds of its equals. */
function linkGroups(layer, took) {
  const { twin, twins, links } = ties();
  const { from, to } = links.get(layer.name);
  const there = new Uint8Array(captures.length);
  for (let i = 0; i < took.length; i++) if (took[i] === KEPT) there[twin[i]] = 1;
  const tied = [...from.keys()].filter((at) => there[from[at]] && there[to[at]]);
  const root = unions(
    captures.length,
    tied.map((at) => from[at]),
    tied.map((at) => to[at]),
  );
  const group = Int32Array.from({ length: captures.length }, (_, i) => i);
  for (const at of tied)
    for (const node of [from[at], to[at]]) for (const i of twins.get(node)) group[i] = root[node];
  return group;
}

/** Of each group the best by rank stay: one, or as many as the cap says. */
function ofEach(group, layer, step, took) {
  const most = layer.policy === "cap" ? layer.cap : 1;
  const seats = new Uint16Array(captures.length);
  for (const i of layer.order) {
    if (took[i] !== KEPT) continue;
    if (seats[group[i]] >= most) took[i] = step;
    else seats[group[i]] += 1;
  }
}

function stay(layer, step, took) {
  for (const c of captures) if (took[c.index] === KEPT && c.reason === layer.name) took[c.index] = step;
}

const recorded = () => {
  const took = new Int16Array(captures.length);
  for (const c of captures) took[c.index] = c.state === "kept" ? KEPT : c.state === "failed" ? FAILED : stepOf(c.reason);
  return took;
};

/** The recipe's own thresholds, decided here, and how many captures that gets otherwise than the build did. */
const baseline = lazily(() => {
  const limits = comparisons.map((c) => c.threshold);
  const took = decide(limits);
  const built = recorded();
  return { limits, took, off: took.reduce((sum, step, i) => sum + (step !== built[i]), 0) };
});

/** Captures taken by each step, and kept. */
function countSteps(took) {
  const counts = new Uint32Array(STEPS.length);
  let kept = 0;
  for (const step of took) {
    if (step === KEPT) kept += 1;
    else if (step >= 0) counts[step] += 1;
  }
  return { counts, kept };
}
