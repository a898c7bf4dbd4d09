// Design tree → payload. As design/to/figma.py, and tested to give the same.
import { type Design, FRAMES, type Node, SOFT_BREAK, SPACE, type SlotPaint } from '../tree';
import { printNode, ratioText } from '../notation';
import { inlinedImage } from './links';
import { type Instance, Instances, aligned } from './instances';
import { type Cell4, extent, gridCells, layout, limits, place, sizing } from './layout';
import { Paints } from './paints';
import type { Entry, Payload, Props } from './payload';
import { Type } from './text';
import { same } from '../tree/expand';

const TYPES: Readonly<Record<string, Entry['type']>> = { t: 'TEXT', rect: 'RECTANGLE', img: 'RECTANGLE', oval: 'ELLIPSE', line: 'RECTANGLE', svg: 'SVG' };
export const NAMES: Readonly<Record<string, string>> = {
  col: 'Column', row: 'Row', grid: 'Grid', box: 'Box', img: 'Image', svg: 'Icon', oval: 'Oval', rect: 'Rectangle', line: 'Line',
};
const SPACES = new RegExp(SPACE);
const EDGES = { inside: 'INSIDE', center: 'CENTER', outside: 'OUTSIDE' };
const RESET: Props = { effects: [], strokes: [], opacity: 1, blendMode: 'PASS_THROUGH', visible: true, cornerRadius: 0, rotation: 0 };

/** The payload of a design; `slots` maps names to data URLs of pictures or SVG source. */
export function compile(design: Design, slots: ReadonlyMap<string, string> = new Map()): Payload {
  return new Compiler(aligned(design), slots).build();
}

interface Step {
  node: Node;
  parent: Node | null;
  parentId: number | null;
  cell: Cell4 | null;
}

class Compiler {
  private readonly paints: Paints;
  private readonly type: Type;
  private readonly instances: Instances;
  private readonly shadows: [Node['shadows'], string][];
  private readonly images = new Map<string, string>();
  private readonly drawings = new Map<string, string>();
  private readonly nodes: Entry[] = [];
  private readonly places = new Map<number, number>(); // a component's number → its place in the payload
  private readonly notes = new Map<string, number>();

  constructor(private readonly design: Design, slots: ReadonlyMap<string, string>) {
    this.paints = new Paints(new Map(design.palette));
    this.type = new Type(design, this.paints);
    this.instances = new Instances(design);
    this.shadows = design.shadows.map(([name, shadows]) => [shadows, name]);
    for (const [name, value] of slots) {
      const address = value.trimStart().startsWith('<') ? null : inlinedImage(value);
      if (address) this.images.set(name, address);
      else if (value.trimStart().startsWith('<')) this.drawings.set(name, value);
    }
  }

  build(): Payload {
    const { design } = this;
    const components: Payload['components'] = [];
    for (const number of this.instances.order()) {
      const { name, variant, root } = design.components[number]!;
      if (!FRAMES.has(root.kind)) continue;
      this.places.set(number, components.length);
      components.push({ name, variant: Object.fromEntries(variant), node: this.nodes.length });
      this.tree(root, name);
    }
    for (const root of design.roots) this.tree(root);
    const textStyles = design.styles.map(([name, style]) => ({ name, ...this.type.style(style) }));
    return {
      format: 'gesso-figma/1',
      fonts: [...this.type.loaded.values()],
      paintStyles: design.palette.map(([name, color]) => ({ name, paints: [this.paints.literal(color)] })),
      textStyles,
      effectStyles: design.shadows.map(([name, shadows]) => ({ name, effects: shadows.map((s) => this.paints.shadow(s)) })),
      numbers: {
        space: design.spaces.map(([name, value]) => ({ name, value })),
        radius: design.corners.map(([name, value]) => ({ name, value })),
      },
      images: [...this.paints.slots].sort().map((slot) => ({ slot, url: this.images.get(slot) ?? null })),
      components,
      notes: [...this.notes].map(([text, count]) => (count > 1 ? `${text} (${count}×)` : text)),
      nodes: this.nodes,
    };
  }

  private note(text: string): void {
    this.notes.set(text, (this.notes.get(text) ?? 0) + 1);
  }

  private tree(root: Node, component = ''): void {
    const stack: Step[] = [{ node: root, parent: null, parentId: null, cell: null }];
    for (let step = stack.pop(); step; step = stack.pop()) {
      const own = this.nodes.length;
      const found = step.node.kind === 'use' ? this.instances.resolve(step.node) : step.node;
      if ('changes' in found) {
        this.nodes.push(this.instance(step, found));
        continue;
      }
      if (step.node.kind === 'use') this.note('an instance that Figma cannot hold: made of plain layers');
      const cells = found.kind === 'grid' ? gridCells(found) : [];
      const entry = this.look(found, cells);
      if (component && step.parentId === null) {
        entry.type = 'COMPONENT';
        entry.props.name = component;
      }
      entry.parent = step.parentId;
      placing(entry, found, step);
      this.nodes.push(entry);
      if (!FRAMES.has(found.kind)) continue;
      let flow = 0;
      const steps = found.children.map((child) => ({
        node: child, parent: found, parentId: own, cell: found.kind === 'grid' && !child.at ? cells[flow++]! : null,
      }));
      stack.push(...steps.reverse());
    }
  }

  /** Type, properties, ranges and data of a layer: all but where it stands and how large it is. */
  private look(node: Node, cells: readonly Cell4[]): Entry {
    let type = FRAMES.has(node.kind) ? 'FRAME' : (TYPES[node.kind] ?? 'FRAME');
    const props: Props = { name: node.name || nameOf(node) };
    const entry = { type, parent: null, props } as unknown as Entry;
    const drawn = type === 'SVG' ? node.fills.find((fill) => fill.kind === 'slot') : undefined;
    if (type === 'SVG') {
      entry.svg = drawn ? (this.drawings.get(drawn.slot) ?? '') : '';
      if (!entry.svg) entry.type = type = 'RECTANGLE';
    }
    if (type === 'TEXT') entry.ranges = this.type.text(node, props);
    else if (type !== 'SVG') {
      props.fills = node.fills.map((fill) => this.paints.paint(fill));
      const token = this.paints.token(node.fills);
      if (token) props.fillStyle = token;
    }
    this.strokes(node, props);
    this.shape(node, type, props);
    if (type === 'FRAME') layout(node, cells, props);
    entry.data = dataOf(node, drawn);
    return entry;
  }

  private strokes(node: Node, props: Props): void {
    const [first] = node.strokes;
    if (!first) return;
    if (node.strokes.some((stroke) => !same(stroke.paint, first.paint) || stroke.dash !== first.dash)) {
      this.note("borders of several paints on one layer: all have the first one's");
    }
    props.strokes = [this.paints.paint(first.paint)];
    props.strokeAlign = EDGES[first.place];
    const widths = [0, 1, 2, 3].map((i) => Math.max(...node.strokes.map((stroke) => stroke.widths[i]!)));
    const shape = FRAMES.has(node.kind) || ['rect', 'img', 'line', 'use'].includes(node.kind);
    if (new Set(widths).size === 1 || !shape) props.strokeWeight = Math.max(...widths);
    else ['Top', 'Right', 'Bottom', 'Left'].forEach((side, i) => (props[`stroke${side}Weight`] = widths[i]));
    if (first.dash === 'solid') return;
    const unit = Math.max(...widths) || 1;
    props.dashPattern = first.dash === 'dashed' ? [unit * 3, unit * 2] : [unit, unit];
  }

  private shape(node: Node, type: string, props: Props): void {
    if (node.radii.some(Boolean) && (type === 'FRAME' || type === 'RECTANGLE')) {
      if (new Set(node.radii).size === 1) props.cornerRadius = node.radii[0];
      else ['topLeftRadius', 'topRightRadius', 'bottomRightRadius', 'bottomLeftRadius'].forEach((corner, i) => (props[corner] = node.radii[i]));
    }
    const effects = node.shadows.map((shadow) => this.paints.shadow(shadow));
    for (const [radius, name] of [[node.blur, 'LAYER_BLUR'], [node.backdrop, 'BACKGROUND_BLUR']] as const) {
      if (radius) effects.push({ type: name, blurType: 'NORMAL', radius: radius * 2, visible: true });
    }
    if (effects.length) {
      props.effects = effects;
      const style = node.blur || node.backdrop ? undefined : this.shadows.find(([shadows]) => same(shadows, node.shadows))?.[1];
      if (style) props.effectStyle = style;
    }
    if (node.opacity !== 1) props.opacity = node.opacity;
    if (node.blend !== 'normal') props.blendMode = node.blend === 'plus-lighter' ? 'LINEAR_DODGE' : node.blend.replaceAll('-', '_').toUpperCase();
    if (node.rotation) props.rotation = node.rotation === 180 ? 180 : -node.rotation;
    if (!node.visible) props.visible = false;
  }

  private instance(step: Step, found: Instance): Entry {
    const [own, ...inside] = found.changes;
    const entry = {
      type: 'INSTANCE', component: this.places.get(found.component)!, parent: step.parentId,
      props: this.changes({ ...own!.base, name: step.node.component }, own!.made).props, // it is met under its component's name
      overrides: inside.map(({ path, base, made }) => ({ path, ...this.changes(base, made) })).filter(({ props }) => Object.keys(props).length),
      data: { ...dataOf(step.node, undefined), use: printNode({ ...step.node, children: [], selfAlign: null }) },
    } as unknown as Entry;
    placing(entry, own!.made, step);
    if (own!.base.width === own!.made.width && own!.base.height === own!.made.height) entry.resize = null;
    return entry;
  }

  /** The properties that differ, and for text all of its type and its ranges. */
  private changes(base: Node, made: Node): { props: Props; ranges?: NonNullable<Entry['ranges']> } {
    const [before, after] = [this.look(base, []), this.look(made, [])];
    if (made.kind === 't' && !same(sorted(before), sorted(after))) {
      const lines = [before.props, ...(before.ranges ?? [])].some(({ textDecoration }) => textDecoration); // stay on the canvas
      return { props: { ...(lines ? { textDecoration: 'NONE' } : {}), ...after.props }, ranges: after.ranges! };
    }
    const props: Props = {};
    for (const name of Object.keys(before.props)) if (name in RESET && !(name in after.props)) props[name] = RESET[name];
    for (const [name, value] of Object.entries(after.props)) if (!same(before.props[name], value)) props[name] = value;
    return { props };
  }
}

function sorted(entry: Entry): unknown {
  return [entry.type, Object.entries(entry.props).sort(([a], [b]) => (a < b ? -1 : 1)), entry.ranges, Object.entries(entry.data).sort()];
}

function placing(entry: Entry, node: Node, { parent, cell }: Step): void {
  const size = extent(node, parent);
  entry.resize = [Math.max(0.01, size[0]), Math.max(0.01, size[1])];
  if (cell) {
    entry.cell = [cell[0], cell[1]];
    entry.span = [cell[2], cell[3]];
  }
  entry.sizing = sizing(node, parent, entry.type);
  entry.limits = limits(node, parent, entry.type);
  entry.place = place(node, parent, size);
}

function dataOf(node: Node, drawn: SlotPaint | undefined): Record<string, string> {
  const data: Record<string, string> = {};
  if (node.role) data.role = node.role;
  if (node.bind) data.bind = node.bind;
  if (node.shown) data.shown = node.shown;
  if (node.raw) data.raw = node.raw;
  if (node.ratio) data.ratio = ratioText(node.ratio);
  if (node.link && node.kind !== 't') data.link = node.link;
  if (['img', 'svg', 'line'].includes(node.kind)) data.kind = node.kind;
  if (drawn) data.slot = drawn.slot;
  return data;
}

export function nameOf(node: Node): string {
  if (node.kind !== 't') return NAMES[node.kind] ?? node.kind;
  const words = node.runs.map((run) => run.text).join('').replaceAll(SOFT_BREAK, ' ').split(SPACES).filter(Boolean);
  return Array.from(words.join(' ')).slice(0, 40).join('') || 'Text';
}
