// A cursor over one line of notation: the values that attributes are made of. As design/notation/cursor.py.
import {
  type Fit, type Length, type Paint, type Run, type Shadow, type Sides, type Solid, type Stop, type Style, type TextStyle,
  type Track, canonicalJson, conic, linear, radial, run, shadow, slotPaint, solid, stop, textStyle, track,
} from '../tree';
import { FIT, UNESCAPED, WEIGHT_OF } from './words';

export class NotationError extends Error {
  constructor(readonly line: number, readonly column: number, found: string, readonly expected: string) {
    super(`line ${line}, column ${column}: found ${found}, expected ${expected}`);
  }
}

export const NUM = '-?\\d{1,12}(?:\\.\\d{1,6})?';
const POSITIVE = '\\d{1,12}(?:\\.\\d{1,6})?';
export const SIZE = new RegExp(`(\\*|${POSITIVE})?(?:x(\\*|${POSITIVE})?)?(?= |$)`, 'y');
export const TOKEN_WORD = /[a-z][a-z0-9_-]*/y;
export const COMPONENT_WORD = /[A-Z][A-Za-z0-9_-]*/y;
export const NUMBER = new RegExp(NUM, 'y');
const SIDES = new RegExp(`${NUM}(?:,${NUM}){0,3}`, 'y');
const ONE_SIDE = new RegExp(`([trbl])(${NUM})?(?=[ >|~.#$&]|lin\\(|rad\\(|con\\(|$)`, 'y');
const COLOR = /#[0-9A-Fa-f]+|\$[a-z][a-z0-9_-]*/y;
const SLOT = new RegExp(`&([a-z0-9][a-z0-9_-]*)(?:/(${FIT})(?![a-z0-9_-])(?:@(${NUM}(?:,${NUM}){1,3}))?)?(?:/(${NUM}))?`, 'y');
const STRING = /"((?:[^"\\]|\\.)*)"/y;
const NAME = /'((?:[^'\\]|\\.)*)'/y;
const FAMILY = /\^?[A-Za-z][A-Za-z0-9_-]*/y;
const WORD = /[A-Za-z0-9]+/y;
const VALUE = /[A-Za-z0-9][A-Za-z0-9_-]*/y;
const TRACK = new RegExp(`(-)|(${POSITIVE})?(\\*)?`, 'y');

export class Cursor {
  constructor(readonly line: string, readonly number: number, public at = 0) {}

  fail(expected: string): NotationError {
    const rest = this.line.slice(this.at, this.at + 24);
    return new NotationError(this.number, this.at + 1, rest ? `'${rest}'` : 'the end of the line', expected);
  }

  done(): boolean {
    return this.at >= this.line.length;
  }

  peek(text: string): boolean {
    return this.line.startsWith(text, this.at);
  }

  skip(text: string): boolean {
    const found = this.line.startsWith(text, this.at);
    if (found) this.at += text.length;
    return found;
  }

  need(text: string): void {
    if (!this.skip(text)) throw this.fail(`'${text}'`);
  }

  space(): void {
    this.need(' ');
    while (this.skip(' '));
  }

  match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    return pattern.exec(this.line);
  }

  take(pattern: RegExp, expected: string): RegExpExecArray {
    const match = this.match(pattern);
    if (!match) throw this.fail(expected);
    this.at += match[0].length;
    return match;
  }

  choice(words: readonly string[]): string {
    const word = this.take(TOKEN_WORD, `one of ${words.join(', ')}`)[0];
    if (!words.includes(word)) {
      this.at -= word.length;
      throw this.fail(`one of ${words.join(', ')}`);
    }
    return word;
  }

  token(what: string): string {
    return this.take(TOKEN_WORD, what)[0];
  }

  decimal(): number {
    return Number(this.take(NUMBER, 'a number')[0]);
  }

  decimals(least: number, most: number): number[] {
    const values = [this.decimal()];
    while (values.length < most && this.skip(',')) values.push(this.decimal());
    if (values.length < least) throw this.fail(`${least} numbers with commas between`);
    return values;
  }

  string(): string {
    return unescape(this.take(STRING, 'text in "quotes"')[1]!);
  }

  /** A layer's name, bare or in quotes, where one stands. */
  name(): string | null {
    const match = this.match(COMPONENT_WORD);
    if (match) {
      this.at += match[0].length;
      return match[0];
    }
    return this.peek("'") ? unescape(this.take(NAME, "a name in 'quotes'")[1]!) : null;
  }

  word(): string {
    if (this.peek("'")) return unescape(this.take(NAME, "a value in 'quotes'")[1]!);
    return this.take(VALUE, "a word, 'several words', on, off, \"text\", &slot or ?property")[0];
  }

  length(): Length {
    if (this.skip('*') || this.skip('fill')) return 'fill';
    return this.skip('hug') ? 'hug' : this.decimal();
  }

  /** One to four numbers, as CSS counts sides; or a side's letter and its number, 1 where none stands. */
  sides(): Sides {
    const one = this.match(ONE_SIDE);
    if (one) {
      this.at += one[0].length;
      return Array.from('trbl', (letter) => (letter === one[1] ? Number(one[2] ?? 1) : 0)) as unknown as Sides;
    }
    const values = this.take(SIDES, 'one to four numbers, or t, r, b or l and one')[0].split(',').map(Number);
    const [top, right = top!, bottom = top!, left = right] = values;
    return [top!, right, bottom, left];
  }

  tracks(): Track[] {
    const found: Track[] = [];
    for (;;) {
      const start = this.at;
      const match = this.take(TRACK, 'a track');
      if (this.at === start) throw this.fail('a track: 200, *, 2* or - for its content');
      found.push(match[1] ? track(0, 'hug') : track(Number(match[2] || 1), match[3] ? 'fr' : 'px'));
      if (this.skip(')')) return found;
      this.need(',');
    }
  }

  /** What stands between the brackets of `sh()`, and the closing one. */
  shadow(inner: boolean): Shadow {
    const values: number[] = [];
    for (let i = 0; i < 4; i++) {
      values.push(this.decimal());
      this.need(',');
    }
    const color = this.color();
    this.need(')');
    return shadow(values[0]!, values[1]!, values[2]!, values[3]!, color, inner);
  }

  json(): string {
    const end = jsonEnd(this.line, this.at);
    const start = this.at;
    try {
      JSON.parse(this.line.slice(start, end));
    } catch {
      throw this.fail('a JSON object');
    }
    this.at = end;
    return canonicalJson(this.line.slice(start, end));
  }

  paint(): Paint {
    if (this.skip('lin(')) {
      const angle = this.decimal();
      return linear(angle, this.stops());
    }
    if (this.skip('rad(')) {
      const [cx, cy, rx, ry] = this.decimals(4, 4) as [number, number, number, number];
      return radial(cx, cy, rx, ry, this.stops());
    }
    if (this.skip('con(')) {
      const [angle, cx, cy] = this.decimals(3, 3) as [number, number, number];
      return conic(angle, cx, cy, this.stops());
    }
    if (!this.peek('&')) return this.color();
    const match = this.take(SLOT, '&slot or &slot/fit');
    const place = match[3] ? match[3].split(',').map(Number) : [50, 50];
    const alpha = match[4] ? Number(match[4]) / 100 : 1;
    return slotPaint(match[1]!, (match[2] ?? 'cover') as Fit, place[0], place[1], place[2], place[3], alpha);
  }

  color(): Solid {
    const color = this.take(COLOR, 'a paint: #rrggbb, $token, lin(), rad(), con() or &slot')[0];
    return color.startsWith('$') && this.skip('/') ? solid(color, this.decimal() / 100) : solid(color);
  }

  private stops(): Stop[] {
    const found: [Solid, number | null][] = [];
    while (this.skip(',')) found.push([this.color(), this.skip('@') ? this.decimal() / 100 : null]);
    this.need(')');
    const last = Math.max(1, found.length - 1);
    return found.map(([color, at], i) => stop(color, at ?? i / last));
  }

  /** What follows `%`: a name, or a style in brackets. */
  style(): Style {
    if (!this.skip('(')) return this.take(TOKEN_WORD, "a text style's name")[0];
    const style = this.type();
    this.need(')');
    return style;
  }

  type(): TextStyle {
    const family = this.peek('"') ? this.string() : this.take(FAMILY, 'a font family')[0];
    this.need('/');
    const word = this.take(WORD, 'a font weight')[0];
    const weight = WEIGHT_OF.get(word.toLowerCase()) ?? (/^\d{1,4}$/.test(word) ? Number(word) : 0);
    if (!weight) {
      this.at -= word.length;
      throw this.fail('a font weight: 100 to 900, or a name like Bold');
    }
    this.space();
    const size = this.decimal();
    const lineHeight = this.skip('/') ? this.decimal() : 0;
    const spacing = this.skip(' ls') ? this.decimal() : 0;
    return textStyle(family, weight, size, lineHeight, spacing, this.skip(' it'));
  }

  link(): string {
    const link = this.string();
    this.need(')');
    return link;
  }

  run(): Run {
    const given: { -readonly [K in 'paint' | 'style' | 'underline' | 'strike' | 'link']?: Run[K] } = {};
    if (this.skip('(')) {
      while (!this.skip(')')) {
        if (this.skip('url(')) given.link = this.link();
        else if (this.skip('ul')) given.underline = true;
        else if (this.skip('st')) given.strike = true;
        else if (this.skip('%')) given.style = this.style();
        else given.paint = this.paint();
        if (!this.peek(')')) this.space();
      }
    }
    return run(this.string(), given);
  }
}

export function unescape(text: string): string {
  return text.includes('\\') ? text.replace(/\\([\s\S])/gu, (_, char: string) => UNESCAPED[char] ?? char) : text;
}

/** Where the JSON value that starts at `at` ends. */
function jsonEnd(line: string, at: number): number {
  let depth = 0;
  for (let i = at, quoted = false; i < line.length; i++) {
    const char = line[i];
    if (quoted) {
      if (char === '\\') i++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{' || char === '[') depth++;
    else if ((char === '}' || char === ']') && --depth === 0) return i + 1;
  }
  return line.length;
}
