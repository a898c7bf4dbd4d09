// Which properties each type of node has, their first values, and what may be written to them.
import * as check from './check';
import type { MockNode } from './node';

export interface Property {
  first: unknown;
  write: (value: unknown, node: MockNode) => unknown;
}
export type Spec = Record<string, Property>;

const property = (first: unknown, write: Property['write']): Property => ({ first, write });
const readOnly = (name: string): Property['write'] => () => check.refuse(`${name} cannot be assigned: it is read-only`);
const inDynamicPage = (name: string, instead: string): Property =>
  property('', () => check.refuse(`${name} cannot be assigned in dynamic-page mode: use ${instead}`));

function auto(node: MockNode): boolean {
  return node.value('layoutMode') === 'HORIZONTAL' || node.value('layoutMode') === 'VERTICAL';
}
function anyAuto(node: MockNode): boolean {
  return auto(node) || node.value('layoutMode') === 'GRID';
}
function inAuto(node: MockNode): boolean {
  const mode = node.parentNode?.value('layoutMode');
  return mode !== undefined && mode !== 'NONE';
}
function needs(test: (node: MockNode) => boolean, why: string, write: Property['write']): Property['write'] {
  return (value, node) => {
    if (!test(node)) check.refuse(why);
    return write(value, node);
  };
}
function overridable(write: Property['write'], name: string): Property['write'] {
  return (value, node) => {
    if (node.insideInstance) check.refuse(`${name} cannot be overridden in an instance`);
    return write(value, node);
  };
}

const num = (low?: number, high?: number): Property['write'] => (value) => check.number(value, low, high);
const paints: Property['write'] = (value, node) => {
  check.list(value).forEach((paint) => check.paint(paint, node.document.images));
  return value;
};

const SCENE: Spec = {
  name: property('', (value) => check.text(value)),
  visible: property(true, (value) => check.flag(value)),
  locked: property(false, (value) => check.flag(value)),
  x: property(0, overridable(num(), 'x')),
  y: property(0, overridable(num(), 'y')),
  width: property(100, readOnly('width')),
  height: property(100, readOnly('height')),
  rotation: property(0, num(-180, 180)),
  relativeTransform: property([[1, 0, 0], [0, 1, 0]], overridable((value) => {
    const rows = check.list(value);
    if (rows.length !== 2) check.refuse('a transform has 2 rows');
    rows.forEach((row) => check.list(row).forEach((cell) => check.number(cell)));
    return value;
  }, 'relativeTransform')),
  opacity: property(1, num(0, 1)),
  blendMode: property('PASS_THROUGH', (value) => check.blendMode(value)),
  isMask: property(false, (value) => check.flag(value)),
  effects: property([], (value) => {
    check.list(value).forEach(check.effect);
    return value;
  }),
  effectStyleId: inDynamicPage('effectStyleId', 'setEffectStyleIdAsync'),
  constraints: property({ horizontal: 'MIN', vertical: 'MIN' }, overridable((value) => {
    check.constraints(value);
    return value;
  }, 'constraints')),
  layoutPositioning: property('AUTO', overridable((value, node) => {
    const position = check.oneOf('AUTO', 'ABSOLUTE')(value);
    if (position === 'ABSOLUTE' && !inAuto(node)) check.refuse('layoutPositioning ABSOLUTE: the parent has no auto layout');
    return position;
  }, 'layoutPositioning')),
  layoutSizingHorizontal: property('FIXED', (value, node) => sizing(value, node)),
  layoutSizingVertical: property('FIXED', (value, node) => sizing(value, node)),
  layoutAlign: property('INHERIT', needs(inAuto, 'layoutAlign: the parent has no auto layout',
    check.oneOf('INHERIT', 'STRETCH', 'MIN', 'CENTER', 'MAX'))),
  layoutGrow: property(0, needs(inAuto, 'layoutGrow: the parent has no auto layout', num(0, 1))),
  componentPropertyReferences: property(null, (value, node) => node.references(value)),
  ...Object.fromEntries(['minWidth', 'maxWidth', 'minHeight', 'maxHeight'].map((name) => [
    name,
    property(null, (value, node) => {
      if (!anyAuto(node) && !inAuto(node)) check.refuse(`${name} is for auto-layout frames and their children`);
      return value === null ? null : check.number(value, name.startsWith('max') ? 0.0001 : 0);
    }),
  ])),
  gridRowSpan: property(1, (value, node) => node.gridSpan('row', value)),
  gridColumnSpan: property(1, (value, node) => node.gridSpan('column', value)),
  gridRowAnchorIndex: property(-1, readOnly('gridRowAnchorIndex')),
  gridColumnAnchorIndex: property(-1, readOnly('gridColumnAnchorIndex')),
  gridChildHorizontalAlign: property('AUTO', check.oneOf('MIN', 'CENTER', 'MAX', 'AUTO')),
  gridChildVerticalAlign: property('AUTO', check.oneOf('MIN', 'CENTER', 'MAX', 'AUTO')),
};

function sizing(value: unknown, node: MockNode): string {
  const word = check.oneOf('FIXED', 'HUG', 'FILL')(value);
  const flows = inAuto(node) && node.value('layoutPositioning') !== 'ABSOLUTE';
  if (word === 'FILL' && !flows) check.refuse('FILL can only be set on children of auto layout frames, after appending');
  if (word === 'HUG' && !anyAuto(node) && node.type !== 'TEXT') {
    check.refuse('HUG can only be set on auto layout frames and text');
  }
  if (word === 'HUG' && node.type === 'TEXT' && !flows) check.refuse('HUG on text needs an auto layout parent');
  if (word === 'FIXED' && !anyAuto(node) && !flows && node.type !== 'TEXT') {
    check.refuse('sizing is for auto-layout frames, their children, and text');
  }
  return word;
}

const FILLS: Spec = {
  fills: property([], paints),
  fillStyleId: inDynamicPage('fillStyleId', 'setFillStyleIdAsync'),
};

const STROKES: Spec = {
  strokes: property([], paints),
  strokeStyleId: inDynamicPage('strokeStyleId', 'setStrokeStyleIdAsync'),
  strokeWeight: property(1, num(0)),
  strokeAlign: property('INSIDE', check.oneOf('CENTER', 'INSIDE', 'OUTSIDE')),
  strokeCap: property('NONE', check.oneOf('NONE', 'ROUND', 'SQUARE')),
  dashPattern: property([], (value) => {
    check.list(value).forEach((part) => check.number(part, 0));
    return value;
  }),
};

const SIDES = ['Top', 'Right', 'Bottom', 'Left'];
const CORNERS: Spec = {
  cornerRadius: property(0, num(0)),
  ...Object.fromEntries(['topLeft', 'topRight', 'bottomRight', 'bottomLeft'].map((corner) =>
    [`${corner}Radius`, property(0, num(0))])),
  ...Object.fromEntries(SIDES.map((side) => [`stroke${side}Weight`, property(1, num(0))])),
};

const fixedInInstance = (name: string, write: Property['write']): Property =>
  property(undefined, overridable((value, node) => {
    if (node.type === 'INSTANCE') check.refuse(`${name} cannot be overridden in an instance`);
    return write(value, node);
  }, name));
const withFirst = (first: unknown, found: Property): Property => ({ ...found, first });

const FRAME: Spec = {
  clipsContent: property(true, (value) => check.flag(value)),
  overflowDirection: property('NONE', check.oneOf('NONE', 'HORIZONTAL', 'VERTICAL', 'BOTH')),
  layoutMode: withFirst('NONE', fixedInInstance('layoutMode', (value, node) => {
    const mode = check.oneOf('NONE', 'HORIZONTAL', 'VERTICAL', 'GRID')(value);
    node.layoutModeSet(mode);
    return mode;
  })),
  layoutWrap: withFirst('NO_WRAP', fixedInInstance('layoutWrap', needs((node) => node.value('layoutMode') === 'HORIZONTAL',
    'layoutWrap is for HORIZONTAL', check.oneOf('NO_WRAP', 'WRAP')))),
  ...Object.fromEntries(SIDES.map((side) => [
    `padding${side}`, withFirst(0, fixedInInstance('padding', needs(anyAuto, 'padding needs a layoutMode', num(0)))),
  ])),
  itemSpacing: withFirst(0, fixedInInstance('itemSpacing', needs(auto, 'itemSpacing needs a layoutMode', num()))),
  counterAxisSpacing: withFirst(0, fixedInInstance('counterAxisSpacing',
    needs((node) => node.value('layoutWrap') === 'WRAP', 'counterAxisSpacing needs layoutWrap WRAP', num(0)))),
  primaryAxisAlignItems: withFirst('MIN', fixedInInstance('primaryAxisAlignItems',
    needs(auto, 'primaryAxisAlignItems needs a layoutMode', check.oneOf('MIN', 'MAX', 'CENTER', 'SPACE_BETWEEN')))),
  counterAxisAlignItems: withFirst('MIN', fixedInInstance('counterAxisAlignItems',
    needs(auto, 'counterAxisAlignItems needs a layoutMode', (value, node) => {
      const word = check.oneOf('MIN', 'MAX', 'CENTER', 'BASELINE')(value);
      if (word === 'BASELINE' && node.value('layoutMode') !== 'HORIZONTAL') check.refuse('BASELINE is for HORIZONTAL');
      return word;
    }))),
  counterAxisAlignContent: withFirst('AUTO', fixedInInstance('counterAxisAlignContent',
    needs((node) => node.value('layoutWrap') === 'WRAP', 'counterAxisAlignContent needs WRAP',
      check.oneOf('AUTO', 'SPACE_BETWEEN')))),
  strokesIncludedInLayout: withFirst(false, fixedInInstance('strokesIncludedInLayout',
    needs(auto, 'strokesIncludedInLayout needs a layoutMode', (value) => check.flag(value)))),
  itemReverseZIndex: withFirst(false, fixedInInstance('itemReverseZIndex',
    needs(auto, 'itemReverseZIndex needs a layoutMode', (value) => check.flag(value)))),
  ...Object.fromEntries(['Row', 'Column'].flatMap((track) => [
    [`grid${track}Count`, withFirst(1, fixedInInstance(`grid${track}Count`, (value, node) => node.gridCount(track, value)))],
    [`grid${track}Gap`, withFirst(0, fixedInInstance(`grid${track}Gap`,
      needs((node) => node.value('layoutMode') === 'GRID', 'a grid gap needs GRID', num(0))))],
    [`grid${track}Sizes`, withFirst([], fixedInInstance(`grid${track}Sizes`, (value, node) => node.gridSizes(track, value)))],
  ])),
};

const whileLoaded = (write: Property['write']): Property['write'] => (value, node) => {
  node.needFonts();
  return write(value, node);
};
const TEXT: Spec = {
  characters: property('', whileLoaded((value, node) => node.charactersSet(check.text(value)))),
  fontName: property({ family: 'Inter', style: 'Regular' }, (value, node) => {
    const font = check.fontName(value);
    node.document.needFont(font);
    return font;
  }),
  fontSize: property(12, whileLoaded(num(1))),
  lineHeight: property({ unit: 'AUTO' }, whileLoaded((value) => (check.lineHeight(value), value))),
  letterSpacing: property({ unit: 'PERCENT', value: 0 }, whileLoaded((value) => (check.letterSpacing(value), value))),
  textCase: property('ORIGINAL', whileLoaded(check.oneOf('ORIGINAL', 'UPPER', 'LOWER', 'TITLE', 'SMALL_CAPS'))),
  textDecoration: property('NONE', whileLoaded(check.oneOf('NONE', 'UNDERLINE', 'STRIKETHROUGH'))),
  textAlignHorizontal: property('LEFT', whileLoaded(check.oneOf('LEFT', 'CENTER', 'RIGHT', 'JUSTIFIED'))),
  textAlignVertical: property('TOP', whileLoaded(check.oneOf('TOP', 'CENTER', 'BOTTOM'))),
  textAutoResize: property('WIDTH_AND_HEIGHT', whileLoaded(check.oneOf('NONE', 'WIDTH_AND_HEIGHT', 'HEIGHT'))),
  textTruncation: property('DISABLED', whileLoaded(check.oneOf('DISABLED', 'ENDING'))),
  maxLines: property(null, whileLoaded((value) => (value === null ? null : check.number(value, 1)))),
  textStyleId: inDynamicPage('textStyleId', 'setTextStyleIdAsync'),
  hyperlink: property(null, whileLoaded((value) => value)),
};

const frame: Spec = { ...SCENE, ...FILLS, ...STROKES, ...CORNERS, ...FRAME };
const WHITE = [{ type: 'SOLID', color: { r: 1, g: 1, b: 1 }, opacity: 1, visible: true, blendMode: 'NORMAL' }];
const GREY = [{ type: 'SOLID', color: { r: 0.85, g: 0.85, b: 0.85 }, opacity: 1, visible: true, blendMode: 'NORMAL' }];
const filled = (spec: Spec, first: unknown): Spec => ({ ...spec, fills: { ...spec.fills!, first } });

/** Fresh frames are white and shapes grey, as in Figma: who wants none must say so. */
export const SPECS: Record<string, Spec> = {
  FRAME: filled(frame, WHITE),
  COMPONENT: filled(frame, WHITE),
  COMPONENT_SET: frame,
  INSTANCE: frame,
  SECTION: { name: SCENE.name!, x: SCENE.x!, y: SCENE.y!, width: SCENE.width!, height: SCENE.height!, visible: SCENE.visible!, ...filled(FILLS, WHITE) },
  RECTANGLE: filled({ ...SCENE, ...FILLS, ...STROKES, ...CORNERS }, GREY),
  ELLIPSE: filled({ ...SCENE, ...FILLS, ...STROKES }, GREY),
  LINE: { ...SCENE, ...FILLS, ...STROKES, strokeAlign: { ...STROKES.strokeAlign!, first: 'CENTER' } },
  VECTOR: { ...SCENE, ...FILLS, ...STROKES },
  TEXT: filled({ ...SCENE, ...FILLS, ...STROKES, ...TEXT }, [
    { type: 'SOLID', color: { r: 0, g: 0, b: 0 }, opacity: 1, visible: true, blendMode: 'NORMAL' },
  ]),
  PAGE: { name: SCENE.name!, backgrounds: property([], paints) },
};
