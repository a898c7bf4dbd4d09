// Type and runs of text in the Plugin API's terms. As design/to/figma_text.py.
import { type Design, type Node, type Run, SOFT_BREAK, type Style, type TextStyle, textStyle } from '../tree';
import { safeLink } from './links';
import type { Paints } from './paints';
import type { Props, Range } from './payload';

const WEIGHTS = ['Thin', 'Extra Light', 'Light', 'Regular', 'Medium', 'Semi Bold', 'Bold', 'Extra Bold', 'Black'];
const VERTICAL = { top: 'TOP', middle: 'CENTER', bottom: 'BOTTOM' };
const GENERIC = new Set([
  'serif', 'sans-serif', 'monospace', 'cursive', 'fantasy', 'system-ui', 'ui-sans-serif', 'ui-monospace', 'ui-serif',
  '-apple-system', 'blinkmacsystemfont',
]);

export class Type {
  private readonly fonts: ReadonlyMap<string, string>;
  readonly styles: ReadonlyMap<string, TextStyle>;
  readonly loaded = new Map<string, { family: string; style: string }>([['Inter|Regular', { family: 'Inter', style: 'Regular' }]]);

  constructor(design: Design, private readonly paints: Paints) {
    this.fonts = new Map(design.fonts);
    this.styles = new Map(design.styles);
  }

  /** fontName, fontSize, lineHeight and letterSpacing. */
  style(given: Style | null): Props {
    const found = (typeof given === 'string' ? this.styles.get(given) : given) ?? textStyle('Inter');
    const list = found.family.startsWith('^') ? (this.fonts.get(found.family.slice(1)) ?? '') : found.family;
    const font = { family: family(list), style: fontStyle(found) };
    const key = `${font.family}|${font.style}`;
    if (!this.loaded.has(key)) this.loaded.set(key, font);
    return {
      fontName: font,
      fontSize: Math.max(1, found.size),
      lineHeight: found.lineHeight ? { value: found.lineHeight, unit: 'PIXELS' } : { unit: 'AUTO' },
      letterSpacing: { value: found.letterSpacing, unit: 'PIXELS' },
    };
  }

  /** Everything of a text layer that is text; the font comes before the characters. */
  text(node: Node, props: Props): Range[] {
    const { fontName, ...rest } = this.style(node.style);
    const fixed = node.width !== 'hug';
    const pieces = node.runs.map((run) => (fixed ? run.text.replaceAll(SOFT_BREAK, ' ') : run.text));
    Object.assign(props, { fontName, characters: pieces.join(''), ...rest });
    if (typeof node.style === 'string' && this.styles.has(node.style)) props.textStyle = node.style;
    const last = node.fills.at(-1);
    props.fills = [last ? this.paints.paint(last) : this.paints.literal('#000000')];
    const token = last ? this.paints.token([last]) : null;
    if (token) props.fillStyle = token;
    props.textAlignHorizontal = node.textAlign === 'justify' ? 'JUSTIFIED' : node.textAlign.toUpperCase();
    if (node.vertical !== 'top') props.textAlignVertical = VERTICAL[node.vertical];
    if (node.upper) props.textCase = 'UPPER';
    if (node.underline) props.textDecoration = 'UNDERLINE';
    if (node.maxLines) Object.assign(props, { textTruncation: 'ENDING', maxLines: node.maxLines });
    props.textAutoResize = fixed ? (typeof node.height === 'number' ? 'NONE' : 'HEIGHT') : 'WIDTH_AND_HEIGHT';
    return this.ranges(node, pieces);
  }

  private ranges(node: Node, pieces: readonly string[]): Range[] {
    const ranges: Range[] = [];
    const whole = node.link ? safeLink(node.link) : null;
    let at = 0;
    node.runs.forEach((run, i) => {
      const end = at + pieces[i]!.length;
      const styled = this.run(run, whole);
      if (Object.keys(styled).length && end > at) ranges.push({ start: at, end, ...styled });
      at = end;
    });
    return ranges;
  }

  private run(run: Run, whole: string | null): Props {
    const styled: Props = {};
    if (run.style !== null) Object.assign(styled, this.style(run.style));
    if (typeof run.style === 'string' && this.styles.has(run.style)) styled.textStyle = run.style;
    if (run.paint) styled.fills = [this.paints.paint(run.paint)];
    if (run.underline || run.strike) styled.textDecoration = run.underline ? 'UNDERLINE' : 'STRIKETHROUGH';
    const target = (run.link ? safeLink(run.link) : null) ?? whole;
    if (target) styled.hyperlink = { type: 'URL', value: target };
    return styled;
  }
}

/** The first family of a list that names a font rather than a kind of font. */
function family(list: string): string {
  for (const part of list.split(',')) {
    const name = part.trim().replace(/^["']+|["']+$/g, '');
    if (name && !GENERIC.has(name.toLowerCase())) return name;
  }
  return 'Inter';
}

function fontStyle({ weight, italic }: TextStyle): string {
  const name = WEIGHTS[Math.max(1, Math.min(9, Math.floor(weight / 100 + 0.5))) - 1]!;
  if (!italic) return name;
  return name === 'Regular' ? 'Italic' : `${name} Italic`;
}
