// Paints, borders and shadows.
import { type Sides, SLOT, TreeError, isToken, number, positive, rounded, share, sides } from './values';

export const FITS = ['cover', 'contain', 'fill', 'none', 'tile'] as const;
export type Fit = (typeof FITS)[number];
export type Dash = 'solid' | 'dashed' | 'dotted';
export type StrokePlace = 'inside' | 'center' | 'outside';

/** `color` is #rrggbb, #rrggbbaa or $token; `alpha` multiplies a token's and is folded into a literal's. */
export interface Solid {
  readonly kind: 'solid';
  readonly color: string;
  readonly alpha: number;
}
export interface Stop {
  readonly color: Solid;
  readonly at: number;
}
export interface Linear {
  readonly kind: 'linear';
  readonly angle: number;
  readonly stops: readonly Stop[];
}
export interface Radial {
  readonly kind: 'radial';
  readonly cx: number;
  readonly cy: number;
  readonly rx: number;
  readonly ry: number;
  readonly stops: readonly Stop[];
}
export interface Conic {
  readonly kind: 'conic';
  readonly angle: number;
  readonly cx: number;
  readonly cy: number;
  readonly stops: readonly Stop[];
}
/** An image that is bound later, by name; x, y, width, height as in design/tree/paint.py. */
export interface SlotPaint {
  readonly kind: 'slot';
  readonly slot: string;
  readonly fit: Fit;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly alpha: number;
}
export type Gradient = Linear | Radial | Conic;
export type Paint = Solid | Gradient | SlotPaint;

export interface Stroke {
  readonly paint: Paint;
  readonly widths: Sides;
  readonly dash: Dash;
  readonly place: StrokePlace;
}
export interface Shadow {
  readonly x: number;
  readonly y: number;
  readonly blur: number;
  readonly spread: number;
  readonly color: Solid;
  readonly inner: boolean;
}

const HEX = /^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/;

export function solid(given: string, opacity = 1): Solid {
  const color = given.toLowerCase();
  const alpha = share(opacity);
  if (color.startsWith('$')) {
    if (!isToken(color.slice(1))) throw new TreeError(`'${given.slice(0, 80)}' is no token name: use letters, digits, - and _`);
    return { kind: 'solid', color, alpha };
  }
  if (!HEX.test(color)) throw new TreeError(`'${given.slice(0, 80)}' is no colour: write #rrggbb, #rrggbbaa or $token`);
  const digits = color.length > 5 ? color.slice(1) : Array.from(color.slice(1), (c) => c + c).join('');
  const byte = rounded((digits.length === 8 ? parseInt(digits.slice(6), 16) : 255) * alpha, 0);
  const tail = byte === 255 ? '' : byte.toString(16).padStart(2, '0');
  return { kind: 'solid', color: '#' + digits.slice(0, 6) + tail, alpha: 1 };
}

export function stop(color: Solid, at: number): Stop {
  return { color, at: rounded(number(Math.max(-100, Math.min(100, at)) * 100) / 100, 4) + 0 };
}

function enough(stops: readonly Stop[]): readonly Stop[] {
  if (stops.length < 2 || stops.length > 64) throw new TreeError(`a gradient of ${stops.length} stops: give 2 to 64`);
  return stops;
}

export function linear(angle: number, stops: readonly Stop[]): Linear {
  return { kind: 'linear', angle: number(angle), stops: enough(stops) };
}

export function radial(cx: number, cy: number, rx: number, ry: number, stops: readonly Stop[]): Radial {
  return {
    kind: 'radial', cx: number(cx), cy: number(cy), stops: enough(stops),
    rx: Math.max(0.01, number(rx)), ry: Math.max(0.01, number(ry)),
  };
}

export function conic(angle: number, cx: number, cy: number, stops: readonly Stop[]): Conic {
  return { kind: 'conic', angle: number(angle), cx: number(cx), cy: number(cy), stops: enough(stops) };
}

export function slotPaint(slot: string, fit: Fit = 'cover', x = 50, y = 50, width = 0, height = 0, alpha = 1): SlotPaint {
  if (!SLOT.test(slot)) throw new TreeError(`'${slot.slice(0, 80)}' is no slot name: use letters, digits, - and _`);
  return { kind: 'slot', slot, fit, x: number(x), y: number(y), width: positive(width), height: positive(height), alpha: share(alpha) };
}

export function stroke(paint: Paint, widths: Sides = [1, 1, 1, 1], dash: Dash = 'solid', place: StrokePlace = 'inside'): Stroke {
  const [top, right, bottom, left] = sides(widths);
  return { paint, dash, place, widths: [Math.max(0, top), Math.max(0, right), Math.max(0, bottom), Math.max(0, left)] };
}

export function shadow(x: number, y: number, blur: number, spread: number, color: Solid, inner = false): Shadow {
  return { x: number(x), y: number(y), blur: positive(blur), spread: number(spread), color, inner };
}
