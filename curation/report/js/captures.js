// Captures: one light object each, whose fields are read from the columns.

const columns = {}; // column → typed array, or list of texts
const vocabulary = {}; // column → words, where the array holds their numbers

class Capture {
  constructor(index) {
    this.index = index;
  }
  get palette() {
    return (columns.palette[this.index].match(/.{6}/g) || []).map((hex) => `#${hex}`);
  }
  get shares() {
    const text = columns.shares[this.index];
    return text ? text.split(",").map((part) => Number(part) / 1000) : [];
  }
  /** Every comparison of the keep rules with the value here, null where there is none. */
  get margins() {
    return comparisons.map((c) => {
      const value = c.values[this.index];
      const { rule, operand, op, threshold } = c;
      return { rule, operand, op, threshold, of: c, value: Number.isNaN(value) ? null : value };
    });
  }
  get values() {
    const found = {};
    for (const feature of features) {
      const value = feature.values[this.index];
      found[feature.name] = Number.isNaN(value) ? null : value;
    }
    return found;
  }
}

for (const [name, packed] of Object.entries(report.captures)) {
  columns[name] = column(packed);
  if (packed.words) vocabulary[name] = packed.words;
  if (name === "palette" || name === "shares") continue;
  const values = columns[name];
  const words = packed.words;
  Object.defineProperty(Capture.prototype, name, {
    get: words
      ? function () {
          return words[values[this.index]];
        }
      : function () {
          return values[this.index];
        },
  });
}

const captures = Array.from({ length: columns.id.length }, (_, index) => new Capture(index));
const rules = new Map(report.funnel.map((step) => [step.reason, step]));

const lazily = (make) => {
  let made;
  return () => (made ??= make());
};

/** Features unpack their values when a plot or the panel asks. */
const features = report.features.map(({ name, values }) => {
  const unpack = lazily(() => column(values));
  return {
    name,
    get values() {
      return unpack();
    },
  };
});

const comparisons = report.model.rules.flatMap((rule, at) =>
  rule.comparisons.map((c) => {
    const unpack = lazily(() => column(c.values));
    const scale = lazily(() => scaleOf(unpack(), [c.threshold]));
    return {
      rule: rule.name,
      at,
      operand: c.operand,
      op: c.op,
      threshold: c.threshold,
      place: c.at,
      get scale() {
        return scale();
      },
      get values() {
        return unpack();
      },
    };
  }),
);

const byId = lazily(() => new Map(columns.id.map((id, index) => [id, captures[index]])));

const searchable = lazily(() =>
  captures.map((c) => [c.title, c.site, c.url, c.id, c.app, c.developer, c.reason, c.cluster].join(" ").toLowerCase()),
);

function viewName(capture) {
  return [capture.view, capture.form, capture.theme].filter(Boolean).join(" · ");
}

function altText(capture) {
  return [
    `Screenshot of ${capture.title || capture.site}`,
    viewName(capture),
    STATES[capture.state].toLowerCase(),
  ].join(", ");
}

/** What took a capture, in words. */
const ruleWords = (reason) => words(reason).replace(/^balance:/, "balance ");

async function detailOf(capture) {
  const packed = await block(`details-${Math.floor(capture.index / report.chunk)}`);
  return JSON.parse(await gunzip(packed))[capture.index % report.chunk];
}

const BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
const ASSET = /data:[a-z0-9/]+,gesso-asset-(\d+)/g;

/** The compiled design with its pictures put in: their places hold `data:TYPE,gesso-asset-N`. */
async function designOf(capture) {
  const html = await gunzip(await item("designs", capture.design));
  const needed = [...new Set([...html.matchAll(ASSET)].map((match) => Number(match[1])))];
  const assets = new Map(await Promise.all(needed.map(async (index) => [index, await item("assets", index)])));
  return html.replace(ASSET, (_, index) => assets.get(Number(index)) || BLANK);
}
