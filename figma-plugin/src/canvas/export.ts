// The selection → a design: tokens by name, components, instances, and the pictures that its slots hold.
import {
  type Component, type Design, type Node, type Paint, type Prop, type Run, SOFT_BREAK, TreeError, design as makeDesign, expand, node as makeNode,
  prop, run, solid, word,
} from '../tree';
import { ownOf, same } from '../tree/expand';
import { parse } from '../notation';
import { TOKENS, dataOf, readJson } from './data';
import { Notes, PluginError, type Progress } from './notes';
import { LayerReader } from './read';
import { Reader, hex } from './read_paints';
import { TextReader, styleOf } from './read_text';

export interface Exported {
  design: Design;
  notes: string[];
  images: { slot: string; hash: string }[];
  drawings: { slot: string; layer: SceneNode }[];
}

/** The design of some layers. Throws PluginError where there is nothing to read. */
export async function exportLayers(layers: readonly SceneNode[], progress: Progress): Promise<Exported> {
  if (!layers.length) throw new PluginError('Nothing is selected: select a frame and export again.');
  const notes = new Notes();
  await progress.step('Reading layers', 0, 1);
  const colors = await namedColors();
  const reader = new Reader(colors, notes);
  const texts = new TextReader(reader, await namedStyles());
  const layerReader = new LayerReader(reader, texts, notes);
  const mains = new Map<string, ComponentNode>();
  const components = await readComponents(layers, layerReader, mains);
  const tree = new Components(components, mains, colorsByName(new Map([...colors].filter(([, color]) => color.style))));
  layerReader.onInstance = (layer, plain) => tree.instance(layer, plain, notes);
  // Bodies again, now that instances can be told from plain layers.
  for (const [component, entry] of components) entry.root = withName(bodyOf(component, layerReader), entry.name);
  const roots = layers
    .filter((layer) => layer.type !== 'COMPONENT' && layer.type !== 'COMPONENT_SET')
    .map((layer) => onItsOwn(layerReader.read(layer, null), layer))
    .filter((root) => root !== null);
  await progress.step('Reading layers', 1, 1);
  const known = tokensOf(layers);
  const palette = ordered(new Map([...reader.palette].map(([name, color]) => [name, color])), known?.palette, colorsByName(colors));
  const styles = ordered(texts.styles, known?.styles, new Map([...(await namedStyles()).values()].map(({ name, style }) => [name, style])));
  return {
    design: makeDesign({
      roots, palette, styles, components: [...components.values()].map(({ name, root, variant }) => ({ name, root, variant })),
      spaces: known?.numbers.space.map(({ name, value }) => [name, value] as const) ?? [],
      corners: known?.numbers.radius.map(({ name, value }) => [name, value] as const) ?? [],
      shadows: await namedShadows(reader, known?.shadows ?? []),
    }),
    notes: notes.list(),
    images: [...reader.images].map(([slot, hash]) => ({ slot, hash })),
    drawings: [...reader.drawings].map(([slot, layer]) => ({ slot, layer })),
  };
}

/** What fills its parent has its size in px where it stands for itself. */
function onItsOwn(root: Node | null, layer: SceneNode): Node | null {
  if (!root) return null;
  return { ...root, width: root.width === 'fill' ? layer.width : root.width, height: root.height === 'fill' ? layer.height : root.height };
}

interface KnownTokens {
  palette: string[];
  styles: string[];
  shadows: string[];
  numbers: { space: { name: string; value: number }[]; radius: { name: string; value: number }[] };
}

function tokensOf(layers: readonly SceneNode[]): KnownTokens | null {
  const isNames = (value: unknown): boolean => Array.isArray(value) && value.every((name) => typeof name === 'string');
  const isNumbers = (value: unknown): boolean => Array.isArray(value) && value.every((v) => typeof v?.name === 'string' && typeof v?.value === 'number');
  for (const layer of layers) {
    const found = readJson(layer.getPluginData(TOKENS), (value): value is KnownTokens => {
      const given = value as Partial<KnownTokens> | null;
      return [given?.palette, given?.styles, given?.shadows].every(isNames) && [given?.numbers?.space, given?.numbers?.radius].every(isNumbers);
    });
    if (found) return found;
  }
  return null;
}

/** Those that are used and those that the design had, in the order it had them. */
function ordered<T>(used: ReadonlyMap<string, T>, names: readonly string[] | undefined, all: ReadonlyMap<string, T>): [string, T][] {
  const found = new Map<string, T>();
  for (const name of names ?? []) {
    const value = used.get(name) ?? all.get(name);
    if (value !== undefined) found.set(name, value);
  }
  for (const [name, value] of used) if (!found.has(name)) found.set(name, value);
  return [...found];
}

function tokenName(name: string): string {
  const plain = name.split('/').at(-1)!.toLowerCase().replace(/[^a-z0-9_-]+/g, '-').replace(/^[^a-z]+/, '').slice(0, 64);
  return plain || 'color';
}

/** Colours of the file by the id of their variable or paint style. */
async function namedColors(): Promise<Map<string, { name: string; color: string; style: boolean }>> {
  const found = new Map<string, { name: string; color: string; style: boolean }>();
  const taken = new Map<string, string>();
  let variables = new Set<string>();
  const add = (id: string, full: string, color: string, style = false): void => {
    let name = tokenName(full);
    for (let n = 2; taken.has(name) && taken.get(name) !== color; n++) name = `${tokenName(full)}-${n}`;
    taken.set(name, color);
    found.set(id, { name, color, style: style && !variables.has(name) });
  };
  for (const variable of await figma.variables.getLocalVariablesAsync('COLOR')) {
    const value = Object.values(variable.valuesByMode)[0];
    if (typeof value === 'object' && 'r' in value) add(variable.id, variable.name, hex({ a: 1, ...value }));
  }
  variables = new Set(taken.keys());
  for (const style of await figma.getLocalPaintStylesAsync()) {
    const [paint] = style.paints;
    if (style.paints.length === 1 && paint?.type === 'SOLID') add(style.id, style.name, hex({ ...paint.color, a: paint.opacity ?? 1 }), true);
  }
  return found;
}

function colorsByName(colors: ReadonlyMap<string, { name: string; color: string }>): Map<string, string> {
  return new Map([...colors.values()].map(({ name, color }) => [name, color]));
}

async function namedStyles(): Promise<Map<string, { name: string; style: ReturnType<typeof styleOf> }>> {
  const styles = await figma.getLocalTextStylesAsync();
  return new Map(styles.map((style) => [style.id, { name: tokenName(style.name), style: styleOf(style) }]));
}

async function namedShadows(reader: Reader, names: readonly string[]): Promise<[string, Node['shadows']][]> {
  if (!names.length) return [];
  const styles = await figma.getLocalEffectStylesAsync();
  return names.flatMap((name): [string, Node['shadows']][] => {
    const style = styles.find((s) => s.name === name);
    const shadows = style ? reader.effects(style.effects).shadows : [];
    return shadows.length ? [[name, shadows]] : [];
  });
}

interface Entry {
  name: string;
  variant: [string, string][];
  root: Node;
}

/** The components that are selected or used, those that others use first. */
async function readComponents(layers: readonly SceneNode[], reader: LayerReader, mains: Map<string, ComponentNode>): Promise<Map<ComponentNode, Entry>> {
  const found = new Map<ComponentNode, Entry>();
  const names = new Map<string, string>();
  const visit = async (component: ComponentNode): Promise<void> => {
    if (found.has(component)) return;
    for (const inner of instancesIn(component)) {
      const main = await inner.getMainComponentAsync();
      if (!main) continue;
      mains.set(inner.id, main);
      for (const variant of family(main)) await visit(variant);
    }
    if (found.has(component)) return;
    const { name, variant } = identity(component, names);
    found.set(component, { name, variant, root: withName(bodyOf(component, reader), name) });
  };
  for (const layer of layers) {
    const sets = layer.type === 'COMPONENT_SET' ? layer.children : [layer];
    for (const one of sets) {
      if (one.type === 'COMPONENT') await visit(one);
      for (const inner of instancesIn(one)) {
        const main = await inner.getMainComponentAsync();
        if (main) mains.set(inner.id, main);
        for (const variant of main ? family(main) : []) await visit(variant);
      }
    }
  }
  return found;
}

/** A component with its variants, in their order: the first is what an instance shows that names none. */
function family(component: ComponentNode): ComponentNode[] {
  const set = component.parent?.type === 'COMPONENT_SET' ? component.parent : null;
  return set ? set.children.filter((child) => child.type === 'COMPONENT') : [component];
}

function bodyOf(component: ComponentNode, reader: LayerReader): Node {
  return reader.read(component, null) ?? makeNode({ kind: 'box' });
}

function withName(root: Node, name: string): Node {
  return { ...root, name: root.name === name || root.name.includes('=') || root.name.startsWith(`${name}/`) ? '' : root.name };
}

function* instancesIn(layer: SceneNode): Generator<InstanceNode> {
  const stack: SceneNode[] = [layer];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (node.type === 'INSTANCE') yield node;
    if ('children' in node) stack.push(...node.children);
  }
}

/** A component's name and variant in the notation; two that would be alike are told apart. */
function identity(component: ComponentNode, names: Map<string, string>): { name: string; variant: [string, string][] } {
  const set = component.parent?.type === 'COMPONENT_SET' ? component.parent : null;
  let name = (set ?? component).name.split('/')[0]!.replace(/[^A-Za-z0-9_-]+/g, '').replace(/^[^A-Za-z]+/, '');
  name = (name[0] ?? 'C').toUpperCase() + name.slice(1, 60);
  const owner = (set ?? component).id;
  while (names.has(name) && names.get(name) !== owner) name += '2';
  names.set(name, owner);
  const pairs = set ? Object.entries(component.variantProperties ?? {}) : [];
  return { name, variant: pairs.map(([key, value]) => [tokenName(key), value.slice(0, 64)]) };
}

/** Tells which instances the notation can hold as instances. */
class Components {
  constructor(
    private readonly components: ReadonlyMap<ComponentNode, Entry>,
    private readonly mains: ReadonlyMap<string, ComponentNode>,
    private readonly styles: ReadonlyMap<string, string>, // colours that are styles and no variables, by name
  ) {}

  /** `plain` as an instance, or as it is where no instance shows the same. */
  instance(layer: InstanceNode, plain: Node, notes: Notes): Node {
    const main = this.mains.get(layer.id);
    const entry = main && this.components.get(main);
    const flat = this.shown(plain);
    if (!entry || !flat) {
      notes.add('An instance of a component that is not in this file: exported as plain layers');
      return plain;
    }
    const asMade = this.first(layer, entry);
    const changed = makeNode({ kind: 'use', component: entry.name, ...this.own(entry, flat), props: [...this.variant(entry), ...given(entry.root, flat)] });
    for (const use of [asMade, changed]) {
      const shown = this.shown(use);
      if (shown && equal(shown, flat)) return placed(use, plain, entry.name);
    }
    notes.add('An instance that changes what its component has no property for: exported as plain layers');
    return plain;
  }

  /** What the instance was made from, where it says so. */
  private first(layer: InstanceNode, entry: Entry): Node {
    const use = firstUse(layer);
    return use && use.component === entry.name ? { ...use, props: use.props.map((given) => this.asRead(given)) } : makeNode({ kind: 'use', component: entry.name, props: this.variant(entry) });
  }

  private asRead({ name, value }: Prop): Prop {
    if (typeof value !== 'object') return prop(name, value);
    if (value.kind === 'run') return prop(name, { ...value, paint: value.paint && asRead(value.paint, this.styles) });
    return prop(name, value.kind === 'solid' ? asRead(value, this.styles) : value);
  }

  private variant({ variant }: Entry): Prop[] {
    return variant.map(([key, text]) => prop(key, word(text)));
  }

  private shown(use: Node): Node | null {
    const components: Component[] = [...this.components.values()];
    try {
      return expand(makeDesign({ roots: [use], components }), true).roots[0] ?? null;
    } catch (error) {
      if (error instanceof TreeError) return null;
      throw error;
    }
  }

  /** What the instance's own frame says otherwise than its component's. */
  private own(entry: Entry, plain: Node): Partial<Node> {
    const base = this.shown(makeNode({ kind: 'use', component: entry.name, props: this.variant(entry) }));
    if (!base) return {};
    const names = Object.keys(ownOf(plain)) as (keyof Node)[];
    return Object.fromEntries(names.filter((name) => name !== 'name' && !same(plain[name], base[name])).map((name) => [name, plain[name]]));
  }
}

function firstUse(layer: InstanceNode): Node | null {
  const { use } = dataOf(layer);
  if (!use) return null;
  try {
    const [root] = parse(use).roots;
    return root?.kind === 'use' ? root : null;
  } catch {
    return null;
  }
}

/** Where an instance stands and what it is called is read from the canvas, whatever its line said. */
function placed(use: Node, { at, cell, width, height, visible, name }: Node, component: string): Node {
  return { ...use, at, cell, width, height, visible, name: name === component || name.includes('=') ? '' : name };
}

/** Properties for what bound layers show. */
function given(component: Node, plain: Node): Prop[] {
  const props: Prop[] = [];
  const stack: [Node, Node][] = [[component, plain]];
  for (let pair = stack.pop(); pair; pair = stack.pop()) {
    const [a, b] = pair;
    if (a.shown && a.visible !== b.visible) props.push(prop(a.shown, b.visible));
    if (a.bind && a.kind === 't' && !same(a.runs, b.runs)) props.push(...(b.runs.length ? b.runs : [run('')]).map((piece) => prop(a.bind, piece)));
    const fill = b.fills.at(-1);
    if (a.bind && fill && !same(a.fills, b.fills)) props.push(prop(a.bind, fill));
    if (a.kind !== 'use') a.children.forEach((child, i) => b.children[i] && stack.push([child, b.children[i]]));
  }
  return props;
}

const SIZES = new Set(['width', 'height', 'at', 'cell', 'bind', 'shown', 'children', 'visible', 'name', 'role', 'raw', 'link', 'selfAlign']);

/** Whether two trees show the same, but for where the first of them stands, and for sizes that follow from content. */
function equal(a: Node, b: Node): boolean {
  const stack: [Node, Node, boolean][] = [[a, b, true]];
  for (let pair = stack.pop(); pair; pair = stack.pop()) {
    const [x, y, first] = pair;
    const names = (Object.keys(x) as (keyof Node)[]).filter((name) => !(first && SIZES.has(name)) && !['children', 'bind', 'shown', 'component', 'props', 'kind'].includes(name));
    if (x.children.length !== y.children.length && x.kind !== 'svg') return false;
    if (!first && x.kind !== y.kind && y.kind !== 'use') return false;
    for (const name of names) if (!(name === 'name' && !first && y.kind === 't') && !same(drawn(x, name), drawn(y, name))) return false;
    x.children.forEach((child, i) => y.children[i] && stack.push([child, y.children[i], false]));
  }
  return true;
}

/**
 * A value as the canvas has it: a letter has one decoration, and in a box of its own text breaks its lines itself. Which of
 * its letters' paint and type are the text's own, the canvas does not say.
 */
function drawn(node: Node, name: keyof Node): unknown {
  if (node.kind !== 't' || !['runs', 'underline', 'fills', 'style'].includes(name)) return node[name];
  if (name !== 'runs') return node.runs.length ? null : node[name];
  const shown = (text: string): string => (node.width === 'hug' ? text : text.replaceAll(SOFT_BREAK, ' '));
  const pieces: Run[] = [];
  for (const piece of node.runs) {
    const own = { paint: piece.paint ?? node.fills.at(-1) ?? null, style: piece.style ?? node.style };
    const made = { ...piece, ...own, text: shown(piece.text), underline: !piece.strike && (piece.underline || node.underline) };
    const before = pieces.at(-1);
    if (before && same({ ...before, text: '' }, { ...made, text: '' })) pieces[pieces.length - 1] = { ...made, text: before.text + made.text };
    else pieces.push(made);
  }
  return pieces;
}

/** A paint style stands for all of a colour: in part, its colour is read, and not its name. */
function asRead(paint: Paint, styles: ReadonlyMap<string, string>): Paint {
  if (paint.kind !== 'solid' || paint.alpha === 1) return paint;
  const color = styles.get(paint.color.slice(1));
  if (!color || !paint.color.startsWith('$')) return paint;
  const own = color.length === 9 ? parseInt(color.slice(7), 16) / 255 : 1;
  return solid(color.slice(0, 7) + Math.round(own * paint.alpha * 255).toString(16).padStart(2, '0'));
}
