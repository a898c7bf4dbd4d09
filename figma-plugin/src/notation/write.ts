// Design tree → notation. One line a node, short keys, defaults left out. As design/notation/write.py, to the letter.
import {
  type Component, type Design, type Length, MAX_DEPTH, type Node, type Paint, type Prop, type Run, type Shadow, type Sides,
  type SlotPaint, type Stop, type Stroke, type Style, type TextStyle, type Track, TreeError, rounded, walk,
} from '../tree';
import { ESCAPES, WEIGHTS } from './words';

const BARE_NAME = /^[A-Z][A-Za-z0-9_-]*$/;
const BARE_FAMILY = /^\^?[A-Za-z][A-Za-z0-9_-]*$/;
const BARE_WORD = /^(?!on$|off$)[A-Za-z0-9][A-Za-z0-9_-]*$/;
const DASH = { solid: '', dashed: '~', dotted: '.' };
const PLACE = { inside: '', outside: '>', center: '|' };
const SCROLL = { '': '', x: 'scrollx', y: 'scrolly', xy: 'scroll' };

/** The notation of a design. Throws TreeError where it is nested deeper than `parse` would take. */
export function print(design: Design): string {
  const lines: string[] = [];
  const tokens = [['$', design.palette], ['=', design.spaces], ['~', design.corners]] as const;
  for (const [sign, values] of tokens) {
    if (values.length) lines.push(`${sign} ` + values.map(([name, value]) => `${name} ${typeof value === 'string' ? value : n(value)}`).join(' '));
  }
  for (const [name, family] of design.fonts) lines.push(`^ ${name} ${text(family)}`);
  const inks = usualInks(design);
  for (const [name, style] of design.styles) lines.push(`% ${name} ${type(style)}${inks.has(name) ? ' ' + inks.get(name)! : ''}`);
  for (const [name, shadows] of design.shadows) lines.push(`! ${name} ` + shadows.map(shadow).join(' '));
  const named = new Map<string, string>();
  for (const [name, shadows] of design.shadows) {
    const key = shadows.map(shadow).join(' ');
    if (!named.has(key)) named.set(key, name);
  }
  const said = { shadows: named, inks };
  for (const component of design.components) tree(component.root, lines, said, lead(component));
  for (const root of design.roots) tree(root, lines, said, '');
  return lines.length ? lines.join('\n') + '\n' : '';
}

/** What the lines of the tokens say, so that the layers' need not: effects' names, and the usual paint of styles. */
interface Said {
  readonly shadows: ReadonlyMap<string, string>;
  readonly inks: ReadonlyMap<string, string>;
}

/** The paint that most texts of a style have, where two or more have it. */
function usualInks(design: Design): Map<string, string> {
  const counts = new Map<string, Map<string, number>>(design.styles.map(([name]) => [name, new Map()]));
  for (const root of [...design.components.map((component) => component.root), ...design.roots]) {
    for (const [node] of walk(root)) {
      const inks = node.kind === 't' && node.fills.length === 1 && typeof node.style === 'string' ? counts.get(node.style) : undefined;
      if (!inks) continue;
      const ink = paint(node.fills[0]!);
      inks.set(ink, (inks.get(ink) ?? 0) + 1);
    }
  }
  const best = new Map<string, string>();
  for (const [name, inks] of counts) {
    let most = 1;
    for (const [ink, count] of inks) {
      if (count <= most) continue;
      most = count;
      best.set(name, ink);
    }
  }
  return best;
}

function lead({ name, variant }: Component): string {
  const pairs = variant.map(([key, value]) => `${key}=${word(value)}`).join(',');
  return `+${name}${pairs ? '/' + pairs : ''} `;
}

function tree(root: Node, lines: string[], said: Said, first: string): void {
  for (const [node, depth] of walk(root)) {
    if (depth >= MAX_DEPTH) throw new TreeError(`the design is nested deeper than ${MAX_DEPTH}: flatten it`);
    lines.push((depth ? ' '.repeat(depth) : first) + line(node, said));
  }
}

/** One node's line, without its children and its indent. */
export function printNode(node: Node): string {
  return line(node, { shadows: new Map(), inks: new Map() });
}

function line(node: Node, { shadows, inks }: Said): string {
  const parts: string[] = [node.component || node.kind];
  const say = (part: string | false | 0 | null): void => void (part && parts.push(part));
  say(node.name && (BARE_NAME.test(node.name) ? node.name : name(node.name)));
  say(node.role && ':' + node.role);
  say(length(node.width) + (node.height === 'hug' ? '' : 'x' + length(node.height)));
  for (const [letter, least, most] of [['w', node.minWidth, node.maxWidth], ['h', node.minHeight, node.maxHeight]] as const) {
    say((least || most !== null) && `${letter}${least ? n(least) : ''}..${most === null ? '' : n(most)}`);
  }
  say(node.at && `@${n(node.at.x)},${n(node.at.y)}${node.at.pin}`);
  say(node.style !== null && style(node.style));
  layout(node, say);
  const ink = node.kind === 't' && typeof node.style === 'string' ? inks.get(node.style) : undefined;
  const fills = node.fills.map(paint);
  if (ink && !fills.length) say('nofill');
  else if (!ink || fills.length !== 1 || fills[0] !== ink) fills.forEach(say);
  node.strokes.forEach((edge) => say(stroke(edge)));
  say(node.radii.some(Boolean) && 'r' + sides(node.radii));
  const casts = node.shadows.map(shadow);
  const token = casts.length ? shadows.get(casts.join(' ')) : undefined;
  if (token) say('!' + token);
  else casts.forEach(say);
  effects(node, say);
  say(node.link && `url(${text(node.link)})`);
  say(node.raw && 'raw' + node.raw);
  say(node.shown && '??' + node.shown);
  say(node.bind && '?' + node.bind);
  node.props.forEach((given) => say(prop(given)));
  node.runs.forEach((piece) => say(run(piece)));
  return parts.join(' ');
}

type Say = (part: string | false | 0 | null) => void;

function layout(node: Node, say: Say): void {
  say(node.padding.some(Boolean) && 'p' + (oneSide(node.padding) || sides(node.padding)));
  say((node.gap[0] || node.gap[1]) && `g${n(node.gap[0])}${node.gap[1] ? ',' + n(node.gap[1]) : ''}`);
  say(node.justify !== 'start' && 'j' + node.justify[0]);
  say(node.align !== 'start' && 'a' + node.align[0]);
  say(node.selfAlign && 's' + node.selfAlign[0]);
  say(node.wrap && 'wrap');
  say(node.columnTracks.length ? `cols(${node.columnTracks.map(track).join(',')})` : node.columns && `cols${node.columns}`);
  say(node.rowTracks.length > 0 && `rows(${node.rowTracks.map(track).join(',')})`);
  const { cell } = node;
  if (!cell) return;
  const span = cell.columns === 1 && cell.rows === 1 ? '' : `,${cell.columns},${cell.rows}`;
  say(cell.column || cell.row ? `cell${cell.column},${cell.row}${span}` : `span${cell.columns}${cell.rows > 1 ? ',' + cell.rows : ''}`);
}

export function ratioText(ratio: number): string {
  return ratio.toFixed(4).replace(/\.?0+$/, '');
}

function effects(node: Node, say: Say): void {
  say(node.opacity !== 1 && 'o' + n(node.opacity * 100));
  say(node.blend !== 'normal' && `mix(${node.blend})`);
  say(node.clip && 'clip');
  say(SCROLL[node.scroll]);
  say(!node.visible && 'hide');
  say(node.rotation && 'rot' + n(node.rotation));
  say(node.blur && `blur(${n(node.blur)})`);
  say(node.backdrop && `bg(${n(node.backdrop)})`);
  say(node.textAlign !== 'left' && 't' + node.textAlign[0]);
  say(node.vertical !== 'top' && 'v' + node.vertical[0]);
  say(node.ratio && 'ar' + ratioText(node.ratio));
  say(node.maxLines && `lines${node.maxLines}`);
  say(node.upper && 'up');
  say(node.underline && 'ul');
}

function track({ value, unit }: Track): string {
  if (unit === 'hug') return '-';
  return unit === 'px' ? n(value) : (value === 1 ? '' : n(value)) + '*';
}

function prop({ name: key, value }: Prop): string {
  if (typeof value === 'boolean') return `${key}=${value ? 'on' : 'off'}`;
  if (value.kind === 'run') return `${key}=${run(value)}`;
  if (value.kind === 'word') return `${key}=${word(value.text)}`;
  if (value.kind === 'bound') return `${key}=?${value.name}`;
  return `${key}${value.kind === 'slot' ? '=' : ':'}${paint(value)}`;
}

/** At most two decimals, none that say nothing. */
export function n(value: number): string {
  return String(rounded(value, 2) + 0);
}

function length(value: Length): string {
  return value === 'fill' ? '*' : value === 'hug' ? '' : n(value);
}

function sides([top, right, bottom, left]: Sides): string {
  if (top === right && top === bottom && top === left) return n(top);
  if (right === left) return (top === bottom ? [top, right] : [top, right, bottom]).map(n).join(',');
  return [top, right, bottom, left].map(n).join(',');
}

/** `b12` where only the bottom is not 0; nothing where that does not say all. */
function oneSide(values: Sides): string {
  const found = values.map((value, i) => (value ? 'trbl'[i]! + n(value) : '')).filter(Boolean);
  return found.length === 1 ? found[0]! : '';
}

function paint(given: Paint): string {
  switch (given.kind) {
    case 'solid':
      return given.color + (given.alpha === 1 ? '' : `/${n(given.alpha * 100)}`);
    case 'linear':
      return `lin(${n(given.angle)},${stops(given.stops)})`;
    case 'radial':
      return `rad(${[given.cx, given.cy, given.rx, given.ry].map(n).join(',')},${stops(given.stops)})`;
    case 'conic':
      return `con(${[given.angle, given.cx, given.cy].map(n).join(',')},${stops(given.stops)})`;
    default:
      return slot(given);
  }
}

function slot({ slot: name, fit, x, y, width, height, alpha }: SlotPaint): string {
  const tail = alpha === 1 ? '' : `/${n(alpha * 100)}`;
  if (x === 50 && y === 50 && !width && !height) return `&${name}${fit === 'cover' ? '' : '/' + fit}${tail}`;
  return `&${name}/${fit}@${(width || height ? [x, y, width, height] : [x, y]).map(n).join(',')}${tail}`;
}

function stops(given: readonly Stop[]): string {
  const even = given.every(({ at }, i) => at === rounded(i / (given.length - 1), 4));
  return given.map(({ color, at }) => paint(color) + (even ? '' : `@${n(at * 100)}`)).join(',');
}

function stroke({ paint: ink, widths, dash, place }: Stroke): string {
  const width = oneSide(widths) || sides(widths);
  return `s${/^[trbl]?1$/.test(width) ? width.slice(0, -1) : width}${PLACE[place]}${DASH[dash]}${paint(ink)}`;
}

function shadow({ x, y, blur, spread, color, inner }: Shadow): string {
  return `${inner ? 'ish' : 'sh'}(${[x, y, blur, spread].map(n).join(',')},${paint(color)})`;
}

function style(given: Style): string {
  return typeof given === 'string' ? `%${given}` : `%(${type(given)})`;
}

function type({ family, weight, size, lineHeight, letterSpacing, italic }: TextStyle): string {
  const face = BARE_FAMILY.test(family) ? family : text(family);
  return `${face}/${WEIGHTS[weight] ?? weight} ${n(size)}${lineHeight ? '/' + n(lineHeight) : ''}${letterSpacing ? ' ls' + n(letterSpacing) : ''}${italic ? ' it' : ''}`;
}

function run({ text: words, paint: ink, style: face, underline, strike, link }: Run): string {
  const marks = [
    ink && paint(ink), face !== null && style(face), underline && 'ul', strike && 'st', link && `url(${text(link)})`,
  ].filter(Boolean);
  return (marks.length ? `(${marks.join(' ')})` : '') + text(words);
}

function word(value: string): string {
  return BARE_WORD.test(value) ? value : name(value);
}

function text(value: string): string {
  return `"${value.replace(/[\\\n\t\u2028"]/g, (char) => ESCAPES[char]!)}"`;
}

function name(value: string): string {
  return `'${value.replace(/[\\\n\t\u2028']/g, (char) => ESCAPES[char]!)}'`;
}
