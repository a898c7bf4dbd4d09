// Which instances Figma can hold as instances, and what they change of their component. As design/to/figma_instances.py.
import {
  type Component, DEFAULTS, type Design, FRAMES, type Node, type Prop, design as makeDesign, expand, node as makeNode, prop, variantOf,
  walk, word,
} from '../tree';
import { same } from '../tree/expand';

const INSIDE = new Set([
  'fills', 'strokes', 'radii', 'shadows', 'opacity', 'blur', 'backdrop', 'style', 'textAlign', 'upper', 'underline', 'runs',
  'visible', 'blend', 'maxLines', 'link', 'raw', 'role', 'name',
]);
const ROOT = new Set([
  ...INSIDE, 'width', 'height', 'at', 'minWidth', 'maxWidth', 'minHeight', 'maxHeight', 'selfAlign', 'cell', 'rotation',
]);
const STRUCTURE = new Set(['bind', 'shown', 'component', 'props']);
const COMPARED = (Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]).filter((name) => !STRUCTURE.has(name));

export interface Change {
  path: number[];
  base: Node;
  made: Node;
}
/** `changes`: what differs from the component, by path; the first is the instance's own frame. */
export interface Instance {
  component: number;
  changes: Change[];
}

export class Instances {
  private readonly components: readonly Component[];
  private readonly variants = new Map<string, number[]>();
  private readonly shown = new Map<number, Node>();

  constructor(design: Design) {
    this.components = design.components;
    design.components.forEach(({ name }, number) => this.variants.set(name, [...(this.variants.get(name) ?? []), number]));
  }

  /** The components' numbers, each behind those that it uses. */
  order(): number[] {
    const done = new Set<number>();
    for (let start = 0; start < this.components.length; start++) {
      const stack: [number, boolean][] = [[start, false]];
      for (let entry = stack.pop(); entry; entry = stack.pop()) {
        const [at, ready] = entry;
        if (done.has(at)) continue;
        if (ready) {
          done.add(at);
          continue;
        }
        stack.push([at, true]);
        for (const [layer] of walk(this.components[at]!.root)) {
          for (const number of this.variants.get(layer.component) ?? []) if (number !== at) stack.push([number, false]);
        }
      }
    }
    return [...done];
  }

  /** The instance that Figma can make of a `use`, else the layers that it stands for. */
  resolve(use: Node): Instance | Node {
    const [made, plain] = [this.layers(use), this.layers(use, true)];
    const numbers = this.variants.get(use.component);
    if (!numbers) return plain;
    const component = variantOf(numbers.map((number) => this.components[number]!), use.props);
    if (!FRAMES.has(component.root.kind)) return plain; // Figma's components are frames
    const number = numbers.find((at) => this.components[at] === component)!;
    let base = this.shown.get(number);
    if (!base) this.shown.set(number, (base = this.layers(plainUse(component))));
    const changes: Change[] = [];
    const stack: Change[] = [{ path: [], base, made }];
    for (let entry = stack.pop(); entry; entry = stack.pop()) {
      const { path, base: a, made: b } = entry;
      const frame = FRAMES.has(a.kind);
      if (a.kind !== b.kind || (frame && a.children.length !== b.children.length)) return plain;
      const differing = COMPARED.filter((name) => !same(a[name], b[name]));
      const allowed = path.length ? INSIDE : ROOT;
      if (differing.some((name) => !allowed.has(name)) || (a.kind === 'svg' && differing.includes('fills'))) return plain;
      if (differing.length || !path.length) changes.push(entry);
      if (frame) a.children.forEach((child, i) => stack.push({ path: [...path, i], base: child, made: b.children[i]! }));
    }
    changes.sort((a, b) => byPath(a.path, b.path));
    return { component: number, changes };
  }

  private layers(use: Node, bound = false): Node {
    const [made] = expand(makeDesign({ roots: [use], components: this.components }), true, bound).roots;
    return use.visible ? made! : { ...made!, visible: false };
  }
}

function byPath(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

function plainUse({ name, variant }: Component): Node {
  const props: Prop[] = variant.map(([key, text]) => prop(key, word(text)));
  return makeNode({ kind: 'use', component: name, props });
}

/** A design in which no child aligns otherwise than its siblings: such a child gets a frame around it. */
export function aligned(design: Design): Design {
  return {
    ...design,
    roots: design.roots.map(alignedNode),
    components: design.components.map((component) => ({ ...component, root: alignedNode(component.root) })),
  };
}

function alignedNode(node: Node): Node {
  if (!node.children.length) return node;
  const children = node.children.map((child) => wrapped(alignedNode(child), node));
  return children.every((child, i) => child === node.children[i]) ? node : { ...node, children };
}

function wrapped(child: Node, parent: Node): Node {
  const own = child.selfAlign;
  if (own === null || own === parent.align || own === 'baseline' || child.at) return child;
  if (parent.kind !== 'row' && parent.kind !== 'col') return child;
  const row = parent.kind === 'row';
  if ((row ? child.height : child.width) === 'fill') return child;
  const along = (row ? child.width : child.height) === 'fill' ? 'fill' : 'hug';
  return makeNode({
    kind: row ? 'col' : 'row', name: 'Align', justify: own, children: [{ ...child, selfAlign: null }],
    width: row ? along : 'fill', height: row ? 'fill' : along,
  });
}
