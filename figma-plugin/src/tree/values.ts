// Numbers, names and text as the tree keeps them. The same rules as design/tree/values.py: a tree read here prints as there.

export class TreeError extends Error {}

export const MAX_DEPTH = 256;
export const MAX_NODES = 200_000;
export const MAX_NUMBER = 1_000_000;
export const SOFT_BREAK = '\u2028'; // a line that ended because the box did

export type Length = number | 'fill' | 'hug';
export type Sides = readonly [number, number, number, number];
export const ZERO: Sides = [0, 0, 0, 0];

const TOKEN = /^[a-z][a-z0-9_-]{0,63}$/;
export const SLOT = /^[a-z0-9][a-z0-9_-]{0,63}$/;
export const COMPONENT = /^[A-Z][A-Za-z0-9_-]{0,63}$/;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f\u0080-\u009f]/g;
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(^|[^\ud800-\udbff])[\udc00-\udfff]/;
/** What Python's str.split and str.strip take for space. */
export const SPACE = '[\\t\\n\\v\\f\\r\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const AROUND = new RegExp(`^${SPACE}+|${SPACE}+$`, 'g');

/** Rounded to `digits` decimals, halves to even, as Python rounds. */
export function rounded(value: number, digits: number): number {
  if (digits === 0) {
    const low = Math.floor(value);
    const rest = value - low;
    return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
  }
  const tie = 2 ** (digits + 1); // only multiples of 1/2^(digits+1) lie exactly between two decimals
  const scaled = value * tie;
  if (Number.isInteger(scaled) && scaled % 2 !== 0) {
    const unit = 10 ** digits;
    return rounded(value * unit, 0) / unit;
  }
  return Number(value.toFixed(digits));
}

/** Two decimals, finite, within ±1e6, no minus zero. */
export function number(value: number): number {
  if (Number.isNaN(value)) return 0;
  return rounded(Math.max(-MAX_NUMBER, Math.min(MAX_NUMBER, value)), 2) + 0;
}

export function positive(value: number): number {
  return Math.max(0, number(value));
}

/** An opacity or a position in 0…1 with four decimals. */
/** A ratio of two lengths with four decimals, within 1e-3 … 1e3; 0 is none. */
export function proportion(value: number): number {
  return value > 0 ? rounded(Math.max(0.001, Math.min(1000, value)), 4) : 0;
}

export function share(value: number): number {
  return Number.isNaN(value) ? 0 : rounded(Math.max(0, Math.min(1, value)), 4) + 0;
}

export function whole(value: number, limit = 1000): number {
  return Number.isNaN(value) ? 0 : Math.trunc(Math.max(0, Math.min(limit, value)));
}

export function sides(values: Sides): Sides {
  return [number(values[0]), number(values[1]), number(values[2]), number(values[3])];
}

export function length(value: Length): Length {
  return typeof value === 'string' ? value : positive(value);
}

/** Text without control characters other than newline and tab, and without lone surrogates. */
export function clean(text: string, limit = 200_000): string {
  let found = text.replace(/\r\n?/g, '\n').replace(CONTROL, '');
  if (LONE.test(found)) found = Array.from(found).filter((c) => c.length > 1 || c < '\ud800' || c > '\udfff').join('');
  return found.length > limit ? Array.from(found).slice(0, limit).join('') : found;
}

/** `clean` text without line breaks and tabs, and without space around it. */
export function oneLine(text: string, limit: number): string {
  return clean(text, limit).replace(/[\n\t]/g, ' ').replace(AROUND, '');
}

export function token(name: string, what: string): string {
  if (!TOKEN.test(name)) throw new TreeError(`'${name.slice(0, 80)}' is no ${what}: use small letters, digits, - and _, a letter first`);
  return name;
}

export function isToken(name: string): boolean {
  return TOKEN.test(name);
}

/** A JSON object with sorted keys, no spaces, ASCII only. */
export function canonicalJson(text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TreeError(`raw holds '${text.slice(0, 40)}': give a JSON object`);
  }
  return JSON.stringify(sortedKeys(value)).replace(/[\u007f-\uffff]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  const found = value as Record<string, unknown>;
  return Object.fromEntries(Object.keys(found).sort().map((key) => [key, sortedKeys(found[key])]));
}
