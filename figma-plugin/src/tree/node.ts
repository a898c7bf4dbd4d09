// The design tree: plain, read-only values; `node` and its like normalise as design/tree does in Python.
import type { Paint, Shadow, Stroke } from './paint';
import {
  COMPONENT, type Length, type Sides, TreeError, ZERO, canonicalJson, clean, length, number, oneLine, positive, proportion, share, sides,
  token, whole,
} from './values';

export const KINDS = ['col', 'row', 'grid', 'box', 't', 'rect', 'oval', 'line', 'img', 'svg', 'use'] as const;
export type Kind = (typeof KINDS)[number];
export const FRAMES: ReadonlySet<Kind> = new Set(['col', 'row', 'grid', 'box'] as const);
export type Justify = 'start' | 'center' | 'end' | 'between';
export type Align = 'start' | 'center' | 'end' | 'baseline';
export type TextAlign = 'left' | 'center' | 'right' | 'justify';
export type Vertical = 'top' | 'middle' | 'bottom';
export type Scroll = '' | 'x' | 'y' | 'xy';
export const BLENDS = [
  'normal', 'multiply', 'screen', 'overlay', 'darken', 'lighten', 'color-dodge', 'color-burn', 'hard-light', 'soft-light',
  'difference', 'exclusion', 'hue', 'saturation', 'color', 'luminosity', 'plus-lighter',
] as const;
export type Blend = (typeof BLENDS)[number];

export interface TextStyle {
  readonly family: string;
  readonly weight: number;
  readonly size: number;
  readonly lineHeight: number;
  readonly letterSpacing: number;
  readonly italic: boolean;
}
/** A style of its own, or the name of one of the design's. */
export type Style = TextStyle | string;

export interface Run {
  readonly kind: 'run';
  readonly text: string;
  readonly paint: Paint | null;
  readonly style: Style | null;
  readonly underline: boolean;
  readonly strike: boolean;
  readonly link: string;
}
export interface At {
  readonly x: number;
  readonly y: number;
  readonly pin: string;
}
export interface Cell {
  readonly column: number;
  readonly row: number;
  readonly columns: number;
  readonly rows: number;
}
export interface Track {
  readonly value: number;
  readonly unit: 'px' | 'fr' | 'hug';
}
export interface Word {
  readonly kind: 'word';
  readonly text: string;
}
export interface Bound {
  readonly kind: 'bound';
  readonly name: string;
}
export type PropValue = Run | Paint | boolean | Word | Bound;
export interface Prop {
  readonly name: string;
  readonly value: PropValue;
}

export interface Node {
  readonly kind: Kind;
  readonly name: string;
  readonly width: Length;
  readonly height: Length;
  readonly at: At | null;
  readonly padding: Sides;
  readonly gap: readonly [number, number];
  readonly justify: Justify;
  readonly align: Align;
  readonly wrap: boolean;
  readonly columns: number;
  readonly fills: readonly Paint[];
  readonly strokes: readonly Stroke[];
  readonly radii: Sides;
  readonly shadows: readonly Shadow[];
  readonly opacity: number;
  readonly clip: boolean;
  readonly blur: number;
  readonly backdrop: number;
  readonly style: Style | null;
  readonly textAlign: TextAlign;
  readonly upper: boolean;
  readonly underline: boolean;
  readonly runs: readonly Run[];
  readonly raw: string;
  readonly children: readonly Node[];
  readonly role: string;
  readonly minWidth: number;
  readonly maxWidth: number | null;
  readonly minHeight: number;
  readonly maxHeight: number | null;
  readonly selfAlign: Align | null;
  readonly columnTracks: readonly Track[];
  readonly rowTracks: readonly Track[];
  readonly cell: Cell | null;
  readonly rotation: number;
  readonly blend: Blend;
  readonly scroll: Scroll;
  readonly visible: boolean;
  readonly vertical: Vertical;
  readonly maxLines: number;
  readonly ratio: number;
  readonly link: string;
  readonly bind: string;
  readonly shown: string;
  readonly component: string;
  readonly props: readonly Prop[];
}

export interface Component {
  readonly name: string;
  readonly root: Node;
  readonly variant: readonly (readonly [string, string])[];
}

export type Named<T> = readonly (readonly [string, T])[];
export interface Design {
  readonly roots: readonly Node[];
  readonly palette: Named<string>;
  readonly fonts: Named<string>;
  readonly styles: Named<TextStyle>;
  readonly components: readonly Component[];
  readonly spaces: Named<number>;
  readonly corners: Named<number>;
  readonly shadows: Named<readonly Shadow[]>;
}

export const DEFAULTS: Omit<Node, 'kind' | 'children'> = {
  name: '', width: 'hug', height: 'hug', at: null, padding: ZERO, gap: [0, 0], justify: 'start', align: 'start', wrap: false,
  columns: 0, fills: [], strokes: [], radii: ZERO, shadows: [], opacity: 1, clip: false, blur: 0, backdrop: 0, style: null,
  textAlign: 'left', upper: false, underline: false, runs: [], raw: '', role: '', minWidth: 0, maxWidth: null, minHeight: 0,
  maxHeight: null, selfAlign: null, columnTracks: [], rowTracks: [], cell: null, rotation: 0, blend: 'normal', scroll: '',
  visible: true, vertical: 'top', maxLines: 0, ratio: 0, link: '', bind: '', shown: '', component: '', props: [],
};

export const MAX_LINK = 4000;

export function textStyle(family: string, weight = 400, size = 16, lineHeight = 0, letterSpacing = 0, italic = false): TextStyle {
  const name = oneLine(family, 1000) || 'sans-serif';
  if (name.startsWith('^')) token(name.slice(1), 'font token');
  return {
    family: name, weight: Math.max(1, whole(weight)), size: Math.max(0.01, number(size)), lineHeight: positive(lineHeight),
    letterSpacing: number(letterSpacing), italic,
  };
}

export function run(text: string, given: Partial<Omit<Run, 'kind' | 'text'>> = {}): Run {
  if (typeof given.style === 'string') token(given.style, "text style's name");
  return {
    kind: 'run', text: clean(text), paint: given.paint ?? null, style: given.style ?? null,
    underline: given.underline ?? false, strike: given.strike ?? false, link: oneLine(given.link ?? '', MAX_LINK),
  };
}

export function at(x: number, y: number, pin = ''): At {
  return { x: number(x), y: number(y), pin };
}

export function cell(column = 0, row = 0, columns = 1, rows = 1): Cell {
  return { column: whole(column), row: whole(row), columns: Math.max(1, whole(columns)), rows: Math.max(1, whole(rows)) };
}

export function track(value: number, unit: Track['unit']): Track {
  const px = positive(value);
  return { unit, value: unit === 'hug' ? 0 : unit === 'fr' ? Math.max(0.01, px) : px };
}

export function word(text: string): Word {
  const found = oneLine(text, 64);
  if (!found) throw new TreeError("a property's word is empty: name a variant or a component");
  return { kind: 'word', text: found };
}

export function bound(name: string): Bound {
  return { kind: 'bound', name: token(name, 'property') };
}

export function prop(name: string, value: PropValue): Prop {
  return { name: token(name, 'property'), value };
}

function turn(degrees: number): number {
  const rest = ((number(degrees) % 360) + 360) % 360;
  const turned = number(rest);
  return turned > 180 ? number(turned - 360) : turned;
}

export type Fields = { -readonly [K in keyof Node]?: Node[K] } & { kind: Kind };

/** A node with everything that is not given at its default. Throws TreeError for what no node can hold. */
export function node(given: Fields): Node {
  const made = { ...DEFAULTS, children: [], ...given } as { -readonly [K in keyof Node]: Node[K] };
  if (typeof made.style === 'string') token(made.style, "text style's name");
  made.name = oneLine(made.name, 200);
  made.width = length(made.width);
  made.height = length(made.height);
  made.padding = sides(made.padding);
  made.gap = [number(made.gap[0]), number(made.gap[1])];
  made.radii = sides(made.radii).map((r) => Math.max(0, r)) as unknown as Sides;
  made.opacity = share(made.opacity);
  made.blur = positive(made.blur);
  made.backdrop = positive(made.backdrop);
  made.raw = made.raw ? canonicalJson(made.raw) : '';
  made.maxLines = whole(made.maxLines);
  made.minWidth = positive(made.minWidth);
  made.minHeight = positive(made.minHeight);
  made.maxWidth = made.maxWidth === null ? null : positive(made.maxWidth);
  made.maxHeight = made.maxHeight === null ? null : positive(made.maxHeight);
  made.rotation = turn(made.rotation);
  made.ratio = proportion(made.ratio);
  made.link = oneLine(made.link, MAX_LINK);
  const alike = made.columnTracks.every((t) => t.unit === 'fr' && t.value === 1);
  made.columns = made.columnTracks.length || whole(made.columns);
  if (made.columnTracks.length > 1000 || made.rowTracks.length > 1000) throw new TreeError('a grid of more than 1000 columns or rows: use fewer');
  if (alike) made.columnTracks = [];
  if (made.cell && !made.cell.column && !made.cell.row && made.cell.columns === 1 && made.cell.rows === 1) made.cell = null;
  for (const name of [made.bind, made.shown]) if (name) token(name, 'property');
  if (made.role) token(made.role, 'role');
  if ((made.kind === 'use') !== Boolean(made.component) || (made.props.length && !made.component)) {
    throw new TreeError("a component and properties make an instance: give kind 'use' and a component, or neither");
  }
  if (made.component && !COMPONENT.test(made.component)) {
    throw new TreeError(`'${made.component.slice(0, 80)}' is no component's name: a capital, then letters, digits, - and _`);
  }
  return made;
}

export function design(given: Partial<Design> = {}): Design {
  return { roots: [], palette: [], fonts: [], styles: [], components: [], spaces: [], corners: [], shadows: [], ...given };
}

/** Every node below and including this one, in order, with its depth. */
export function* walk(root: Node): Generator<[Node, number]> {
  const stack: [Node, number][] = [[root, 0]];
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    yield entry;
    const [{ children }, depth] = entry;
    for (let i = children.length - 1; i >= 0; i--) stack.push([children[i]!, depth + 1]);
  }
}
