// The methods and computed properties of nodes.
import * as check from './check';
import type { MockNode } from './node';

interface Method {
  types?: string[];
  descriptor: PropertyDescriptor;
}

type Inner = { ['#']: MockNode };
const method = (call: (node: MockNode, ...given: any[]) => unknown, types?: string[]): Method => ({
  ...(types ? { types } : {}),
  descriptor: { value(this: Inner, ...given: unknown[]) { return call(this['#'], ...given); } },
});
const getter = (get: (node: MockNode) => unknown, types?: string[]): Method => ({
  ...(types ? { types } : {}),
  descriptor: {
    get(this: Inner) { return get(this['#']); },
    set(this: Inner) { this['#'].document.fault('a read-only property was assigned'); },
  },
});

const PARENTS = ['FRAME', 'COMPONENT', 'COMPONENT_SET', 'INSTANCE', 'SECTION', 'PAGE', 'DOCUMENT'];
const FILLED = ['FRAME', 'COMPONENT', 'INSTANCE', 'RECTANGLE', 'ELLIPSE', 'LINE', 'VECTOR', 'TEXT', 'SECTION'];
const RANGES = ['fontName', 'fontSize', 'lineHeight', 'letterSpacing', 'textCase', 'textDecoration', 'fills', 'hyperlink'];

async function style(node: MockNode, name: string, kind: string, id: unknown): Promise<void> {
  await Promise.resolve();
  const found = node.document.nodes.get(String(id));
  if (id !== '' && found?.type !== `STYLE_${kind}`) node.document.fault(`no ${kind} style ${String(id)}`);
  if (kind === 'TEXT') {
    try {
      node.needFonts();
      if (found) node.document.needFont(found.value('fontName') as FontName);
    } catch (error) {
      node.document.fault((error as Error).message);
    }
    for (const part of ['fontName', 'fontSize', 'lineHeight', 'letterSpacing']) {
      if (found) node.put(part, found.value(part));
    }
  } else if (found && kind === 'PAINT') node.put(name === 'fillStyleId' ? 'fills' : 'strokes', found.value('paints'));
  node.put(name, id);
  node.document.record(node, name, id);
}

function copy(source: MockNode, type: string): MockNode {
  const made = source.document.make(type);
  for (const [name, value] of source.values) made.values.set(name, value);
  made.runs = source.runs.map((run) => ({ ...run }));
  for (const [name, value] of source.data) made.data.set(name, value);
  made.main = source.main;
  made.twin = source;
  for (const [name, value] of Object.entries(source.given)) made.given[name] = { ...value };
  for (const kid of source.kids) {
    const twin = copy(kid, kid.type);
    made.kids.push(twin);
    twin.parentNode = made;
  }
  return made;
}

function owner(component: MockNode): MockNode {
  return component.parentNode?.type === 'COMPONENT_SET' ? component.parentNode : component;
}

function instance(component: MockNode): MockNode {
  if (component.removed) component.document.fault('createInstance of a removed component');
  const made = copy(component, 'INSTANCE');
  made.main = component;
  for (const [name, definition] of Object.entries(owner(component).definitions)) {
    made.given[name] = { type: definition.type, value: definition.defaultValue };
  }
  return made;
}

function setProperties(node: MockNode, given: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(given)) {
    const property = node.given[name] ?? node.document.fault(`setProperties: no property ${name}`);
    const wanted = property.type === 'BOOLEAN' ? 'boolean' : 'string';
    if (typeof value !== wanted) node.document.fault(`setProperties: ${name} takes a ${wanted}`);
    property.value = value;
    const stack = [...node.kids];
    for (let kid = stack.pop(); kid; kid = stack.pop()) {
      stack.push(...kid.kids);
      const references = (kid.value('componentPropertyReferences') ?? {}) as Record<string, string>;
      if (references.visible === name) kid.put('visible', value);
      if (references.characters === name) {
        try {
          kid.needFonts();
        } catch (error) {
          kid.document.fault((error as Error).message);
        }
        kid.values.set('characters', kid.charactersSet(String(value)));
      }
    }
  }
  node.document.record(node, 'setProperties', given);
}

let propertyId = 1;
function addProperty(node: MockNode, name: unknown, type: unknown, value: unknown): string {
  if (node.parentNode?.type === 'COMPONENT_SET') node.document.fault('addComponentProperty on a variant: use its set');
  check.oneOf('BOOLEAN', 'TEXT', 'INSTANCE_SWAP', 'VARIANT')(type);
  if (typeof name !== 'string' || !name || name.includes('#')) node.document.fault('addComponentProperty: no such name');
  if (typeof value !== (type === 'BOOLEAN' ? 'boolean' : 'string')) node.document.fault(`addComponentProperty: a default of ${typeof value}`);
  const key = `${String(name)}#${propertyId++}:0`;
  node.definitions[key] = { type: String(type), defaultValue: value };
  node.document.record(node, 'addComponentProperty', key);
  return key;
}

export const METHODS: Record<string, Method> = {
  id: getter((node) => node.id),
  type: getter((node) => node.type),
  removed: getter((node) => node.removed),
  parent: getter((node) => node.parentNode?.api ?? null),
  children: getter((node) => Object.freeze(node.kids.map((kid) => kid.api)), PARENTS),
  absoluteBoundingBox: getter((node) => ({ x: node.value('x'), y: node.value('y'), width: node.value('width'), height: node.value('height') })),
  appendChild: method((node, child) => node.insert(node.kids.length, node.document.inner(child), false), PARENTS),
  insertChild: method((node, index, child) => node.insert(index, node.document.inner(child), false), PARENTS),
  appendChildAt: method((node, child, row, column) => {
    node.placeInGrid(node.document.inner(child), row, column);
    node.insert(node.kids.length, node.document.inner(child), true);
  }, ['FRAME', 'COMPONENT']),
  setGridChildPosition: method((node, row, column) => {
    if (!node.parentNode) node.document.fault('setGridChildPosition without a grid');
    node.parentNode!.placeInGrid(node, row, column);
  }),
  remove: method((node) => node.remove()),
  resize: method((node, width, height) => node.resize(width, height)),
  resizeWithoutConstraints: method((node, width, height) => node.resize(width, height)),
  rescale: method((node, factor) => node.resize((node.value('width') as number) * check.number(factor, 0.01), (node.value('height') as number) * (factor as number)), ['FRAME', 'RECTANGLE']),
  lockAspectRatio: method((node) => {
    const auto = node.type === 'TEXT' && node.value('textAutoResize') !== 'NONE';
    if (auto) node.document.fault('lockAspectRatio: a text that resizes itself');
    node.values.set('targetAspectRatio', { x: node.value('width') as number, y: node.value('height') as number });
  }),
  targetAspectRatio: getter((node) => node.value('targetAspectRatio') ?? null),
  setBoundVariable: method((node, field, variable) => {
    if (variable.resolvedType !== 'FLOAT') node.document.fault('setBoundVariable: a FLOAT variable');
    if (node.value(field) === undefined) node.document.fault(`setBoundVariable: ${node.describe()} has no ${String(field)}`);
    if (node.value(field) !== variable.valuesByMode['mode:0']) node.document.fault(`setBoundVariable: ${String(field)} has another value`);
    node.bound.set(field, variable.id);
  }),
  boundVariables: getter((node) => Object.fromEntries([...node.bound].map(([field, id]) => [field, { type: 'VARIABLE_ALIAS', id }]))),
  setRangeTextStyleIdAsync: method(async (node, start, end, id) => {
    await Promise.resolve();
    const found = node.document.nodes.get(id);
    if (found?.type !== 'STYLE_TEXT') node.document.fault(`setRangeTextStyleIdAsync: no text style ${String(id)}`);
    for (const part of ['fontName', 'fontSize', 'lineHeight', 'letterSpacing']) node.setRange(part, start, end, found!.value(part));
    for (let at = start; at < end; at++) node.runs[at]!.textStyleId = id;
  }, ['TEXT']),
  setRangeFillStyleIdAsync: method(async (node, start, end, id) => {
    await Promise.resolve();
    const found = node.document.nodes.get(id);
    if (found?.type !== 'STYLE_PAINT') node.document.fault(`setRangeFillStyleIdAsync: no paint style ${String(id)}`);
    node.setRange('fills', start, end, found!.value('paints'));
    for (let at = start; at < end; at++) node.runs[at]!.fillStyleId = id;
  }, ['TEXT']),
  setPluginData: method((node, key, value) => {
    if (typeof key !== 'string' || typeof value !== 'string') node.document.fault('plugin data is text');
    if (value.length > 100_000) node.document.fault('plugin data over 100 kB');
    node.data.set(key, value);
  }),
  getPluginData: method((node, key) => node.data.get(key) ?? ''),
  findAll: method((node, test) => {
    const found: SceneNode[] = [];
    const visit = (at: MockNode): void => at.kids.forEach((kid) => { if (!test || test(kid.api)) found.push(kid.api); visit(kid); });
    visit(node);
    return found;
  }, PARENTS),
  setFillStyleIdAsync: method((node, id) => style(node, 'fillStyleId', 'PAINT', id), FILLED),
  setStrokeStyleIdAsync: method((node, id) => style(node, 'strokeStyleId', 'PAINT', id), FILLED),
  setEffectStyleIdAsync: method((node, id) => style(node, 'effectStyleId', 'EFFECT', id)),
  setTextStyleIdAsync: method((node, id) => style(node, 'textStyleId', 'TEXT', id), ['TEXT']),
  getStyledTextSegments: method((node, names, start, end) => node.segments(names, start, end), ['TEXT']),
  ...Object.fromEntries(RANGES.map((name) => [
    `setRange${name[0]!.toUpperCase()}${name.slice(1)}`,
    method((node, start, end, value) => node.setRange(name, start, end, value), ['TEXT']),
  ])),
  createInstance: method((node) => {
    const made = instance(node);
    node.document.page.insert(Infinity, made, false);
    return made.api;
  }, ['COMPONENT']),
  addComponentProperty: method((node, name, type, value) => addProperty(node, name, type, value), ['COMPONENT', 'COMPONENT_SET']),
  componentPropertyDefinitions: getter((node) => {
    if (node.parentNode?.type === 'COMPONENT_SET') node.document.fault('componentPropertyDefinitions of a variant: use its set');
    return structuredClone(node.definitions);
  }, ['COMPONENT', 'COMPONENT_SET']),
  variantProperties: getter((node) => node.document.variant(node), ['COMPONENT', 'INSTANCE']),
  componentProperties: getter((node) => structuredClone(node.given), ['INSTANCE']),
  setProperties: method((node, given) => setProperties(node, given), ['INSTANCE']),
  mainComponent: getter((node) => node.document.fault('mainComponent in dynamic-page mode: use getMainComponentAsync'), ['INSTANCE']),
  getMainComponentAsync: method(async (node) => (await Promise.resolve(), node.main?.api ?? null), ['INSTANCE']),
  exportAsync: method(async (node, settings) => {
    await Promise.resolve();
    const box = `width="${String(node.value('width'))}" height="${String(node.value('height'))}"`;
    if (settings?.format === 'SVG_STRING') return node.data.get('mock-svg') ?? `<svg xmlns="http://www.w3.org/2000/svg" ${box}/>`;
    return node.document.fault('exportAsync: the mock draws nothing');
  }),
};
