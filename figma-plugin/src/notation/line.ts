// One line of notation that describes a layer → the fields of its node. As design/notation/line.py.
import {
  type At, type Fields, type Length, type Prop, type Shadow, type Stroke, type Style, TreeError, at, bound, cell, prop, run, stroke, word,
} from '../tree';
import { COMPONENT_WORD, type Cursor, NUM, NotationError, SIZE, TOKEN_WORD, unescape } from './cursor';
import { CHOICES, FLAGS, PLACES, PRINTED_KINDS, SPELLED, SPELLED_KINDS } from './words';

export type OnError = (error: NotationError) => void;
type Found = [string, unknown][];

const LISTS = new Set(['fills', 'strokes', 'shadows', 'runs', 'props']);
const KIND_NAMES = `one of ${PRINTED_KINDS.join(', ')} or a Component`;
const FLAG = new RegExp(`(?:${[...FLAGS.keys()].sort((a, b) => b.length - a.length).join('|')})(?= |$)`, 'y');
const AT = new RegExp(`(${NUM}),(${NUM})([lrchx]?[tbmvy]?)(?= |$)`, 'y');
const RANGE = /([wh])(\d{1,12}(?:\.\d{1,6})?)?\.\.(\d{1,12}(?:\.\d{1,6})?)?(?= |$)/y;
const WIDTHS = new RegExp(`${NUM}|[trbl](?:[-0-9>|~.#$&]|lin\\(|rad\\(|con\\()`, 'y');
const SPELLED_KEY = /([a-z][a-z-]*)=/y;
const PROP = /([a-z][a-z0-9_-]*)([=:])/y;
const ATTRIBUTE =
  'a size, @x,y, %style, :role, p g j a s r, wrap cols() cell, a paint, sh() !shadow, o mix() clip blur() bg() rot, url(), ?property, raw{} or "text"';

/** The fields of the line's node. Throws NotationError, or hands it to `onError` and goes on behind what was bad. */
export function readNode(cursor: Cursor, shadows: ReadonlyMap<string, readonly Shadow[]>, onError?: OnError): Fields {
  return new NodeLine(cursor, shadows, onError).read();
}

class NodeLine {
  private readonly values: Record<string, unknown> = {};
  private instance = false;
  private start = 0;

  constructor(
    private readonly cursor: Cursor,
    private readonly shadows: ReadonlyMap<string, readonly Shadow[]>,
    private readonly onError?: OnError,
  ) {}

  read(): Fields {
    const { cursor, values } = this;
    let start = cursor.at;
    try {
      Object.assign(values, this.kind());
    } catch (error) {
      this.report(error, start);
      values.kind = cursor.line.includes('"') ? 't' : 'box';
    }
    this.instance = values.kind === 'use';
    for (let first = true; !cursor.done(); ) {
      start = cursor.at;
      try {
        cursor.space();
        start = cursor.at;
        const name = first ? cursor.name() : null;
        this.keep(name === null ? this.attribute() : [['name', name]]);
        first = false;
      } catch (error) {
        this.report(error, start);
      }
    }
    return values as unknown as Fields;
  }

  /** Go on at the next space that stands in no quotes and no brackets. */
  private report(error: unknown, start: number): void {
    const { cursor } = this;
    const found = error instanceof TreeError ? new NotationError(cursor.number, cursor.at + 1, 'a value out of range', error.message) : error;
    if (!this.onError || !(found instanceof NotationError)) throw found;
    this.onError(found);
    cursor.at = endOfWord(cursor.line, start);
    if (cursor.line[start] === '"' && cursor.done()) this.keep([['runs', run(unescape(cursor.line.slice(start + 1)))]]); // cut off
  }

  private keep(found: Found): void {
    for (const [key, value] of found) {
      if (LISTS.has(key)) {
        const list = (this.values[key] ??= []) as unknown[];
        list.push(...(Array.isArray(value) ? value : [value]));
      } else if (key in this.values) {
        throw new NotationError(this.cursor.number, this.start + 1, `${key} again`, 'each attribute once');
      } else this.values[key] = value;
    }
  }

  private kind(): Record<string, unknown> {
    const { cursor } = this;
    const match = cursor.match(COMPONENT_WORD);
    if (match) {
      cursor.at += match[0].length;
      return { kind: 'use', component: match[0] };
    }
    const name = cursor.take(TOKEN_WORD, KIND_NAMES)[0];
    const kind = Object.hasOwn(SPELLED_KINDS, name) ? SPELLED_KINDS[name]! : name;
    if (!PRINTED_KINDS.includes(kind)) {
      cursor.at -= name.length;
      throw cursor.fail(KIND_NAMES);
    }
    return { kind };
  }

  private attribute(): Found {
    const { cursor } = this;
    this.start = cursor.at;
    const lead = cursor.line[cursor.at] ?? '';
    const given = this.instance ? cursor.match(PROP) : null;
    if (given) {
      cursor.at += given[0].length;
      return [['props', this.prop(given[1]!, given[2]!)]];
    }
    if (lead === '"' || lead === '(') return [['runs', cursor.run()]];
    if (lead && '#$&'.includes(lead)) return [['fills', cursor.paint()]];
    if (lead === '*' || lead === 'x' || /\d/.test(lead)) return this.size();
    const flag = cursor.match(FLAG);
    if (flag) {
      cursor.at += flag[0].length;
      return [[...FLAGS.get(flag[0])!]];
    }
    if (lead && '@%:?!'.includes(lead)) {
      cursor.at++;
      return [this.signed(lead)];
    }
    const spelled = cursor.match(SPELLED_KEY);
    if (spelled) {
      if (!Object.hasOwn(SPELLED, spelled[1]!)) throw cursor.fail(`one of ${Object.keys(SPELLED).sort().join(', ')}`);
      cursor.at += spelled[0].length;
      return this.spelled(SPELLED[spelled[1]!]!, false);
    }
    const range = cursor.match(RANGE);
    if (!range) return this.short();
    cursor.at += range[0].length;
    const axis = range[1] === 'w' ? 'Width' : 'Height';
    const found: Found = range[2] ? [[`min${axis}`, Number(range[2])]] : [];
    return range[3] ? [...found, [`max${axis}`, Number(range[3])]] : found;
  }

  private size(): Found {
    const match = this.cursor.take(SIZE, 'a size like 320x44, * or *x44');
    return [['width', length(match[1])], ['height', length(match[2])]];
  }

  private signed(sign: string): [string, unknown] {
    const { cursor } = this;
    if (sign === '@') return ['at', this.at()];
    if (sign === '%') return ['style', cursor.style()];
    if (sign === ':') return ['role', cursor.token('a role such as h1 or nav')];
    if (sign === '!') return ['shadows', this.token()];
    if (cursor.skip('?')) return ['shown', cursor.token('a property')];
    return ['bind', cursor.token('a property')];
  }

  private at(): At {
    const match = this.cursor.take(AT, 'x,y and perhaps a pin, like @12,8rb');
    return at(Number(match[1]), Number(match[2]), match[3]);
  }

  private token(): readonly Shadow[] {
    const { cursor } = this;
    const name = cursor.token('a shadow token');
    return this.shadows.get(name) ?? []; // as a colour that no line gives is none
  }

  private prop(name: string, sign: string): Prop {
    const { cursor } = this;
    if (sign === ':') return prop(name, cursor.paint());
    if (cursor.peek('"') || cursor.peek('(')) return prop(name, cursor.run());
    if (cursor.skip('?')) return prop(name, bound(cursor.token('a property')));
    if (cursor.peek('&')) return prop(name, cursor.paint());
    const quoted = cursor.peek("'");
    const text = cursor.word();
    return prop(name, (text === 'on' || text === 'off') && !quoted ? text === 'on' : word(text));
  }

  private short(): Found {
    const { cursor } = this;
    if (['lin(', 'rad(', 'con('].some((lead) => cursor.peek(lead))) return [['fills', cursor.paint()]];
    for (const [text, key] of WORDS) if (cursor.skip(text)) return this.spelled(key, text.endsWith('('));
    const key = LETTERS[cursor.line[cursor.at] ?? ''];
    if (!key) throw cursor.fail(ATTRIBUTE);
    cursor.at++;
    return this.spelled(key, false);
  }

  /** The value of a key; `bracket`: the opening bracket has been read, and the closing one belongs to it. */
  private spelled(key: string, bracket: boolean): Found {
    const { cursor } = this;
    const simple = SIMPLE[key];
    if (!simple && !CHOICES[key]) return [this.compound(key, bracket)].flat(key === 'size' ? 1 : 0) as Found;
    const value = simple ? simple(cursor) : cursor.choice(CHOICES[key]!);
    if (bracket) cursor.need(')');
    return [[key, value]];
  }

  private compound(key: string, bracket: boolean): Found | [string, unknown] {
    const { cursor } = this;
    switch (key) {
      case 'gap': {
        const values = cursor.decimals(1, 2);
        return ['gap', [values[0]!, values[1] ?? 0]];
      }
      case 'columns':
        if (bracket || cursor.skip('(')) return ['columnTracks', cursor.tracks()];
        return ['columns', Math.trunc(cursor.decimal())];
      case 'rowTracks':
        if (!bracket) cursor.need('(');
        return ['rowTracks', cursor.tracks()];
      case 'cell': {
        const values = cursor.decimals(2, 4).map(Math.trunc);
        return ['cell', cell(...values)];
      }
      case 'span': {
        const values = cursor.decimals(1, 2).map(Math.trunc);
        return ['cell', cell(0, 0, ...values)];
      }
      case 'stroke':
        return ['strokes', this.stroke()];
      case 'shadow':
      case 'inner':
        if (!bracket && !cursor.skip('(')) return ['shadows', this.token()];
        return ['shadows', cursor.shadow(key === 'inner')];
      case 'size':
        return this.size();
      case 'name':
        return ['name', cursor.peek('"') ? cursor.string() : cursor.name() || cursor.word()];
      case 'link':
        return ['link', bracket ? cursor.link() : cursor.string()];
      default:
        return ['at', this.at()];
    }
  }

  private stroke(): Stroke {
    const { cursor } = this;
    const widths = cursor.match(WIDTHS) ? cursor.sides() : undefined;
    let place: Stroke['place'] = 'inside';
    for (const [sign, name] of Object.entries(PLACES)) if (cursor.skip(sign)) place = name as Stroke['place'];
    const dash = cursor.skip('~') ? 'dashed' : cursor.skip('.') || cursor.skip(':') ? 'dotted' : 'solid';
    return stroke(cursor.paint(), widths, dash, place);
  }
}

function style(cursor: Cursor): Style {
  cursor.skip('%');
  return cursor.style();
}

const decimal = (cursor: Cursor): number => cursor.decimal();
const property = (cursor: Cursor): string => cursor.token('a property');
const SIMPLE: Readonly<Record<string, (cursor: Cursor) => unknown>> = {
  padding: (cursor) => cursor.sides(), radii: (cursor) => cursor.sides(), width: (cursor) => cursor.length(),
  height: (cursor) => cursor.length(), minWidth: decimal, maxWidth: decimal, minHeight: decimal, maxHeight: decimal,
  opacity: (cursor) => cursor.decimal() / 100, blur: decimal, backdrop: decimal, rotation: decimal,
  ratio: decimal, maxLines: (cursor) => Math.trunc(cursor.decimal()), fills: (cursor) => cursor.paint(), runs: (cursor) => cursor.run(),
  raw: (cursor) => cursor.json(), style, role: (cursor) => cursor.token('a role such as h1 or nav'), bind: property, shown: property,
};
const WORDS: readonly (readonly [string, string])[] = [
  ['sh(', 'shadow'], ['ish(', 'inner'], ['blur(', 'blur'], ['bg(', 'backdrop'], ['mix(', 'blend'], ['url(', 'link'],
  ['cols(', 'columns'], ['cols', 'columns'], ['rows(', 'rowTracks'], ['cell', 'cell'], ['span', 'span'], ['lines', 'maxLines'],
  ['rot', 'rotation'], ['ar', 'ratio'], ['raw', 'raw'],
];
const LETTERS: Readonly<Record<string, string>> = { p: 'padding', r: 'radii', g: 'gap', o: 'opacity', s: 'stroke' };

function length(text: string | undefined): Length {
  return !text ? 'hug' : text === '*' ? 'fill' : Number(text);
}

/** Where the next space stands that is in no quotes and no brackets, from `at`; the end of the line where none is. */
export function endOfWord(line: string, at: number): number {
  let quote = line[at] === '"' || line[at] === "'" ? line[at]! : '';
  let depth = 0;
  for (let i = at + 1; i < line.length; i++) {
    const char = line[i]!;
    if (quote) {
      if (char === '\\') i++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if ('([{'.includes(char)) depth++;
    else if (')]}'.includes(char)) depth = Math.max(0, depth - 1);
    else if (char === ' ' && !depth) return i;
  }
  return line.length;
}
