// The data: what the page opens with is in the document; the rest is too, or lies beside it as scripts, and is read when looked at.

const FOLDER = "report.files";
const NEAR = 32; // blocks kept after use; the oldest goes first
const AT_ONCE = 4;
const PATIENCE = 48; // blocks waited for; beyond it the reader has scrolled on

const read = new Map(); // name → promise of its value
const wanted = []; // names in the order they were asked for
const arriving = new Map(); // name → {resolve, reject}
let underway = 0;

function inDocument(name) {
  const place = document.getElementById(name);
  return place ? JSON.parse(place.textContent) : undefined;
}

const report = inDocument("report");

/** The scripts beside the document call this; one of another report is refused. */
globalThis.gesso = (key, name, value) => {
  const { resolve, reject } = arriving.get(name) || {};
  if (key === report.key) return resolve?.(value);
  const error = new Error("its files belong to another report");
  beside(error);
  return reject?.(error);
};

function block(name) {
  if (read.has(name)) {
    const known = read.get(name);
    read.delete(name);
    read.set(name, known);
    return known;
  }
  const made = report.key
    ? new Promise((resolve, reject) => {
        arriving.set(name, { resolve, reject });
        wanted.push(name);
        fetchNext();
      })
    : new Promise((resolve) => resolve(inDocument(name)));
  read.set(name, made);
  made.catch(() => read.delete(name));
  if (read.size > NEAR) read.delete(read.keys().next().value);
  return made;
}

/** The newest wish first: it is what is on the screen now. */
function fetchNext() {
  while (wanted.length > PATIENCE) finish(wanted.shift(), new Error("passed by"));
  while (underway < AT_ONCE && wanted.length) {
    const name = wanted.pop();
    underway += 1;
    const script = el("script", { src: `${FOLDER}/${name}.js` });
    const done = (error) => {
      script.remove();
      underway -= 1;
      if (error) beside(error);
      finish(name, error);
      fetchNext();
    };
    script.addEventListener("load", () => done(null));
    script.addEventListener("error", () => done(new Error(`${FOLDER}/${name}.js is not there`)));
    document.head.append(script);
  }
}

function finish(name, error) {
  if (error) arriving.get(name)?.reject(error);
  arriving.delete(name);
}

/** Says once what to do about a document that was moved without its files. */
function beside(error) {
  if (document.getElementById("beside")) return;
  document
    .getElementById("app")
    .prepend(
      el(
        "p.notice",
        { id: "beside", role: "alert" },
        el("b", {}, "Pictures and facts cannot be read. "),
        `This report reads them from the folder ${FOLDER} beside it (${error.message}). Keep the two together, or run “gesso report” again.`,
      ),
    );
}

const item = (name, index) =>
  block(`${name}-${Math.floor(index / report.chunk)}`).then((items) => items[index % report.chunk]);

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

async function gunzip(base64) {
  if (!("DecompressionStream" in window))
    throw new Error("this browser cannot unpack it: use a version of 2023 or newer");
  const stream = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

const KINDS = {
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  i4: Int32Array,
  f4: Float32Array,
  f8: Float64Array,
};

/** A packed column as its typed array, or as the list of texts that it is. */
function column(packed) {
  return packed.kind === "text" ? packed.data : new KINDS[packed.kind](bytesOf(packed.data).buffer);
}
