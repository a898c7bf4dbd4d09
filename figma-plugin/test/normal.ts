// A payload in a form that two payloads which show the same thing share.
import type { Entry, GessoPaint, Payload, Props } from '../src/compile/payload';

const BASE: Props = {
  opacity: 1, blendMode: 'PASS_THROUGH', visible: true, rotation: 0, cornerRadius: 0, effects: [], strokes: [], dashPattern: [],
  textDecoration: 'NONE', textCase: 'ORIGINAL', textAlignVertical: 'TOP', textTruncation: 'DISABLED',
};
const TYPE = ['fontName', 'fontSize', 'lineHeight', 'letterSpacing', 'fills', 'textDecoration', 'hyperlink'];

/**
 * What is left to the layout is taken out; runs of text are told by what they show. Without `tokens`, colours are told by
 * what they show as well: a paint style stands for a whole fill only, a variable for any paint.
 */
export function normal(payload: Payload, tokens = true): unknown {
  return JSON.parse(JSON.stringify(told(payload)), (key, value: unknown) => (key === 'token' && !tokens ? undefined : value));
}

function told(payload: Payload): unknown {
  return {
    trees: trees(payload),
    paintStyles: payload.paintStyles,
    textStyles: payload.textStyles,
    effectStyles: payload.effectStyles,
    numbers: payload.numbers,
    images: payload.images.map(({ slot }) => slot),
  };
}

const keyOf = ({ name, variant }: Payload['components'][number]): string => JSON.stringify([name, Object.entries(variant).sort()]);

/** Tree by tree, components by name and variant: in which order they stand in the file says nothing. */
function trees(payload: Payload): [string, unknown[]][] {
  const keys = new Map(payload.components.map((component) => [component.node, keyOf(component)]));
  const found: [string, unknown[]][] = [];
  let start = 0;
  payload.nodes.forEach((entry, index) => {
    if (entry.parent === null) {
      start = index;
      found.push([keys.get(index) ?? '', []]);
    }
    const component = entry.component === undefined ? undefined : keyOf(payload.components[entry.component]!);
    const parent = entry.parent === null ? null : entry.parent - start;
    found.at(-1)![1].push({ ...(node(entry.resize || entry.component === undefined ? entry : { ...entry, resize: payload.nodes[payload.components[entry.component]!.node]!.resize }) as object), component, parent });
  });
  return found.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function node(entry: Entry): unknown {
  const { props, sizing, resize, place } = entry;
  const size = resize && [keep(sizing.layoutSizingHorizontal, resize[0]), keep(sizing.layoutSizingVertical, resize[1])];
  if (size && props.textAutoResize === 'WIDTH_AND_HEIGHT') size.fill(null);
  if (size && props.textAutoResize === 'HEIGHT') size[1] = null;
  const told = size?.every((side) => side === null) ? null : size;
  const { use, ...data } = entry.data;
  return {
    type: entry.type, parent: entry.parent, props: plain(props, entry.type), size: told, sizing, limits: entry.limits, place,
    cell: entry.cell, span: entry.span, svg: entry.svg, component: entry.component, data: { ...data, ...(use ? { use: true } : {}) },
    segments: entry.type === 'TEXT' ? segments(props, entry.ranges ?? []) : undefined,
    overrides: entry.overrides?.map(({ path, props: given, ranges }) => [path, plain(given, 'TEXT'), segments(given, ranges ?? [])]),
  };
}

function keep(sizing: string | undefined, value: number): number | null {
  return sizing === 'HUG' || sizing === 'FILL' ? null : value;
}

function plain(props: Props, type: string): Props {
  const found: Props = {};
  for (const [name, value] of Object.entries(props)) {
    if (TYPE.includes(name) && type === 'TEXT') continue;
    if (name === 'textStyle' || name === 'fillStyle') continue;
    if (JSON.stringify(BASE[name]) === JSON.stringify(value)) continue;
    found[name] = name === 'fills' || name === 'strokes' ? (value as GessoPaint[]).map(paint) : value;
  }
  if (found.strokes === undefined) for (const name of Object.keys(found)) if (/^stroke/.test(name) && name !== 'strokesIncludedInLayout') delete found[name];
  return found;
}

function paint({ gradientTransform, ...rest }: GessoPaint): unknown {
  return gradientTransform ? { ...rest, gradientTransform: gradientTransform.map((row) => row.map((cell) => Math.round(cell * 1e3))) } : rest;
}

function segments(props: Props, ranges: readonly Props[]): unknown[] {
  const text = (props.characters as string | undefined) ?? '';
  const base = pick(props);
  const runs = Array.from({ length: text.length }, () => base);
  for (const range of ranges) for (let at = range.start as number; at < (range.end as number); at++) runs[at] = { ...base, ...pick(range) };
  const found: { text: string; style: string }[] = [];
  runs.forEach((run, at) => {
    const style = JSON.stringify(run, Object.keys(run).sort().concat('family', 'style', 'unit', 'value', 'type', 'color', 'r', 'g', 'b', 'a', 'opacity', 'gradientTransform', 'gradientStops', 'position', 'slot'));
    const last = found.at(-1);
    if (last?.style === style) last.text += text[at];
    else found.push({ text: text[at]!, style });
  });
  return found;
}

function pick(props: Props): Props {
  return Object.fromEntries(TYPE.filter((name) => props[name] !== undefined && props[name] !== 'NONE').map((name) => [name, props[name]]));
}
