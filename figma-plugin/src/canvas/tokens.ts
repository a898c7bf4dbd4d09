// The design's tokens → variables and styles of the file. What is there already with the same value is used again.
import type { GessoPaint, Payload } from '../compile/payload';
import type { ImportOptions } from '../messages';
import type { Fonts } from './fonts';
import type { PaintMaker } from './paints';

const COLLECTION = 'Gesso';

export interface Numbers {
  readonly space: ReadonlyMap<number, Variable>;
  readonly radius: ReadonlyMap<number, Variable>;
}
export interface Styles {
  readonly paint: ReadonlyMap<string, PaintStyle>;
  readonly text: ReadonlyMap<string, TextStyle>;
  readonly effect: ReadonlyMap<string, EffectStyle>;
}

/** Colour variables by token, and number variables by value. */
export async function makeVariables(payload: Payload, options: ImportOptions): Promise<{ colors: Map<string, Variable>; numbers: Numbers; made: number }> {
  const colors = new Map<string, Variable>();
  const numbers = { space: new Map<number, Variable>(), radius: new Map<number, Variable>() };
  const wanted = payload.paintStyles.length + payload.numbers.space.length + payload.numbers.radius.length;
  if (options.colors === 'styles' || !wanted) return { colors, numbers, made: 0 };
  const collections = await figma.variables.getLocalVariableCollectionsAsync();
  const collection = collections.find(({ name }) => name === COLLECTION) ?? figma.variables.createVariableCollection(COLLECTION);
  const existing = (await figma.variables.getLocalVariablesAsync()).filter((v) => v.variableCollectionId === collection.id);
  const mode = collection.defaultModeId;
  let made = 0;
  const variable = (name: string, type: VariableResolvedDataType, value: VariableValue): Variable => {
    for (let number = 1; ; number++) {
      const full = number === 1 ? name : `${name} ${number}`;
      const found = existing.find((v) => v.name === full);
      if (found && found.resolvedType === type && alike(found.valuesByMode[mode], value)) return found;
      if (found) continue;
      const fresh = figma.variables.createVariable(full, collection, type);
      fresh.setValueForMode(mode, value);
      existing.push(fresh);
      made++;
      return fresh;
    }
  };
  for (const { name, paints } of payload.paintStyles) {
    const { color, opacity } = paints[0]!;
    colors.set(name, variable(`color/${name}`, 'COLOR', { ...color!, a: opacity ?? 1 }));
  }
  for (const group of ['space', 'radius'] as const) {
    for (const { name, value } of payload.numbers[group]) {
      if (!numbers[group].has(value)) numbers[group].set(value, variable(`${group}/${name}`, 'FLOAT', value));
    }
  }
  return { colors, numbers, made };
}

/** Styles by token. Fonts are loaded already. */
export async function makeStyles(payload: Payload, options: ImportOptions, fonts: Fonts, paints: PaintMaker): Promise<Styles & { made: number }> {
  let made = 0;
  const pick = <S extends { name: string }>(existing: S[], name: string, fits: (style: S) => boolean, create: () => S, fill: (style: S) => void): S => {
    for (let number = 1; ; number++) {
      const full = number === 1 ? name : `${name} ${number}`;
      const found = existing.find((style) => style.name === full);
      if (found && fits(found)) return found;
      if (found) continue;
      const fresh = create();
      fresh.name = full;
      fill(fresh);
      existing.push(fresh);
      made++;
      return fresh;
    }
  };
  const paint = new Map<string, PaintStyle>();
  if (options.colors === 'styles' && payload.paintStyles.length) {
    const existing = await figma.getLocalPaintStylesAsync();
    for (const style of payload.paintStyles) {
      const wanted = paints.make(style.paints as GessoPaint[], null);
      paint.set(style.name, pick(existing, style.name, (s) => samePaints(s.paints, wanted), () => figma.createPaintStyle(), (s) => (s.paints = wanted)));
    }
  }
  const text = new Map<string, TextStyle>();
  if (payload.textStyles.length) {
    const existing = await figma.getLocalTextStylesAsync();
    for (const style of payload.textStyles) {
      const { fontSize, lineHeight, letterSpacing } = style as unknown as Pick<TextStyle, 'fontSize' | 'lineHeight' | 'letterSpacing'>;
      const wanted = { fontName: fonts.find(style.fontName as FontName), fontSize, lineHeight, letterSpacing };
      const fits = (s: TextStyle): boolean => (Object.keys(wanted) as (keyof typeof wanted)[]).every((name) => alike(s[name], wanted[name]));
      text.set(style.name, pick(existing, style.name, fits, () => figma.createTextStyle(), (s) => Object.assign(s, wanted)));
    }
  }
  const effect = new Map<string, EffectStyle>();
  if (payload.effectStyles.length) {
    const existing = await figma.getLocalEffectStylesAsync();
    for (const { name, effects } of payload.effectStyles) {
      const wanted = effects as unknown as Effect[];
      effect.set(name, pick(existing, name, (s) => alike(s.effects, wanted), () => figma.createEffectStyle(), (s) => (s.effects = wanted)));
    }
  }
  return { paint, text, effect, made };
}

function samePaints(a: readonly Paint[], b: readonly Paint[]): boolean {
  const core = (paints: readonly Paint[]): unknown => paints.map((p) => (p.type === 'SOLID' ? [p.color.r, p.color.g, p.color.b, p.opacity ?? 1] : p));
  return alike(core(a), core(b));
}

/** Equal but for what Figma rounds to single precision, and for what it adds. */
export function alike(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) < 1e-4;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const right = b as Record<string, unknown>;
  const left = a as Record<string, unknown>;
  return Object.keys(right).every((key) => alike(left[key], right[key])) && (!Array.isArray(a) || a.length === (b as unknown[]).length);
}
