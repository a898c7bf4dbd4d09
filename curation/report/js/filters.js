// What is shown: the filter state, who matches it, and the live counts of every choice.

const FACETS = [
  { key: "state", label: "State" },
  { key: "rule", label: "Taken by" },
  { key: "view", label: "View" },
  { key: "form", label: "Form factor" },
  { key: "theme", label: "Theme" },
  { key: "cluster", label: "Cluster" },
  { key: "site", label: "Site" },
  { key: "source", label: "Source" },
  { key: "split", label: "Split" },
];
const NONE = {
  ...Object.fromEntries(FACETS.map((facet) => [facet.key, ""])),
  text: "",
  colour: null,
  size: "",
  only: null,
};
const filters = { ...NONE };
const listeners = [];

// Of each capture: how many filters it misses, and which one if it is one. Counts of choices follow from these two.
const misses = new Uint8Array(captures.length);
const missed = new Uint8Array(captures.length);

function onFilter(listener) {
  listeners.push(listener);
}

function setFilter(changes) {
  Object.assign(filters, changes);
  sieve();
  for (const listener of listeners) listener();
}

const clearFilters = () => setFilter(NONE);
const isFiltered = () => Object.values(filters).some(Boolean);

/** Shows exactly these captures: what the map has in view, what a moved threshold lets in. */
function showOnly(indices, label) {
  setFilter({ ...NONE, only: { set: new Set(indices), label } });
  go("gallery");
}

function showWith(changes) {
  setFilter({ ...NONE, ...changes });
  go("gallery");
}

function sieve() {
  misses.fill(0);
  FACETS.forEach((facet, number) => {
    if (!filters[facet.key]) return;
    const code = vocabulary[facet.key].indexOf(filters[facet.key]);
    const codes = columns[facet.key];
    for (let i = 0; i < codes.length; i++) if (codes[i] !== code) miss(i, number);
  });
  const { colour, size, text, only } = filters;
  const terms = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const c of colour || size || text || only ? captures : []) {
    if (colour && !c.palette.some((hex) => cellOf(hex) === colour.cell)) miss(c.index, 99);
    if (size && `${c.width} × ${c.height}` !== size) miss(c.index, 99);
    if (only && !only.set.has(c.index)) miss(c.index, 99);
    if (!terms.every((term) => searchable()[c.index].includes(term))) miss(c.index, 99);
  }
}

function miss(index, number) {
  misses[index] += 1;
  missed[index] = number;
}

const shown = () => captures.filter((capture) => misses[capture.index] === 0);

/** Every value of a facet with its count under the other filters; values that would give nothing stay, with a 0. */
function tally(key) {
  const number = FACETS.findIndex((facet) => facet.key === key);
  const names = vocabulary[key];
  const codes = columns[key];
  const counts = new Uint32Array(names.length);
  for (let i = 0; i < codes.length; i++)
    if (misses[i] === 0 || (misses[i] === 1 && missed[i] === number)) counts[codes[i]] += 1;
  const entries = names.map((name, code) => [name, counts[code]]).filter(([name]) => name);
  if (key !== "rule") return entries.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  const order = report.funnel.map((step) => step.reason);
  return entries.sort((a, b) => (order.indexOf(a[0]) + 1 || 999) - (order.indexOf(b[0]) + 1 || 999));
}

/** Key → how many of the list have it. */
function tallyOf(list, key) {
  const counts = new Map();
  for (const entry of list) counts.set(key(entry), (counts.get(key(entry)) || 0) + 1);
  return counts;
}
