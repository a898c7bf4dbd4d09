// A design without components: every instance becomes the layers that it stands for. As design/tree/expand.py.
import {
  type Component, DEFAULTS, type Design, FRAMES, type Node, type Prop, type PropValue, prop, walk,
} from './node';
import type { Paint } from './paint';
import { MAX_DEPTH, MAX_NODES, TreeError } from './values';

const KEPT = new Set(['kind', 'children', 'component', 'props', 'bind', 'shown', 'visible']);
const OWN = (Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]).filter((name) => !KEPT.has(name));

type Given = ReadonlyMap<string, readonly PropValue[]>;
interface Context {
  readonly given: Given;
  readonly content: readonly Node[];
  /** The layers stand in a component that is given nothing yet. */
  readonly around?: boolean;
}
const NOTHING: Context = { given: new Map(), content: [] };

/**
 * The same picture from plain layers; hidden ones are left out unless `hidden`. With `bound`, what an instance is given
 * by a property of the component around it stays bound to that property.
 */
export function expand(design: Design, hidden = false, bound = false): Design {
  const work = new Expansion(design.components, hidden);
  const roots = design.roots.flatMap((root) => work.layers(root, { ...NOTHING, around: bound }, 0));
  return { ...design, roots, components: [] };
}

/** Which of a component's variants an instance's properties name; what they leave open is the first's. */
export function variantOf(components: readonly Component[], props: readonly Prop[]): Component {
  const wanted = new Map(components[0]!.variant);
  for (const { name, value } of props) {
    if (typeof value === 'object' && value.kind === 'word' && wanted.has(name)) wanted.set(name, value.text);
  }
  let best = components[0]!;
  let most = -1;
  for (const component of components) {
    const same = component.variant.filter(([key, value]) => wanted.get(key) === value).length;
    if (same > most) [best, most] = [component, same];
  }
  return best;
}

/** What an instance itself says, as far as it is no default: it replaces what the component's root says. */
export function ownOf(node: Node): Partial<Node> {
  return Object.fromEntries(OWN.filter((name) => !same(node[name], DEFAULTS[name])).map((name) => [name, node[name]]));
}

export function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

export class Expansion {
  private readonly components = new Map<string, Component[]>();
  private nodes = 0;

  constructor(components: readonly Component[], private readonly hidden: boolean) {
    for (const component of components) {
      const variants = this.components.get(component.name);
      if (variants) variants.push(component);
      else this.components.set(component.name, [component]);
    }
  }

  /** One layer, or none where it is hidden. */
  layers(layer: Node, context: Context, depth: number): Node[] {
    if (++this.nodes > MAX_NODES || depth >= MAX_DEPTH) {
      throw new TreeError(`components multiply to more than ${MAX_NODES} layers or ${MAX_DEPTH} levels: use fewer`);
    }
    const node = filled(layer, context);
    if (!node.visible && !this.hidden) return [];
    if (node.kind === 'use') return this.instance(node, context, depth);
    const children = node.children.flatMap((child) => this.layers(child, context, depth + 1));
    return [{ ...node, children, bind: outer(node.bind, context), shown: outer(node.shown, context) }];
  }

  instance(node: Node, context: Context, depth: number): Node[] {
    const children = node.children.flatMap((child) => this.layers(child, context, depth + 1));
    const variants = this.components.get(node.component);
    if (!variants) return [{ ...node, kind: 'box', component: '', props: [], children, bind: '', shown: '' }];
    const given = new Map<string, PropValue[]>();
    for (const { name, value } of node.props) given.set(name, [...(given.get(name) ?? []), value]);
    const [made] = this.layers(variantOf(variants, node.props).root, { given, content: children }, depth);
    if (!made) return [];
    return [{ ...made, name: made.name || node.component, ...ownOf(node) }];
  }
}

/** A layer of a component's body with what the instance gives it. */
function filled(node: Node, context: Context): Node {
  let made = node;
  if (node.shown) {
    const shown = (context.given.get(node.shown) ?? []).filter((value) => typeof value === 'boolean');
    if (shown.length) made = { ...made, visible: shown.at(-1)! };
  }
  if (node.bind) made = { ...made, ...content(node, context) };
  if (!context.around && node.props.some((p) => typeof p.value === 'object' && p.value.kind === 'bound')) {
    made = { ...made, props: node.props.flatMap((p) => passed(p, context.given)) };
  }
  return made;
}

/** The property of the component around that gives this one, if any does. */
function outer(name: string, { given, around }: Context): string {
  if (!name || around) return name;
  const found = (given.get(name) ?? []).find((value) => typeof value === 'object' && value.kind === 'bound');
  return typeof found === 'object' && found.kind === 'bound' ? found.name : '';
}

function content(node: Node, context: Context): Partial<Node> {
  const values = (context.given.get(node.bind) ?? []).filter((value) => typeof value === 'object');
  const changed: { -readonly [K in keyof Node]?: Node[K] } = {};
  const runs = values.filter((value) => value.kind === 'run');
  const slots = values.filter((value) => value.kind === 'slot');
  const colors = values.filter((value): value is Exclude<Paint, { kind: 'slot' }> => ['solid', 'linear', 'radial', 'conic'].includes(value.kind));
  const words = values.filter((value) => value.kind === 'word');
  if (runs.length && node.kind === 't') changed.runs = runs;
  if (node.kind === 'use') return words.length ? { component: words.at(-1)!.text } : {};
  if (slots.length) changed.fills = [...node.fills.filter((paint) => paint.kind !== 'slot'), slots.at(-1)!];
  if (colors.length) changed.fills = [colors.at(-1)!];
  if (context.content.length && FRAMES.has(node.kind)) changed.children = context.content;
  return changed;
}

function passed(given: Prop, values: Given): Prop[] {
  if (typeof given.value !== 'object' || given.value.kind !== 'bound') return [given];
  return (values.get(given.value.name) ?? []).map((value) => prop(given.name, value));
}

export function hasInstances(design: Design): boolean {
  return design.roots.some((root) => {
    for (const [node] of walk(root)) if (node.kind === 'use') return true;
    return false;
  });
}
