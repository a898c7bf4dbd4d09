// `gesso-figma/1`: what is replayed on the canvas. design/to/figma.py makes the same from the same tree.

export interface GessoPaint {
  type: string;
  color?: { r: number; g: number; b: number };
  opacity?: number;
  token?: string;
  slot?: string;
  scaleMode?: string;
  imageHash?: string | null;
  imageTransform?: number[][];
  place?: { fit: string; x: number; y: number; width: number; height: number };
  gradientTransform?: number[][];
  gradientStops?: { position: number; color: Rgba }[];
}
export interface Rgba {
  r: number;
  g: number;
  b: number;
  a: number;
}
export interface GessoEffect {
  type: string;
  [name: string]: unknown;
}
export type Props = Record<string, unknown>;
export interface Range extends Props {
  start: number;
  end: number;
}
export interface Override {
  path: number[];
  props: Props;
  ranges?: Range[];
}
export interface Entry {
  type: 'FRAME' | 'COMPONENT' | 'INSTANCE' | 'TEXT' | 'RECTANGLE' | 'ELLIPSE' | 'SVG';
  parent: number | null;
  props: Props;
  data: Record<string, string>;
  resize: [number, number] | null;
  sizing: Partial<Record<'layoutSizingHorizontal' | 'layoutSizingVertical', 'FIXED' | 'HUG' | 'FILL'>>;
  limits: Partial<Record<'minWidth' | 'maxWidth' | 'minHeight' | 'maxHeight', number>>;
  place: { x?: number; y?: number; layoutPositioning?: 'ABSOLUTE'; constraints?: { horizontal: string; vertical: string } };
  ranges?: Range[];
  svg?: string;
  cell?: [number, number];
  span?: [number, number];
  component?: number;
  overrides?: Override[];
}
export interface Payload {
  format: 'gesso-figma/1';
  fonts: { family: string; style: string }[];
  paintStyles: { name: string; paints: GessoPaint[] }[];
  textStyles: ({ name: string } & Props)[];
  effectStyles: { name: string; effects: GessoEffect[] }[];
  numbers: { space: { name: string; value: number }[]; radius: { name: string; value: number }[] };
  images: { slot: string; url: string | null }[];
  components: { name: string; variant: Record<string, string>; node: number }[];
  notes: string[];
  nodes: Entry[];
}

export class PayloadError extends Error {}

const MAX_ENTRIES = 200_000;

/** The payload that a JSON text holds. Throws PayloadError, so that nothing is begun that could not be ended. */
export function readPayload(text: string): Payload {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new PayloadError('this is no JSON: give a file that `gesso export --to figma` wrote');
  }
  const found = value as Partial<Payload> | null;
  if (typeof found !== 'object' || found === null || found.format !== 'gesso-figma/1') {
    throw new PayloadError('this is no gesso-figma/1: give a file that `gesso export --to figma` wrote');
  }
  for (const name of ['fonts', 'paintStyles', 'textStyles', 'effectStyles', 'images', 'components', 'notes', 'nodes'] as const) {
    if (!Array.isArray(found[name])) throw new PayloadError(`the file has no list of ${name}: export it again`);
  }
  const nodes = found.nodes!;
  if (nodes.length > MAX_ENTRIES) throw new PayloadError(`the file has ${nodes.length} layers: at most ${MAX_ENTRIES}`);
  nodes.forEach((node, index) => {
    const fine = typeof node === 'object' && node !== null && typeof node.props === 'object' && node.props !== null;
    const below = fine && (node.parent === null || (Number.isInteger(node.parent) && node.parent >= 0 && node.parent < index));
    if (!below) throw new PayloadError(`layer ${index} of the file is damaged: export it again`);
  });
  return found as Payload;
}
