// What Figma accepts as a value. Every check throws; the mock adds the throw to its list of violations.

export class Refused extends Error {}

export function refuse(why: string): never {
  throw new Refused(why);
}

export function number(value: unknown, low = -Infinity, high = Infinity): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) refuse(`expected a finite number, got ${String(value)}`);
  if (value < low || value > high) refuse(`expected a number from ${low} to ${high}, got ${value}`);
  return value;
}

export function text(value: unknown): string {
  if (typeof value !== 'string') refuse(`expected text, got ${typeof value}`);
  return value;
}

export function flag(value: unknown): boolean {
  if (typeof value !== 'boolean') refuse(`expected true or false, got ${String(value)}`);
  return value;
}

export function oneOf(...words: string[]): (value: unknown) => string {
  return (value) => {
    if (typeof value !== 'string' || !words.includes(value)) refuse(`expected ${words.join('|')}, got ${String(value)}`);
    return value;
  };
}

export function record(value: unknown, required: string[], optional: string[] = []): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('expected an object');
  const found = value as Record<string, unknown>;
  for (const key of Object.keys(found)) {
    if (!required.includes(key) && !optional.includes(key)) refuse(`unrecognized key ${key}`);
  }
  for (const key of required) if (found[key] === undefined) refuse(`required value missing at ${key}`);
  return found;
}

export function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) refuse('expected an array');
  return value as unknown[];
}

function color(value: unknown, ...keys: string[]): void {
  const found = record(value, keys);
  for (const key of keys) number(found[key], 0, 1);
}

function transform(value: unknown): void {
  const rows = list(value);
  if (rows.length !== 2) refuse('a transform has 2 rows');
  for (const row of rows) {
    const cells = list(row);
    if (cells.length !== 3) refuse('a row of a transform has 3 numbers');
    cells.forEach((cell) => number(cell));
  }
}

const BLEND = oneOf(
  'PASS_THROUGH', 'NORMAL', 'DARKEN', 'MULTIPLY', 'LINEAR_BURN', 'COLOR_BURN', 'LIGHTEN', 'SCREEN', 'LINEAR_DODGE',
  'COLOR_DODGE', 'OVERLAY', 'SOFT_LIGHT', 'HARD_LIGHT', 'DIFFERENCE', 'EXCLUSION', 'HUE', 'SATURATION', 'COLOR',
  'LUMINOSITY',
);

export function blendMode(value: unknown): string {
  return BLEND(value);
}

const COMMON = ['opacity', 'visible', 'blendMode'];

export function paint(value: unknown, images: ReadonlySet<string>): void {
  const type = (value as { type?: unknown } | null)?.type;
  if (type === 'SOLID') {
    const found = record(value, ['type', 'color'], [...COMMON, 'boundVariables']);
    color(found.color, 'r', 'g', 'b');
    common(found);
  } else if (type === 'IMAGE') {
    const found = record(value, ['type', 'scaleMode', 'imageHash'], [
      ...COMMON, 'imageTransform', 'scalingFactor', 'rotation', 'filters',
    ]);
    oneOf('FILL', 'FIT', 'CROP', 'TILE')(found.scaleMode);
    if (found.imageHash !== null && !images.has(text(found.imageHash))) refuse('an image hash that no image has');
    if (found.imageTransform !== undefined) {
      if (found.scaleMode !== 'CROP') refuse('imageTransform is for CROP');
      transform(found.imageTransform);
    }
    if (found.scalingFactor !== undefined) {
      if (found.scaleMode !== 'TILE') refuse('scalingFactor is for TILE');
      number(found.scalingFactor, 0.01, 100);
    }
    common(found);
  } else if (typeof type === 'string' && type.startsWith('GRADIENT_')) {
    oneOf('GRADIENT_LINEAR', 'GRADIENT_RADIAL', 'GRADIENT_ANGULAR', 'GRADIENT_DIAMOND')(type);
    const found = record(value, ['type', 'gradientTransform', 'gradientStops'], COMMON);
    transform(found.gradientTransform);
    const stops = list(found.gradientStops);
    if (stops.length < 2) refuse('a gradient has at least 2 stops');
    for (const stop of stops) {
      const entry = record(stop, ['position', 'color'], ['boundVariables']);
      number(entry.position, 0, 1);
      color(entry.color, 'r', 'g', 'b', 'a');
    }
    common(found);
  } else refuse(`no type of paint: ${String(type)}`);
}

function common(found: Record<string, unknown>): void {
  if (found.opacity !== undefined) number(found.opacity, 0, 1);
  if (found.visible !== undefined) flag(found.visible);
  if (found.blendMode !== undefined) blendMode(found.blendMode);
}

export function effect(value: unknown): void {
  const type = (value as { type?: unknown } | null)?.type;
  if (type === 'LAYER_BLUR' || type === 'BACKGROUND_BLUR') {
    const found = record(value, ['type', 'blurType', 'radius', 'visible'], ['boundVariables']);
    oneOf('NORMAL')(found.blurType);
    number(found.radius, 0);
    flag(found.visible);
  } else if (type === 'DROP_SHADOW' || type === 'INNER_SHADOW') {
    const found = record(value, ['type', 'color', 'offset', 'radius', 'visible', 'blendMode'], [
      'spread', 'boundVariables', ...(type === 'DROP_SHADOW' ? ['showShadowBehindNode'] : []),
    ]);
    color(found.color, 'r', 'g', 'b', 'a');
    const offset = record(found.offset, ['x', 'y']);
    number(offset.x);
    number(offset.y);
    number(found.radius, 0);
    if (found.spread !== undefined) number(found.spread);
    flag(found.visible);
    blendMode(found.blendMode);
  } else refuse(`no type of effect: ${String(type)}`);
}

export function fontName(value: unknown): FontName {
  const found = record(value, ['family', 'style']);
  return { family: text(found.family), style: text(found.style) };
}

export function lineHeight(value: unknown): void {
  const unit = (value as { unit?: unknown } | null)?.unit;
  if (unit === 'AUTO') record(value, ['unit']);
  else {
    const found = record(value, ['unit', 'value']);
    oneOf('PIXELS', 'PERCENT')(found.unit);
    number(found.value, 0);
  }
}

export function letterSpacing(value: unknown): void {
  const found = record(value, ['unit', 'value']);
  oneOf('PIXELS', 'PERCENT')(found.unit);
  number(found.value);
}

export function constraints(value: unknown): void {
  const found = record(value, ['horizontal', 'vertical']);
  const side = oneOf('MIN', 'CENTER', 'MAX', 'STRETCH', 'SCALE');
  side(found.horizontal);
  side(found.vertical);
}

/** Width and height of a PNG, JPEG or GIF; null where the bytes are none of them, which is all that Figma takes. */
export function imageSize(bytes: Uint8Array): { width: number; height: number } | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length > 24 && view.getUint32(0) === 0x89504e47) return { width: view.getUint32(16), height: view.getUint32(20) };
  if (bytes.length > 10 && view.getUint32(0) === 0x47494638) {
    return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; at + 9 < bytes.length; ) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value) && !ArrayBuffer.isView(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
