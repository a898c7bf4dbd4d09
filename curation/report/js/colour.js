// OKLCH, so that the swatch field lies the way eyes order colours.

const HUES = 24;
const LIGHTS = 11;
const GREY = 0.03; // below this chroma a colour has no hue worth naming

function oklch(hex) {
  const channel = (at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const [r, g, b] = [channel(1), channel(3), channel(5)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  const A = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  const B = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
  return {
    l: 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    c: Math.hypot(A, B),
    h: ((Math.atan2(B, A) * 180) / Math.PI + 360) % 360,
  };
}

const cells = new Map();

/** "hue:lightness" of a colour's place in the field; hue -1 is the grey column. */
function cellOf(hex) {
  if (!cells.has(hex)) {
    const { l, c, h } = oklch(hex);
    const light = Math.min(LIGHTS - 1, Math.max(0, Math.floor(l * LIGHTS)));
    cells.set(hex, `${c < GREY ? -1 : Math.floor((h / 360) * HUES) % HUES}:${light}`);
  }
  return cells.get(hex);
}
