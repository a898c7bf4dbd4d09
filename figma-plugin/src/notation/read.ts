// Notation → design tree: whole, or in spite of its errors. As design/notation/read.py; docs/notation.md has the grammar.
import {
  type Component, type Design, type Fields, MAX_DEPTH, MAX_NODES, type Node, type Paint, type Shadow, type TextStyle, TreeError, design, node,
  oneLine, positive, solid, textStyle, token,
} from '../tree';
import { COMPONENT_WORD, Cursor, NotationError, TOKEN_WORD } from './cursor';
import { type OnError, readNode } from './line';
import { SPELLED_LINES, TOKEN_LINES } from './words';

const MAX_CHARACTERS = 16_000_000;
const LINE_WORD = new RegExp(`(${[...Object.keys(SPELLED_LINES), 'component'].join('|')}) `, 'y');

/** The design that a notation text describes. Throws NotationError with line and column. */
export function parse(text: string): Design {
  return new Reader().read(text);
}

/** The design of a text that may hold errors, and the errors: what cannot be read is left out, and no more than that. */
export function repair(text: string): { design: Design; errors: NotationError[] } {
  const errors: NotationError[] = [];
  return { design: new Reader((error) => errors.push(error)).read(text), errors };
}

type Variant = readonly (readonly [string, string])[];
interface Open {
  fields: Fields;
  children: Node[];
  component: { name: string; variant: Variant } | null;
}

class Reader {
  private line = 0;
  private nodes = 0;
  private readonly palette = new Map<string, string>();
  private readonly fonts = new Map<string, string>();
  private readonly styles = new Map<string, TextStyle>();
  private readonly spaces = new Map<string, number>();
  private readonly corners = new Map<string, number>();
  private readonly shadows = new Map<string, readonly Shadow[]>();
  private readonly inks = new Map<string, Paint>(); // text style → the paint of texts that have it and no other
  private readonly components = new Map<string, Component>();
  private readonly holds = new Map<string, Set<string>>(); // component → those that stand in it
  private readonly roots: Node[] = [];
  private readonly open: Open[] = []; // the path from the root to the last node

  constructor(private readonly onError?: OnError) {}

  read(text: string): Design {
    if (text.length > MAX_CHARACTERS) throw new NotationError(1, 1, `${text.length} characters`, `at most ${MAX_CHARACTERS}`);
    for (const line of text.split('\n')) this.one(line);
    this.close(0);
    return design({
      roots: this.roots, palette: [...this.palette], fonts: [...this.fonts], styles: [...this.styles],
      components: [...this.components.values()], spaces: [...this.spaces], corners: [...this.corners], shadows: [...this.shadows],
    });
  }

  private report(error: unknown, cursor?: Cursor): void {
    const found = error instanceof TreeError ? new NotationError(this.line, (cursor?.at ?? 0) + 1, 'a value out of range', error.message) : error;
    if (!this.onError || !(found instanceof NotationError)) throw found;
    this.onError(found);
  }

  private one(raw: string): void {
    this.line++;
    const line = raw.replace(/[\r ]+$/, '');
    const indent = line.length - line.replace(/^ +/, '').length;
    if (!line || line.startsWith('//', indent)) return;
    const cursor = new Cursor(line, this.line, indent);
    try {
      this.statement(cursor, indent);
    } catch (error) {
      this.report(error, cursor);
    }
  }

  private statement(cursor: Cursor, indent: number): void {
    let sign = cursor.line[indent]!;
    const named = cursor.match(LINE_WORD);
    if (Object.hasOwn(TOKEN_LINES, sign) || sign === '+') cursor.at++;
    else if (named) {
      sign = SPELLED_LINES[named[1]!] ?? '+';
      cursor.at += named[0].length - 1;
      if (sign === '+') cursor.space();
    } else return this.layer(cursor, indent);
    if (indent) {
      cursor.at = indent;
      throw cursor.fail('tokens and components at the start of a line');
    }
    if (sign === '+') return this.component(cursor);
    cursor.space();
    this.tokens(cursor, sign);
  }

  private tokens(cursor: Cursor, sign: string): void {
    for (;;) {
      const name = token(cursor.token("a token's name"), "token's name");
      cursor.space();
      this.value(cursor, sign, name); // a name that is given twice has its later value
      if (sign === '%') this.inks.delete(name);
      if (cursor.done()) return;
      if (sign === '%') {
        cursor.space();
        this.inks.set(name, cursor.paint());
        if (cursor.done()) return;
      }
      if (sign === '^' || sign === '%') throw cursor.fail('the end of the line');
      cursor.space();
    }
  }

  private value(cursor: Cursor, sign: string, name: string): void {
    if (sign === '$') {
      const { color } = cursor.color();
      if (color.startsWith('$')) throw new TreeError(`palette colour '${color.slice(0, 80)}' names another: give it as #rrggbb`);
      this.palette.set(name, solid(color).color);
    } else if (sign === '^') {
      const { family } = textStyle(cursor.string());
      if (family.startsWith('^')) throw new TreeError('a font token names another: give it a family list');
      this.fonts.set(name, family);
    } else if (sign === '%') this.styles.set(name, cursor.type());
    else if (sign === '!') {
      const shadows: Shadow[] = [];
      for (;;) {
        const inner = cursor.skip('ish(');
        if (!inner && !cursor.skip('sh(')) break;
        shadows.push(cursor.shadow(inner));
        if (cursor.done()) break;
        cursor.space();
      }
      if (!cursor.done() || !shadows.length) throw cursor.fail('shadows: sh(x,y,blur,spread,colour)');
      this.shadows.set(name, shadows);
    } else (sign === '=' ? this.spaces : this.corners).set(name, positive(cursor.decimal()));
  }

  private component(cursor: Cursor): void {
    const name = cursor.take(COMPONENT_WORD, "a component's name, a capital first")[0];
    const variant = new Map<string, string>();
    while (cursor.skip(variant.size ? ',' : '/')) {
      const key = cursor.take(TOKEN_WORD, 'a variant property')[0];
      cursor.need('=');
      variant.set(key, cursor.word());
    }
    cursor.space();
    const found = { name, variant: checkedVariant(name, [...variant]) };
    if (!this.holds.has(name)) this.holds.set(name, new Set());
    this.push(cursor, 0, found);
  }

  private layer(cursor: Cursor, indent: number): void {
    let depth = indent;
    if (depth > this.open.length) {
      this.report(cursor.fail(`an indent of at most ${this.open.length}: one space a level`));
      depth = this.open.length;
    }
    this.push(cursor, depth, null);
  }

  private push(cursor: Cursor, depth: number, component: Open['component']): void {
    if (depth >= MAX_DEPTH) throw cursor.fail(`at most ${MAX_DEPTH} levels`);
    if (this.nodes >= MAX_NODES) throw cursor.fail(`at most ${MAX_NODES} nodes`);
    let fields = readNode(cursor, this.shadows, this.onError);
    const ink = fields.kind === 't' && !fields.fills && typeof fields.style === 'string' ? this.inks.get(fields.style) : undefined;
    if (ink) fields.fills = [ink];
    node(fields); // what no node can hold is said of this line
    this.nodes++;
    this.close(depth);
    const owner = component ?? this.open[0]?.component;
    if (owner && fields.kind === 'use' && this.circle(owner.name, fields.component!)) {
      fields = { ...fields, kind: 'box', component: '', props: [] };
    }
    this.open.push({ fields, children: [], component });
  }

  /** Whether `owner` would come to stand in itself; remembers that `inner` stands in it otherwise. */
  private circle(owner: string, inner: string): boolean {
    const seen = new Set([inner]);
    for (const name of seen) {
      if (name === owner) return true;
      this.holds.get(name)?.forEach((found) => seen.add(found));
    }
    const held = this.holds.get(owner);
    if (held) held.add(inner);
    else this.holds.set(owner, new Set([inner]));
    return false;
  }

  private close(depth: number): void {
    while (this.open.length > depth) {
      const { fields, children, component } = this.open.pop()!;
      const made = node({ ...fields, children });
      const above = this.open.at(-1);
      if (above) above.children.push(made);
      else if (component) {
        const key = JSON.stringify([component.name, [...component.variant].sort(([a], [b]) => (a < b ? -1 : 1))]);
        this.components.set(key, { ...component, root: made });
      } else this.roots.push(made);
    }
  }
}

function checkedVariant(name: string, variant: Variant): Variant {
  const made = variant.map(([key, value]) => [token(key, 'variant property'), oneLine(value, 64)] as const);
  if (made.some(([, value]) => !value)) throw new TreeError(`a variant of ${name} has an empty value: give it a word`);
  return made;
}
