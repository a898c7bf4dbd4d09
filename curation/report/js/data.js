// The data the report carries: parsed once, pictures and long texts only when they are looked at.

const block = (id) => JSON.parse(document.getElementById(id).textContent);

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Numbered items that lie in blocks `<name>-0`, `<name>-1` …, each of `size` items, parsed when first asked for. */
function chunked(name, size) {
  const parsed = new Map();
  return (index) => {
    const chunk = Math.floor(index / size);
    if (!parsed.has(chunk)) parsed.set(chunk, block(`${name}-${chunk}`));
    return parsed.get(chunk)[index % size];
  };
}

async function gunzip(base64) {
  if (!("DecompressionStream" in window))
    throw new Error("this browser cannot unpack it: use a version of 2023 or newer");
  const stream = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

const report = block("report");
const readImage = chunked("images", report.chunk);
const readAsset = chunked("assets", report.chunk);
const readDetail = chunked("details", report.chunk);
const readDesign = chunked("designs", report.chunk);

const captures = report.captures.id.map((_, index) => {
  const row = { index };
  for (const [column, values] of Object.entries(report.captures)) row[column] = values[index];
  row.values = {};
  for (const feature of report.features) row.values[feature.name] = feature.values[index];
  row.search = [row.title, row.site, row.url, row.id, row.app, row.developer, row.reason].join(" ").toLowerCase();
  return row;
});
const byId = new Map(captures.map((capture) => [capture.id, capture]));
const rules = new Map(report.rules.map((rule) => [rule.name, rule]));

const related = new Map();
for (const [a, b, relation, distance] of report.relations) {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ]) {
    if (!related.has(from)) related.set(from, []);
    related.get(from).push({ to, relation, distance });
  }
}

// Blob URLs of the pictures on screen; the oldest are let go, so that thousands of captures cost little memory.
const painted = new Map();
const PAINTED_MOST = 600;

function imageBlob(index) {
  return new Blob([bytesOf(readImage(index))], { type: "image/webp" });
}

function imageUrl(index) {
  let url = painted.get(index);
  if (url) painted.delete(index);
  else url = URL.createObjectURL(imageBlob(index));
  painted.set(index, url);
  if (painted.size > PAINTED_MOST) {
    const [oldest, old] = painted.entries().next().value;
    painted.delete(oldest);
    URL.revokeObjectURL(old);
  }
  return url;
}

/** The picture of a capture, whole, or a designed blank where there is none. */
function picture(capture, props = {}) {
  if (capture.image < 0) {
    return el("span.no-image", props, el("span", {}, capture.state === "failed" ? "no picture" : "picture not stored"));
  }
  return el("img", {
    alt: altText(capture),
    decoding: "async",
    draggable: "false",
    src: imageUrl(capture.image),
    ...props,
  });
}

function altText(capture) {
  return [
    `Screenshot of ${capture.title || capture.site}`,
    viewName(capture),
    STATES[capture.state].toLowerCase(),
  ].join(", ");
}

function viewName(capture) {
  return [capture.view === "listing" ? "listing" : capture.view, capture.form, capture.theme]
    .filter(Boolean)
    .join(" · ");
}

async function detailOf(capture) {
  return JSON.parse(await gunzip(readDetail(capture.index)));
}

const BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

/** The compiled design with its pictures put in: their places hold `data:TYPE,gesso-asset-N`. */
async function designOf(capture) {
  const html = await gunzip(readDesign(capture.design));
  return html.replace(/data:[a-z0-9/]+,gesso-asset-(\d+)/g, (_, index) => readAsset(Number(index)) || BLANK);
}
