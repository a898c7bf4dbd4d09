// Figma's paints, effects and strokes → the tree's.
import {
  BLENDS, type Blend, type Fit, type Node, type Paint as TreePaint, type Shadow, type Sides, type Stroke, conic, linear, radial,
  shadow, slotPaint, solid, stop, stroke,
} from '../tree';
import { IMAGES, readJson } from './data';
import type { Notes } from './notes';

/** What the paints of a design refer to: names for colours, and slots for images as they are met. */
export class Reader {
  readonly images = new Map<string, string>(); // slot → image hash
  private readonly slots = new Map<string, string>(); // image hash → slot
  readonly palette = new Map<string, string>();
  readonly drawings = new Map<string, SceneNode>(); // slot → layer

  constructor(
    private readonly colors: ReadonlyMap<string, { name: string; color: string }>,
    private readonly notes: Notes,
  ) {}

  paints(given: readonly Paint[] | symbol, layer: { getPluginData(key: string): string } | null, styleId?: string | symbol): TreePaint[] {
    if (typeof given === 'symbol') return [];
    const known = layer ? this.known(layer) : [];
    const named = typeof styleId === 'string' ? this.colors.get(styleId) : undefined;
    const visible = given.map((paint, index) => ({ paint, index })).filter(({ paint }) => paint.visible !== false);
    return visible.flatMap(({ paint, index }) => this.paint(paint, known[index] ?? null, given.length === 1 ? named : undefined));
  }

  private known(layer: { getPluginData(key: string): string }): (KnownImage | null)[] {
    return readJson(layer.getPluginData(IMAGES), (value): value is (KnownImage | null)[] => Array.isArray(value)) ?? [];
  }

  private paint(paint: Paint, known: KnownImage | null, named?: { name: string; color: string }): TreePaint[] {
    if (paint.type === 'SOLID') {
      const id = paint.boundVariables?.color?.id;
      const token = named ?? (id ? this.colors.get(id) : undefined);
      return [token ? this.token(token, paint.opacity ?? 1) : solid(hex({ ...paint.color, a: paint.opacity ?? 1 }))];
    }
    if (paint.type === 'IMAGE') return [this.image(paint, known)];
    if (!('gradientStops' in paint)) {
      this.notes.add(`A fill of the kind ${paint.type.toLowerCase()} was left out`);
      return [];
    }
    const opacity = paint.opacity ?? 1;
    const stops = paint.gradientStops.map(({ color, position }) => stop(solid(hex({ ...color, a: color.a * opacity })), position));
    const [[a, b, e], [c, d, f]] = paint.gradientTransform;
    if (paint.type === 'GRADIENT_LINEAR') return [linear(degrees(a, b), stops)];
    if (paint.type === 'GRADIENT_RADIAL') {
      const [sx, sy] = [Math.hypot(a, c) || 1, Math.hypot(b, d) || 1];
      return [radial(((0.5 - e) / sx) * 100, ((0.5 - f) / sy) * 100, 50 / sx, 50 / sy, stops)];
    }
    if (paint.type === 'GRADIENT_DIAMOND') this.notes.add('A diamond gradient became a conic one');
    const [x, y] = [0.5 - e, 0.5 - f];
    const size = a * d - b * c || 1;
    return [conic(degrees(a, b), ((x * d - y * b) / size) * 100, ((y * a - x * c) / size) * 100, stops)];
  }

  /** A token by its name; its alpha is what the paint has beyond the token's own. */
  private token({ name, color }: { name: string; color: string }, opacity: number): TreePaint {
    this.palette.set(name, color);
    const own = color.length === 9 ? parseInt(color.slice(7), 16) / 255 : 1;
    return solid(`$${name}`, own ? Math.min(1, opacity / own) : 1);
  }

  private image(paint: ImagePaint, known: KnownImage | null): TreePaint {
    const hash = paint.imageHash;
    let slot = known?.slot && /^[a-z0-9][a-z0-9_-]{0,63}$/.test(known.slot) ? known.slot : (hash && this.slots.get(hash)) || '';
    if (!slot) slot = `image-${this.slots.size + 1}`;
    if (hash) {
      this.slots.set(hash, slot);
      this.images.set(slot, hash);
    }
    const place = known?.place;
    const fits: Record<string, Fit> = { FILL: 'cover', FIT: 'contain', CROP: 'fill', TILE: 'tile' };
    const fit = place && ['cover', 'contain', 'fill', 'none', 'tile'].includes(place.fit) ? (place.fit as Fit) : fits[paint.scaleMode]!;
    if (paint.scaleMode === 'CROP' && !known && !whole(paint.imageTransform)) this.notes.add('A cropped picture is stretched in the notation');
    const numbers = [place?.x ?? 50, place?.y ?? 50, place?.width ?? 0, place?.height ?? 0].map(Number);
    return slotPaint(slot, fit, numbers[0], numbers[1], numbers[2], numbers[3], paint.opacity ?? 1);
  }

  drawing(layer: SceneNode, known: string | undefined): TreePaint {
    let slot = known && /^[a-z0-9][a-z0-9_-]{0,63}$/.test(known) ? known : '';
    for (let n = 1; !slot || (!known && this.drawings.has(slot)); n++) slot = `icon-${this.drawings.size + n}`;
    this.drawings.set(slot, layer);
    return slotPaint(slot);
  }

  strokes(layer: GeometryMixin & Partial<IndividualStrokesMixin> & { getPluginData(key: string): string }): Stroke[] {
    const ink = this.paints(layer.strokes, null, layer.strokeStyleId)[0];
    if (!ink) return [];
    if (layer.strokes.length > 1) this.notes.add('A border of several paints: the first one is kept');
    const weight = layer.strokeWeight;
    const widths: Sides = typeof weight === 'number'
      ? [weight, weight, weight, weight]
      : [layer.strokeTopWeight ?? 0, layer.strokeRightWeight ?? 0, layer.strokeBottomWeight ?? 0, layer.strokeLeftWeight ?? 0];
    const [on, off] = layer.dashPattern;
    const dash = on === undefined ? 'solid' : on === off ? 'dotted' : 'dashed';
    const places: Record<string, Stroke['place']> = { INSIDE: 'inside', CENTER: 'center', OUTSIDE: 'outside' };
    return [stroke(ink, widths, dash, places[layer.strokeAlign] ?? 'inside')];
  }

  effects(effects: readonly Effect[]): Pick<Node, 'shadows' | 'blur' | 'backdrop'> {
    const shadows: Shadow[] = [];
    let blur = 0;
    let backdrop = 0;
    for (const effect of effects) {
      if (!effect.visible) continue;
      if (effect.type === 'DROP_SHADOW' || effect.type === 'INNER_SHADOW') {
        const { offset, radius, spread, color } = effect;
        shadows.push(shadow(offset.x, offset.y, radius, spread ?? 0, solid(hex(color)), effect.type === 'INNER_SHADOW'));
      } else if (effect.type === 'LAYER_BLUR') blur = effect.radius / 2;
      else if (effect.type === 'BACKGROUND_BLUR') backdrop = effect.radius / 2;
      else this.notes.add(`An effect of the kind ${effect.type.toLowerCase()} was left out`);
    }
    return { shadows, blur, backdrop };
  }
}

interface KnownImage {
  slot: string;
  place?: { fit: string; x: number; y: number; width: number; height: number };
}

export function hex({ r, g, b, a }: { r: number; g: number; b: number; a: number }): string {
  const byte = (value: number): string => Math.round(Math.max(0, Math.min(1, value)) * 255).toString(16).padStart(2, '0');
  return `#${byte(r)}${byte(g)}${byte(b)}${a >= 0.999 ? '' : byte(a)}`;
}

export function blendOf(mode: BlendMode): Blend {
  if (mode === 'LINEAR_DODGE') return 'plus-lighter';
  const name = mode.toLowerCase().replace(/_/g, '-') as Blend;
  return BLENDS.includes(name) ? name : 'normal';
}

/** The CSS angle of a gradient that runs along (a, b): 0 upwards, 90 to the right. */
function degrees(a: number, b: number): number {
  const found = (Math.atan2(a, -b) * 180) / Math.PI;
  return found < 0 ? found + 360 : found;
}

function whole(transform: Transform | undefined): boolean {
  return !transform || transform.flat().every((value, i) => Math.abs(value - [1, 0, 0, 0, 1, 0][i]!) < 1e-3);
}
