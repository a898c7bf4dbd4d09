// A strict, recording stand-in for the `figma` global in dynamic-page mode: it refuses what Figma refuses.
import * as check from './check';
import { MockDocument } from './document';
import type { MockNode } from './node';

export const FONT_STYLES = [
  'Thin', 'Extra Light', 'Light', 'Regular', 'Medium', 'Semi Bold', 'Bold', 'Extra Bold', 'Black',
].flatMap((name) => [name, name === 'Regular' ? 'Italic' : `${name} Italic`]);

export interface MockOptions {
  fonts?: Record<string, string[]>;
  storage?: Record<string, unknown>;
  /** Called with what the plugin sends to its UI. */
  toUI?: (message: unknown) => void;
}

export interface Mock {
  figma: PluginAPI;
  document: MockDocument;
  page: MockNode;
  /** Give the plugin a message as its UI would. */
  send: (message: unknown) => void;
  /** How often the user would press undo until nothing is left. */
  undoSteps: () => number;
  closed: () => boolean;
  notices: string[];
}

const SYNC_ONLY = [
  'getNodeById', 'getStyleById', 'getLocalPaintStyles', 'getLocalTextStyles', 'getLocalEffectStyles', 'getFileThumbnailNode',
];
const STYLE_FIELDS: Record<string, string[]> = {
  PAINT: ['name', 'description', 'paints'],
  TEXT: ['name', 'description', 'fontName', 'fontSize', 'lineHeight', 'letterSpacing', 'textCase', 'textDecoration'],
  EFFECT: ['name', 'description', 'effects'],
};

export function mockFigma(options: MockOptions = {}): Mock {
  const document = new MockDocument();
  const page = document.make('PAGE');
  page.values.set('name', 'Page 1');
  document.page = page;
  const fonts = options.fonts ?? { Inter: FONT_STYLES, Roboto: ['Regular', 'Bold', 'Italic'], 'Roboto Mono': ['Regular', 'Bold'] };
  const storage = new Map(Object.entries(options.storage ?? {}));
  const notices: string[] = [];
  let selection: readonly SceneNode[] = [];
  let handler: ((message: unknown) => void) | null = null;
  const listeners = new Map<string, (() => void)[]>();
  let closed = false;
  let commits = 0;
  let committedAt = 0;
  const styles: MockNode[] = [];
  const variables: Record<string, unknown>[] = [];
  const collections: Record<string, unknown>[] = [];

  const create = (type: string) => () => {
    const node = document.make(type);
    node.values.set('name', type[0] + type.slice(1).toLowerCase());
    page.insert(page.kids.length, node, false);
    document.record(node, 'create', type);
    return node.api;
  };

  const createStyle = (kind: string) => () => {
    const node = document.make(`STYLE_${kind}`);
    styles.push(node);
    const api: Record<string, unknown> = {};
    node.values.set('fontName', { family: 'Inter', style: 'Regular' });
    node.values.set('fontSize', 12);
    node.values.set('lineHeight', { unit: 'AUTO' });
    node.values.set('letterSpacing', { unit: 'PERCENT', value: 0 });
    node.values.set('paints', []);
    for (const field of STYLE_FIELDS[kind]!) {
      Object.defineProperty(api, field, {
        enumerable: true,
        get: () => check.deepFreeze(node.value(field) ?? ''),
        set: (value: unknown) => {
          try {
            if (field === 'paints') check.list(value).forEach((paint) => check.paint(paint, document.images));
            if (field === 'effects') check.list(value).forEach(check.effect);
            if (field === 'fontName') document.needFont(check.fontName(value));
            else if (kind === 'TEXT' && !['name', 'description'].includes(field)) document.needFont(node.value('fontName') as FontName);
            if (field === 'lineHeight') check.lineHeight(value);
            if (field === 'letterSpacing') check.letterSpacing(value);
            if (field === 'fontSize') check.number(value, 1);
          } catch (error) {
            document.fault(`${kind} style ${field}: ${(error as Error).message}`);
          }
          document.changes++;
          node.values.set(field, structuredClone(value));
        },
      });
    }
    Object.defineProperty(api, 'id', { value: node.id });
    Object.defineProperty(api, 'type', { value: kind });
    Object.defineProperty(api, 'remove', { value: () => styles.splice(styles.indexOf(node), 1) });
    node.values.set('api', Object.preventExtensions(api));
    return api;
  };
  const local = (kind: string) => async () => {
    await Promise.resolve();
    return styles.filter((node) => node.type === `STYLE_${kind}`).map((node) => node.values.get('api'));
  };

  const variablesApi = {
    createVariableCollection(name: string) {
      const collection = { id: `VariableCollectionId:${collections.length}`, name: check.text(name), modes: [{ modeId: 'mode:0', name: 'Mode 1' }], defaultModeId: 'mode:0', variableIds: [] as string[] };
      collections.push(collection);
      document.changes++;
      return collection;
    },
    createVariable(name: string, collection: Record<string, unknown> | string, type: string) {
      if (typeof collection === 'string' || !collections.includes(collection)) document.fault('createVariable: give the collection itself');
      check.oneOf('COLOR', 'FLOAT', 'STRING', 'BOOLEAN')(type);
      if (!/^[^.{}]+$/.test(name)) document.fault(`createVariable: no such name ${name}`);
      if (variables.some((v) => v.name === name && v.variableCollectionId === (collection as { id: string }).id)) document.fault(`createVariable: duplicate name ${name}`);
      const variable = {
        id: `VariableID:${variables.length}`, name, resolvedType: type, variableCollectionId: (collection as { id: string }).id,
        valuesByMode: {} as Record<string, unknown>, scopes: ['ALL_SCOPES'],
        setValueForMode(mode: string, value: unknown) {
          if (mode !== 'mode:0') document.fault(`setValueForMode: no mode ${mode}`);
          if (type === 'COLOR') check.record(value, ['r', 'g', 'b'], ['a']);
          if (type === 'FLOAT') check.number(value);
          this.valuesByMode[mode] = structuredClone(value);
          document.changes++;
        },
        remove() { variables.splice(variables.indexOf(variable), 1); },
      };
      variables.push(variable);
      return variable;
    },
    getLocalVariablesAsync: async (type?: string) => (await Promise.resolve(), variables.filter((v) => !type || v.resolvedType === type)),
    getLocalVariableCollectionsAsync: async () => (await Promise.resolve(), [...collections]),
    getVariableByIdAsync: async (id: string) => (await Promise.resolve(), variables.find((v) => v.id === id) ?? null),
    setBoundVariableForPaint(paint: Record<string, unknown>, field: string, variable: { id: string; resolvedType: string; valuesByMode: Record<string, Record<string, number>> }) {
      if (paint.type !== 'SOLID' || field !== 'color' || variable.resolvedType !== 'COLOR') document.fault('setBoundVariableForPaint: a COLOR variable for a SOLID paint');
      const color = variable.valuesByMode['mode:0']!;
      return { ...paint, color: { r: color.r, g: color.g, b: color.b }, boundVariables: { color: { type: 'VARIABLE_ALIAS', id: variable.id } } };
    },
    createVariableAlias: (variable: { id: string }) => ({ type: 'VARIABLE_ALIAS', id: variable.id }),
  };

  const figma = {
    mixed: document.mixed,
    editorType: 'figma',
    command: '',
    root: { children: [page.api], name: 'Untitled' },
    variables: variablesApi,
    createFrame: create('FRAME'),
    createComponent: create('COMPONENT'),
    createRectangle: create('RECTANGLE'),
    createEllipse: create('ELLIPSE'),
    createLine: create('LINE'),
    createText: create('TEXT'),
    createSection: create('SECTION'),
    createPaintStyle: createStyle('PAINT'),
    createTextStyle: createStyle('TEXT'),
    createEffectStyle: createStyle('EFFECT'),
    getLocalPaintStylesAsync: local('PAINT'),
    getLocalTextStylesAsync: local('TEXT'),
    getLocalEffectStylesAsync: local('EFFECT'),
    getStyleByIdAsync: async (id: string) => (await Promise.resolve(), styles.find((style) => style.id === id)?.values.get('api') ?? null),
    getNodeByIdAsync: async (id: string) => {
      await Promise.resolve();
      const node = document.nodes.get(id);
      return node && !node.removed ? node.api : null;
    },
    async loadFontAsync(font: FontName) {
      const { family, style } = check.fontName(font);
      await Promise.resolve();
      if (!fonts[family]?.includes(style)) document.fault(`loadFontAsync: the font "${family} ${style}" could not be loaded`);
      document.loaded.add(`${family}|${style}`);
    },
    listAvailableFontsAsync: async () => (await Promise.resolve(), Object.entries(fonts).flatMap(([family, all]) => all.map((style) => ({ fontName: { family, style } })))),
    createNodeFromSvg(svg: string) {
      const node = svgFrame(document, page, svg);
      document.record(node, 'create', 'SVG');
      return node.api;
    },
    createImage(bytes: Uint8Array) {
      if (!(bytes instanceof Uint8Array)) document.fault('createImage: bytes, please');
      const size = check.imageSize(bytes);
      if (!size) document.fault('createImage: image type is unsupported');
      if (size!.width > 4096 || size!.height > 4096) document.fault('createImage: image is too large, over 4096 pixels');
      const hash = `image${document.images.size}`;
      document.images.set(hash, bytes);
      return image(document, hash);
    },
    getImageByHash: (hash: string) => (document.images.has(hash) ? image(document, hash) : null),
    combineAsVariants(nodes: unknown[], parent: unknown, index?: number) {
      const components = nodes.map((node) => document.inner(node));
      if (components.length < 1 || components.some((node) => node.type !== 'COMPONENT')) document.fault('combineAsVariants takes components');
      const set = document.make('COMPONENT_SET');
      set.values.set('name', 'Component set');
      document.inner(parent).insert(index ?? Infinity, set, false);
      const keys = components.map((node) => Object.keys(document.variant(node) ?? {}).sort().join());
      if (new Set(keys).size > 1 || !keys[0]) document.fault('combineAsVariants: names must be "Property=Value, …" with the same properties');
      if (new Set(components.map((node) => node.value('name'))).size < components.length) document.fault('combineAsVariants: two variants are alike');
      for (const node of components) {
        for (const [name, definition] of Object.entries(node.definitions)) set.definitions[name] ??= definition;
        set.insert(Infinity, node, false);
      }
      return set.api;
    },
    base64Decode: (text: string) => Uint8Array.from(globalThis.atob(text), (c) => c.charCodeAt(0)),
    base64Encode: (bytes: Uint8Array) => globalThis.btoa(String.fromCharCode(...bytes)),
    commitUndo() {
      if (document.changes > committedAt) commits++;
      committedAt = document.changes;
    },
    triggerUndo: () => undefined,
    notify(message: string) {
      notices.push(message);
      return { cancel: () => undefined };
    },
    closePlugin: () => (closed = true),
    showUI: (_html: string, _options?: ShowUIOptions) => undefined,
    on: (name: string, call: () => void) => listeners.set(name, [...(listeners.get(name) ?? []), call]),
    off: () => undefined,
    ui: {
      postMessage: (message: unknown) => options.toUI?.(structuredClone(message)),
      set onmessage(call: ((message: unknown) => void) | null) { handler = call; },
      get onmessage() { return handler; },
      resize: () => undefined,
    },
    clientStorage: {
      getAsync: async (key: string) => (await Promise.resolve(), storage.get(key)),
      setAsync: async (key: string, value: unknown) => (await Promise.resolve(), void storage.set(key, structuredClone(value))),
    },
    viewport: {
      center: { x: 0, y: 0 },
      zoom: 1,
      scrollAndZoomIntoView: (nodes: unknown[]) => nodes.forEach((node) => document.inner(node)),
    },
  };
  for (const name of SYNC_ONLY) Object.assign(figma, { [name]: () => document.fault(`${name} in dynamic-page mode: use ${name}Async`) });

  const pageApi = new Proxy(page.api, {
    get: (target, key) => (key === 'selection' ? selection : Reflect.get(target, key, target)),
    set: (target, key, value) => {
      if (key !== 'selection') return Reflect.set(target, key, value, target);
      for (const node of value as SceneNode[]) {
        const inner = document.inner(node);
        if (inner.removed) document.fault('selection: a removed node');
      }
      selection = [...(value as SceneNode[])];
      listeners.get('selectionchange')?.forEach((call) => call());
      return true;
    },
  });
  Object.defineProperty(figma, 'currentPage', {
    get: () => pageApi,
    set: () => document.fault('currentPage in dynamic-page mode: use setCurrentPageAsync'),
  });
  return {
    figma: figma as unknown as PluginAPI,
    document,
    page,
    send: (message) => handler?.(structuredClone(message)),
    undoSteps: () => commits + (document.changes > committedAt ? 1 : 0),
    closed: () => closed,
    notices,
  };
}

function image(document: MockDocument, hash: string): Record<string, unknown> {
  const bytes = document.images.get(hash)!;
  return {
    hash,
    getBytesAsync: async () => (await Promise.resolve(), bytes),
    getSizeAsync: async () => (await Promise.resolve(), check.imageSize(bytes)!),
  };
}

function svgFrame(document: MockDocument, page: MockNode, svg: string): MockNode {
  if (typeof svg !== 'string' || !/^\s*<svg[\s>]/.test(svg) || !/<\/svg>\s*$/.test(svg)) document.fault('createNodeFromSvg: no SVG');
  if (/<(script|foreignObject|iframe)/i.test(svg)) document.fault('createNodeFromSvg: active content');
  const open: string[] = [];
  for (const [, closing, name, , empty] of svg.matchAll(/<(\/?)([A-Za-z][\w:-]*)((?:"[^"]*"|'[^']*'|[^'">])*?)(\/?)>/g)) {
    if (closing) {
      if (open.pop() !== name) document.fault(`createNodeFromSvg: </${name}> closes nothing`);
    } else if (!empty) open.push(name!);
  }
  if (open.length) document.fault(`createNodeFromSvg: <${open.at(-1)}> is not closed`);
  const size = /viewBox="\s*[\d.eE+-]+[\s,]+[\d.eE+-]+[\s,]+([\d.]+)[\s,]+([\d.]+)/.exec(svg);
  const frame = document.make('FRAME');
  frame.values.set('name', 'Vector');
  frame.values.set('fills', []);
  frame.values.set('width', Number(/\swidth="([\d.]+)"/.exec(svg)?.[1] ?? size?.[1] ?? 100));
  frame.values.set('height', Number(/\sheight="([\d.]+)"/.exec(svg)?.[1] ?? size?.[2] ?? 100));
  frame.data.set('mock-svg', svg);
  page.insert(page.kids.length, frame, false);
  const vector = document.make('VECTOR');
  vector.values.set('name', 'Vector');
  frame.insert(0, vector, false);
  return frame;
}
