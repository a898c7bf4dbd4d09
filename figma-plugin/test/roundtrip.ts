// One design → the mock's canvas → a design again. What Figma can hold must come back.
import { isDeepStrictEqual } from 'node:util';
import { compile } from '../src/compile/compile';
import type { Payload } from '../src/compile/payload';
import { exportLayers } from '../src/canvas/export';
import { importPayload } from '../src/canvas/import';
import { Progress } from '../src/canvas/notes';
import { parse, print } from '../src/notation';
import { type Mock, mockFigma } from './mock/figma';
import { normal } from './normal';

export interface Outcome {
  mock: Mock;
  violations: readonly string[];
  /** The first difference, or nothing. */
  mismatch: string;
}

export function fontsOf(payload: Payload): Record<string, string[]> {
  const fonts: Record<string, string[]> = { Inter: ['Regular'] };
  for (const { family, style } of payload.fonts) (fonts[family] ??= []).push(style);
  return fonts;
}

export async function roundTrip(payload: Payload, colors: 'variables' | 'styles' = 'variables', compare = true): Promise<Outcome> {
  const mock = mockFigma({ fonts: fontsOf(payload) });
  (globalThis as { figma?: PluginAPI }).figma = mock.figma;
  const progress = new Progress(() => undefined);
  await importPayload(payload, {}, { colors }, progress);
  const steps = mock.undoSteps();
  const selected = mock.figma.currentPage.selection;
  const layers = [...selected, ...mock.page.kids.map((kid) => kid.api).filter((node) => !selected.includes(node))];
  if (!compare) return { mock, violations: mock.document.violations, mismatch: '' };
  const { design } = await exportLayers(layers, progress);
  const again = compile(parse(print(design)), new Map());
  const mismatch = difference(normal(payload, colors === 'variables'), normal(again, colors === 'variables')) || (steps === 1 ? '' : `${steps} steps of undo`);
  return { mock, violations: mock.document.violations, mismatch };
}

/** The first place where two values differ, as a path and both values. */
export function difference(a: unknown, b: unknown, path = ''): string {
  if (isDeepStrictEqual(a, b)) return '';
  if (typeof a === 'number' && typeof b === 'number' && Math.abs(a - b) < 0.011) return '';
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return `${path}: ${JSON.stringify(a)} became ${JSON.stringify(b)}`;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const found = difference((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], `${path}.${key}`);
    if (found) return found;
  }
  return '';
}
