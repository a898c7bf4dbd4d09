// Related pairs, and what each relation means to a reader.

const pairs = {
  a: column(report.pairs.a),
  b: column(report.pairs.b),
  codes: column(report.pairs.relation),
  names: report.pairs.relation.words,
  distance: column(report.pairs.distance),
  why: column(report.pairs.why),
  whys: report.pairs.why.words,
};

const RELATION_WORDS = {
  exact: { name: "Exact", is: "the same pixels", because: "the same pixels as a kept capture", unit: "" },
  copy: { name: "Copy", is: "the same picture made again", because: "the same picture as a kept capture", unit: "bits" },
  same_state: { name: "Same state", is: "one screen in two states", because: "another state of a kept screen", unit: "" },
  locale: { name: "Locale", is: "one screen in two languages", because: "a kept screen in another language", unit: "" },
  theme: { name: "Theme", is: "one screen, light and dark", because: "a kept screen in the other theme", unit: "" },
  same_template: {
    name: "Same template",
    is: "one frame with other content",
    because: "the frame of a kept screen with other content",
    unit: "",
  },
};
const relationName = (name) => RELATION_WORDS[name]?.name || words(name);

const related = lazily(() => {
  const found = new Map();
  const add = (from, to, at) => {
    if (!found.has(from)) found.set(from, []);
    found.get(from).push({
      to,
      relation: pairs.names[pairs.codes[at]],
      distance: pairs.distance[at],
      why: pairs.whys[pairs.why[at]],
    });
  };
  for (let at = 0; at < pairs.a.length; at++) {
    add(pairs.a[at], pairs.b[at], at);
    add(pairs.b[at], pairs.a[at], at);
  }
  return found;
});

function tieWords({ relation, distance, why }) {
  const unit = RELATION_WORDS[relation]?.unit;
  return why || (distance > 0 ? `${figure(distance)}${unit ? ` ${unit}` : ""}` : "");
}
