// Paints and shadows in the Plugin API's terms. As design/to/figma_paint.py.
import { type Conic, type Linear, type Paint, type Radial, type Shadow, type SlotPaint, type Solid, rounded, solid } from '../tree';
import type { GessoEffect, GessoPaint, Rgba } from './payload';

const SCALE = { cover: 'FILL', contain: 'FIT', fill: 'CROP', none: 'FILL', tile: 'TILE' };
const UNKNOWN = '#888888';

export class Paints {
  /** The names of the pictures that the paints show. */
  readonly slots = new Set<string>();

  constructor(private readonly palette: ReadonlyMap<string, string>) {}

  literal(color: string): GessoPaint {
    return this.solid(solid(color));
  }

  /** The paint style that stands for these fills as they are. */
  token(fills: readonly Paint[]): string | null {
    const [fill] = fills;
    if (fills.length !== 1 || fill?.kind !== 'solid' || fill.alpha !== 1 || !fill.color.startsWith('$')) return null;
    const name = fill.color.slice(1);
    return this.palette.has(name) ? name : null;
  }

  paint(given: Paint): GessoPaint {
    if (given.kind === 'solid') return this.solid(given);
    if (given.kind === 'slot') {
      this.slots.add(given.slot);
      return image(given);
    }
    const gradientStops = given.stops.map(({ color, at }) => ({ position: Math.min(1, Math.max(0, at)), color: this.rgba(color) }));
    if (given.kind === 'linear') return { type: 'GRADIENT_LINEAR', gradientTransform: linearTransform(given), gradientStops };
    if (given.kind === 'conic') return { type: 'GRADIENT_ANGULAR', gradientTransform: conicTransform(given), gradientStops };
    return { type: 'GRADIENT_RADIAL', gradientTransform: radialTransform(given), gradientStops };
  }

  private solid(given: Solid): GessoPaint {
    const { a, ...color } = this.rgba(given);
    const token = given.color.startsWith('$') && this.palette.has(given.color.slice(1)) ? { token: given.color.slice(1) } : {};
    return { type: 'SOLID', color, opacity: a, ...token };
  }

  rgba(given: Solid): Rgba {
    const named = given.color.startsWith('$') ? (this.palette.get(given.color.slice(1)) ?? UNKNOWN) : given.color;
    const { color } = solid(named, given.alpha);
    const digits = color.slice(1) + (color.length === 7 ? 'ff' : '');
    const [r, g, b, a] = [0, 2, 4, 6].map((i) => rounded(parseInt(digits.slice(i, i + 2), 16) / 255, 4));
    return { r: r!, g: g!, b: b!, a: a! };
  }

  shadow({ x, y, blur, spread, color, inner }: Shadow): GessoEffect {
    const effect: GessoEffect = {
      type: inner ? 'INNER_SHADOW' : 'DROP_SHADOW', color: this.rgba(color), offset: { x, y }, radius: blur, spread,
      visible: true, blendMode: 'NORMAL',
    };
    return inner ? effect : { ...effect, showShadowBehindNode: false };
  }
}

function image({ slot, fit, x, y, width, height, alpha }: SlotPaint): GessoPaint {
  const found: GessoPaint = { type: 'IMAGE', scaleMode: SCALE[fit], slot, imageHash: null };
  if (fit === 'fill') found.imageTransform = [[1, 0, 0], [0, 1, 0]];
  if (alpha !== 1) found.opacity = alpha;
  if (fit === 'none' || x !== 50 || y !== 50 || width || height) found.place = { fit, x, y, width, height };
  return found;
}

export function linearTransform({ angle }: Linear): number[][] {
  const turn = (angle * Math.PI) / 180;
  const run = Math.abs(Math.sin(turn)) + Math.abs(Math.cos(turn));
  const [dx, dy] = [Math.sin(turn) / run, -Math.cos(turn) / run];
  return [row(dx, dy, 0.5 - (dx + dy) / 2), row(-dy, dx, 0.5 - (dx - dy) / 2)];
}

export function radialTransform({ cx, cy, rx, ry }: Radial): number[][] {
  const [sx, sy] = [50 / rx, 50 / ry];
  return [row(sx, 0, 0.5 - (sx * cx) / 100), row(0, sy, 0.5 - (sy * cy) / 100)];
}

export function conicTransform({ angle, cx, cy }: Conic): number[][] {
  const turn = (angle * Math.PI) / 180;
  const [dx, dy] = [Math.sin(turn), -Math.cos(turn)];
  const [x, y] = [cx / 100, cy / 100];
  return [row(dx, dy, 0.5 - dx * x - dy * y), row(-dy, dx, 0.5 + dy * x - dx * y)];
}

function row(...cells: number[]): number[] {
  return cells.map((cell) => rounded(cell, 6) + 0);
}
