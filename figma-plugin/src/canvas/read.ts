// Layers on the canvas → the tree. Instances are read as plain layers; `export.ts` makes instances of them again.
import {
  type Align, type Fields, type Justify, type Length, type Node, type Sides, type Track, at, cell, node as makeNode, track,
} from '../tree';
import { NAMES, nameOf } from '../compile/compile';
import { turned } from '../compile/layout';
import { IMAGES, dataOf } from './data';
import type { Notes } from './notes';
import { type Reader, blendOf } from './read_paints';
import type { TextReader } from './read_text';

const JUSTIFY: Readonly<Record<string, Justify>> = { MIN: 'start', CENTER: 'center', MAX: 'end', SPACE_BETWEEN: 'between' };
const ALIGN: Readonly<Record<string, Align>> = { MIN: 'start', CENTER: 'center', MAX: 'end', BASELINE: 'baseline' };
const ACROSS: Readonly<Record<string, string>> = { CENTER: 'c', MAX: 'r', STRETCH: 'h', SCALE: 'x' };
const DOWN: Readonly<Record<string, string>> = { CENTER: 'm', MAX: 'b', STRETCH: 'v', SCALE: 'y' };
const KINDS = { HORIZONTAL: 'row', VERTICAL: 'col', GRID: 'grid', NONE: 'box' } as const;

type Container = FrameNode | ComponentNode | InstanceNode;
type Mutable = { -readonly [K in keyof Node]?: Node[K] };

export class LayerReader {
  /** Instances below the layer that was asked for, with the nodes that they were read as. */
  onInstance: (layer: InstanceNode, plain: Node) => Node = (_, plain) => plain;

  constructor(private readonly paints: Reader, private readonly texts: TextReader, private readonly notes: Notes) {}

  read(layer: SceneNode, parent: SceneNode | null, dx = 0, dy = 0): Node | null {
    const fields = this.fields(layer, parent, dx, dy);
    if (!fields) return null;
    const made = makeNode(fields);
    return layer.type === 'INSTANCE' ? this.onInstance(layer, made) : made;
  }

  private fields(layer: SceneNode, parent: SceneNode | null, dx: number, dy: number): Fields | null {
    const data = dataOf(layer);
    const base: Mutable = { visible: layer.visible };
    if (data.role && /^[a-z][a-z0-9_-]{0,63}$/.test(data.role)) base.role = data.role;
    if (data.raw) base.raw = data.raw;
    if (data.link) base.link = data.link;
    if (data.ratio && 'targetAspectRatio' in layer && layer.targetAspectRatio) base.ratio = Number(data.ratio) || 0;
    for (const name of ['bind', 'shown'] as const) if (data[name]) base[name] = data[name];
    if (layer.type === 'GROUP' || layer.type === 'SECTION' || layer.type === 'TRANSFORM_GROUP' || layer.type === 'COMPONENT_SET') {
      const group = layer.type === 'GROUP' || layer.type === 'TRANSFORM_GROUP';
      const children = layer.children.map((child) => this.read(child, layer, group ? -layer.x : 0, group ? -layer.y : 0));
      return this.named(layer, { ...base, ...this.box(layer, parent, dx, dy), kind: 'box', children: children.filter((c) => c !== null) });
    }
    if (!('effects' in layer)) {
      this.notes.add(`A layer of the kind ${layer.type.toLowerCase()} was left out`);
      return null;
    }
    Object.assign(base, this.box(layer, parent, dx, dy), this.look(layer));
    if (data.kind === 'svg' && data.slot && layer.type !== 'RECTANGLE') return this.named(layer, { ...base, kind: 'svg', fills: [this.paints.drawing(layer, data.slot)] });
    switch (layer.type) {
      case 'FRAME':
      case 'COMPONENT':
      case 'INSTANCE':
        return this.named(layer, { ...base, ...this.frame(layer) });
      case 'TEXT':
        return this.named(layer, { ...base, kind: 't', ...this.texts.read(layer) });
      case 'ELLIPSE':
        return this.named(layer, { ...base, kind: 'oval', fills: this.paints.paints(layer.fills, layer, layer.fillStyleId) });
      case 'RECTANGLE': {
        const fills = this.paints.paints(layer.fills, layer, layer.fillStyleId);
        const ours = layer.getPluginData(IMAGES) !== '';
        const kind = isShape(data.kind) ? data.kind : !ours && fills.some((f) => f.kind === 'slot') ? 'img' : 'rect';
        return this.named(layer, { ...base, kind, fills });
      }
      case 'LINE':
        return this.named(layer, { ...base, kind: 'line', height: 0 });
      default:
        return this.named(layer, { ...base, kind: 'svg', strokes: [], shadows: [], fills: [this.paints.drawing(layer, data.slot)] });
    }
  }

  /** A name that says what the layer is anyway is none. */
  private named(layer: SceneNode, fields: Fields): Fields {
    const plain = fields.kind === 't' ? nameOf(makeNode({ ...fields, children: [] })) : NAMES[fields.kind];
    return layer.name === plain ? fields : { ...fields, name: layer.name };
  }

  private box(layer: SceneNode, parent: SceneNode | null, dx: number, dy: number): Mutable {
    const rotation = 'rotation' in layer && layer.rotation ? (Math.abs(layer.rotation) === 180 ? 180 : -layer.rotation) : 0;
    const found: Mutable = { width: length(layer, 'Horizontal'), height: length(layer, 'Vertical'), rotation };
    const flows = parent && 'layoutMode' in parent && parent.layoutMode !== 'NONE' && 'layoutPositioning' in layer && layer.layoutPositioning !== 'ABSOLUTE';
    if (parent && !flows) {
      const [x, y] = turned(0, 0, [layer.width, layer.height], rotation);
      const constraints = 'constraints' in layer ? layer.constraints : null;
      const pin = constraints ? (ACROSS[constraints.horizontal] ?? '') + (DOWN[constraints.vertical] ?? '') : '';
      found.at = at(layer.x - x + dx, layer.y - y + dy, pin);
    }
    if (flows && parent.layoutMode === 'GRID' && 'gridRowAnchorIndex' in layer) {
      found.cell = cell(layer.gridColumnAnchorIndex + 1, layer.gridRowAnchorIndex + 1, layer.gridColumnSpan, layer.gridRowSpan);
    }
    if ('minWidth' in layer) {
      found.minWidth = layer.minWidth ?? 0;
      found.maxWidth = layer.maxWidth;
      found.minHeight = layer.minHeight ?? 0;
      found.maxHeight = layer.maxHeight;
    }
    return found;
  }

  private look(layer: SceneNode & BlendMixin): Mutable {
    const found: Mutable = { opacity: layer.opacity, blend: blendOf(layer.blendMode), ...this.paints.effects(layer.effects) };
    if ('strokes' in layer) found.strokes = this.paints.strokes(layer as FrameNode);
    if ('cornerRadius' in layer && 'topLeftRadius' in layer) {
      const { topLeftRadius, topRightRadius, bottomRightRadius, bottomLeftRadius } = layer;
      found.radii = [topLeftRadius, topRightRadius, bottomRightRadius, bottomLeftRadius];
    }
    return found;
  }

  private frame(layer: Container): Fields {
    const found: Fields = { kind: KINDS[layer.layoutMode], fills: this.paints.paints(layer.fills, layer, layer.fillStyleId) };
    const scrolls = { NONE: '', HORIZONTAL: 'x', VERTICAL: 'y', BOTH: 'xy' } as const;
    found.scroll = scrolls[layer.overflowDirection];
    found.clip = layer.clipsContent && !found.scroll;
    if (layer.layoutMode !== 'NONE') {
      found.padding = [layer.paddingTop, layer.paddingRight, layer.paddingBottom, layer.paddingLeft] as Sides;
    }
    if (layer.layoutMode === 'GRID') {
      found.gap = [layer.gridColumnGap, layer.gridRowGap];
      found.columns = layer.gridColumnCount;
      found.columnTracks = layer.gridColumnSizes.map((size) => readTrack(size, layer.layoutSizingHorizontal === 'HUG'));
      found.rowTracks = layer.gridRowSizes.map((size) => readTrack(size, false));
    } else if (layer.layoutMode !== 'NONE') {
      found.gap = [layer.itemSpacing, layer.layoutWrap === 'WRAP' ? (layer.counterAxisSpacing ?? layer.itemSpacing) : 0];
      found.justify = JUSTIFY[layer.primaryAxisAlignItems]!;
      found.align = ALIGN[layer.counterAxisAlignItems]!;
      found.wrap = layer.layoutWrap === 'WRAP';
    }
    found.children = layer.children.map((child) => this.read(child, layer)).filter((child) => child !== null);
    return found;
  }
}

function isShape(kind: string | undefined): kind is 'img' | 'line' | 'svg' {
  return kind === 'img' || kind === 'line' || kind === 'svg';
}

function readTrack({ type, value }: GridTrackSize, hugs: boolean): Track {
  if (type === 'HUG') return track(0, hugs ? 'fr' : 'hug');
  return track(value ?? 1, type === 'FIXED' ? 'px' : 'fr');
}

function length(layer: SceneNode, axis: 'Horizontal' | 'Vertical'): Length {
  const size = axis === 'Horizontal' ? layer.width : layer.height;
  if (layer.type === 'TEXT') {
    if (layer.textAutoResize === 'WIDTH_AND_HEIGHT') return 'hug';
    if (axis === 'Vertical' && layer.textAutoResize === 'HEIGHT') return layer.layoutSizingVertical === 'FILL' ? 'fill' : 'hug';
  }
  const sizing = `layoutSizing${axis}` in layer ? (layer as FrameNode)[`layoutSizing${axis}`] : 'FIXED';
  const auto = 'layoutMode' in layer && layer.layoutMode !== 'NONE';
  return sizing === 'FILL' ? 'fill' : sizing === 'HUG' && auto ? 'hug' : size;
}
