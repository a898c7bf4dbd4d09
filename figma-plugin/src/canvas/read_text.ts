// A text layer → the tree's text: one base style, and runs that differ from it.
import { type Node, type Paint as TreePaint, type Run, type Style, type TextStyle as TreeStyle, run, textStyle } from '../tree';
import { same } from '../tree/expand';
import { readStyle } from './fonts';
import type { Reader } from './read_paints';

type Segment = Pick<StyledTextSegment,
  'characters' | 'fontName' | 'fontSize' | 'lineHeight' | 'letterSpacing' | 'fills' | 'fillStyleId' | 'textStyleId' | 'textDecoration' | 'hyperlink'>;
const FIELDS = ['fontName', 'fontSize', 'lineHeight', 'letterSpacing', 'fills', 'fillStyleId', 'textStyleId', 'textDecoration', 'hyperlink'] as const;
const ALIGN = { LEFT: 'left', CENTER: 'center', RIGHT: 'right', JUSTIFIED: 'justify' } as const;
const VERTICAL = { TOP: 'top', CENTER: 'middle', BOTTOM: 'bottom' } as const;

export class TextReader {
  readonly styles = new Map<string, TreeStyle>();

  constructor(private readonly reader: Reader, private readonly named: ReadonlyMap<string, { name: string; style: TreeStyle }>) {}

  read(layer: TextNode): Partial<Node> {
    const segments = (layer.characters ? layer.getStyledTextSegments([...FIELDS]) : [empty(layer)]) as Segment[];
    const base = longest(segments);
    const style = this.style(base);
    const fills = this.reader.paints(base.fills, null, base.fillStyleId);
    const underline = segments.every((s) => s.textDecoration === 'UNDERLINE');
    const upper = layer.textCase === 'UPPER';
    return {
      style, fills, underline, upper,
      runs: layer.characters ? segments.map((segment) => this.run(segment, style, fills, underline)) : [],
      textAlign: ALIGN[layer.textAlignHorizontal],
      vertical: VERTICAL[layer.textAlignVertical],
      maxLines: layer.textTruncation === 'ENDING' && layer.maxLines ? layer.maxLines : 0,
    };
  }

  private run(segment: Segment, base: Style, ink: readonly TreePaint[], underlined: boolean): Run {
    const style = this.style(segment);
    const paint = this.reader.paints(segment.fills, null, segment.fillStyleId).at(-1) ?? null;
    const link = segment.hyperlink?.type === 'URL' ? segment.hyperlink.value : '';
    return run(segment.characters, {
      style: same(style, base) ? null : style,
      paint: same(paint, ink.at(-1) ?? null) ? null : paint,
      underline: segment.textDecoration === 'UNDERLINE' && !underlined,
      strike: segment.textDecoration === 'STRIKETHROUGH',
      link,
    });
  }

  /** The name of a style of the file, or a style of its own. */
  private style(segment: Segment): Style {
    const known = this.named.get(segment.textStyleId);
    if (known) {
      this.styles.set(known.name, known.style);
      return known.name;
    }
    return styleOf(segment);
  }
}

export function styleOf({ fontName, fontSize, lineHeight, letterSpacing }: Pick<Segment, 'fontName' | 'fontSize' | 'lineHeight' | 'letterSpacing'>): TreeStyle {
  const { weight, italic } = readStyle(fontName.style);
  const line = lineHeight.unit === 'AUTO' ? 0 : lineHeight.unit === 'PIXELS' ? lineHeight.value : (fontSize * lineHeight.value) / 100;
  const spacing = letterSpacing.unit === 'PIXELS' ? letterSpacing.value : (fontSize * letterSpacing.value) / 100;
  return textStyle(fontName.family, weight, fontSize, line, spacing, italic);
}

function longest(segments: readonly Segment[]): Segment {
  const lengths = new Map<string, number>();
  const key = (s: Segment): string => JSON.stringify([s.fontName, s.fontSize, s.lineHeight, s.letterSpacing, s.fills, s.textStyleId]);
  for (const s of segments) lengths.set(key(s), (lengths.get(key(s)) ?? 0) + s.characters.length);
  return [...segments].sort((a, b) => lengths.get(key(b))! - lengths.get(key(a))!)[0]!;
}

function empty(layer: TextNode): Segment {
  return {
    characters: '', fontName: layer.fontName as FontName, fontSize: layer.fontSize as number, lineHeight: layer.lineHeight as LineHeight,
    letterSpacing: layer.letterSpacing as LetterSpacing, fills: layer.fills as Paint[], fillStyleId: layer.fillStyleId as string,
    textStyleId: layer.textStyleId as string, textDecoration: layer.textDecoration as TextDecoration, hyperlink: null,
  };
}
