// Any design → a wireframe of it: the layout and the words stay, the looks go. Pure.
import { type Component, type Design, FRAMES, type Node, type Paint, type Run, type Style, type TextStyle, ZERO, node as makeNode, run, solid, stroke } from '../tree';
import { parse } from '../notation';
import { TOKENS } from './blocks';

const WORDS = 80; // characters; a longer text becomes bars
const SIZES = [12, 14, 16, 20, 28, 40];
const BUTTON_HEIGHT = 72;

export function lower(design: Design): Design {
  const kit = parse(TOKENS);
  const styles = new Map(design.styles);
  const colors = new Map(design.palette);
  const lowerer = new Lowerer(styles, colors);
  const components: Component[] = design.components.map((component) => ({ ...component, root: lowerer.node(component.root, 0) }));
  return {
    ...kit, components, spaces: design.spaces, corners: [], shadows: [], fonts: [],
    roots: design.roots.map((root) => lowerer.root(root)),
  };
}

class Lowerer {
  constructor(private readonly styles: ReadonlyMap<string, TextStyle>, private readonly colors: ReadonlyMap<string, string>) {}

  root(node: Node): Node {
    const made = this.node(node, 0);
    return FRAMES.has(made.kind) ? { ...made, fills: [solid('$paper')], strokes: [] } : made;
  }

  node(node: Node, depth: number, dark = false): Node {
    const bare: Node = {
      ...node, shadows: [], opacity: 1, blur: 0, backdrop: 0, blend: 'normal', raw: '', link: '', upper: false, underline: false,
      radii: node.radii.map((r) => (r > 16 ? r : r > 8 ? 10 : r > 2 ? 6 : 0)) as unknown as Node['radii'],
    };
    switch (node.kind) {
      case 't':
        return this.text(bare, dark);
      case 'img':
        return { ...bare, fills: [solid('$fill'), ...node.fills.filter((fill) => fill.kind === 'slot')], strokes: [] };
      case 'svg':
        return makeNode({ ...bare, kind: 'rect', fills: [solid('$line')], strokes: [], radii: [4, 4, 4, 4], children: [] });
      case 'use':
        return { ...bare, fills: [], strokes: [], radii: ZERO, props: node.props.filter(({ value }) => typeof value === 'boolean' || !('stops' in value) && value.kind !== 'solid') };
      case 'rect':
      case 'oval':
      case 'line':
        return { ...bare, fills: [solid(this.tone(node.fills) === 'dark' ? '$ink' : thin(node) ? '$line' : '$fill')], strokes: [] };
      default:
        return this.frame(bare, node, depth, dark);
    }
  }

  private frame(bare: Node, node: Node, depth: number, dark: boolean): Node {
    const tone = this.tone(node.fills);
    const button = node.role === 'button' || isButton(node);
    const inked = button && tone === 'dark';
    const edged = node.strokes.length > 0 || node.shadows.length > 0 || (button && !inked);
    const fills: Paint[] = inked ? [solid('$ink')] : tone === 'none' ? [] : [solid(tone === 'light' ? '$paper' : '$fill')];
    const widths = node.strokes[0]?.widths;
    return {
      ...bare, fills,
      strokes: edged && !inked ? [stroke(solid('$line'), widths && widths.some(Boolean) ? (widths.map((w) => (w ? 1 : 0)) as unknown as Node['padding']) : undefined)] : [],
      children: node.children.map((child) => this.node(child, depth + 1, inked || (dark && tone === 'none'))),
    };
  }

  private text(bare: Node, dark: boolean): Node {
    const words = bare.runs.map(({ text }) => text).join('');
    const found = typeof bare.style === 'string' ? this.styles.get(bare.style) : bare.style;
    const size = found?.size ?? 16;
    if (words.length > WORDS && size < 20) return bars(bare, words.length, size);
    const strong = size >= 18 || (found?.weight ?? 400) >= 600;
    const runs: Run[] = words ? [run(words)] : [];
    return { ...bare, style: styleFor(size, found?.weight ?? 400), fills: [solid(dark ? '$paper' : strong ? '$ink' : '$mute')], runs, strokes: [] };
  }

  private tone(fills: readonly Paint[]): 'none' | 'light' | 'middle' | 'dark' {
    const last = fills.at(-1);
    if (!last) return 'none';
    if (last.kind === 'slot') return 'middle';
    const paint = last.kind === 'solid' ? last : last.stops[0]!.color;
    const color = paint.color.startsWith('$') ? (this.colors.get(paint.color.slice(1)) ?? '#888888') : paint.color;
    const alpha = (color.length === 9 ? parseInt(color.slice(7), 16) / 255 : 1) * paint.alpha;
    if (alpha < 0.05) return 'none';
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16) / 255) as [number, number, number];
    const light = (0.2126 * r + 0.7152 * g + 0.0722 * b) * alpha + (1 - alpha);
    const vivid = Math.max(r, g, b) - Math.min(r, g, b) > 0.4 && alpha > 0.5;
    return light > 0.92 ? 'light' : light < 0.45 || vivid ? 'dark' : 'middle';
  }
}

function styleFor(size: number, weight: number): Style {
  if (size >= 28) return 'title';
  if (size >= 18) return 'heading';
  const nearest = SIZES.reduce((a, b) => (Math.abs(b - size) < Math.abs(a - size) ? b : a));
  return nearest === 14 || nearest === 16 ? (weight >= 500 ? 'label' : 'text') : weight >= 500 ? 'label' : 'text';
}

function thin({ width, height }: Node): boolean {
  return (typeof width === 'number' && width <= 4) || (typeof height === 'number' && height <= 4);
}

/** A painted frame around a short text, no higher than a finger. */
function isButton(node: Node): boolean {
  const texts = node.children.filter((child) => child.kind === 't');
  const height = typeof node.height === 'number' ? node.height : 0;
  return (
    (node.kind === 'row' || node.kind === 'col') && texts.length === 1 && node.children.length <= 3 && node.fills.length > 0 &&
    height <= BUTTON_HEIGHT && node.padding[0] <= 28 && texts[0]!.runs.map(({ text }) => text).join('').length <= 40
  );
}

/** A long text as bars of about as many lines. */
function bars(text: Node, characters: number, size: number): Node {
  const width = typeof text.width === 'number' ? text.width : text.width === 'fill' ? 480 : 320;
  const lines = Math.max(2, Math.min(6, Math.ceil((characters * size * 0.5) / Math.max(80, width))));
  const children = Array.from({ length: lines }, (_, i) =>
    makeNode({ kind: 'rect', width: i === lines - 1 ? Math.round(width * 0.6) : 'fill', height: 8, fills: [solid('$fill')], radii: [4, 4, 4, 4] }));
  return makeNode({
    kind: 'col', name: 'Text', width: text.width === 'hug' ? width : text.width, at: text.at, cell: text.cell, gap: [8, 0],
    padding: [4, 0, 4, 0], children, visible: text.visible,
  });
}
