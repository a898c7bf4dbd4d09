// Auto layout, sizing, position and grids in the Plugin API's terms. As design/to/figma_layout.py.
import { type Cell, type Node, type Track, cell as makeCell, rounded } from '../tree';
import type { Entry, Props } from './payload';

export type Cell4 = [row: number, column: number, rows: number, columns: number];

const MODES: Readonly<Record<string, string>> = { row: 'HORIZONTAL', col: 'VERTICAL', grid: 'GRID', box: 'NONE' };
const JUSTIFY = { start: 'MIN', center: 'CENTER', end: 'MAX', between: 'SPACE_BETWEEN' };
const ALIGN = { start: 'MIN', center: 'CENTER', end: 'MAX', baseline: 'BASELINE' };
const ACROSS: Readonly<Record<string, string>> = { l: 'MIN', c: 'CENTER', r: 'MAX', h: 'STRETCH', x: 'SCALE' };
const DOWN: Readonly<Record<string, string>> = { t: 'MIN', m: 'CENTER', b: 'MAX', v: 'STRETCH', y: 'SCALE' };
const SCROLL = { x: 'HORIZONTAL', y: 'VERTICAL', xy: 'BOTH' };
const TRACK = { fr: 'FLEX', px: 'FIXED', hug: 'HUG' };
const MAX_TRACKS = 200;
const SOME = 100;

export function layout(node: Node, cells: readonly Cell4[], props: Props): void {
  props.layoutMode = MODES[node.kind];
  props.clipsContent = node.clip || node.scroll !== '';
  if (node.scroll) props.overflowDirection = SCROLL[node.scroll];
  if (node.kind === 'box') return;
  ['Top', 'Right', 'Bottom', 'Left'].forEach((side, i) => (props[`padding${side}`] = Math.max(0, node.padding[i]!)));
  if (node.kind === 'grid') return grid(node, cells, props);
  props.strokesIncludedInLayout = false;
  props.primaryAxisAlignItems = JUSTIFY[node.justify];
  props.counterAxisAlignItems = node.align === 'baseline' && node.kind === 'col' ? 'MIN' : ALIGN[node.align];
  props.itemSpacing = node.gap[0];
  if (node.wrap && node.kind === 'row') {
    props.layoutWrap = 'WRAP';
    props.counterAxisSpacing = Math.max(0, node.gap[1]);
  }
}

function grid(node: Node, cells: readonly Cell4[], props: Props): void {
  const rows = Math.max(1, Math.min(node.rowTracks.length, MAX_TRACKS), ...cells.map(([row, , down]) => row + down));
  const columns = Math.max(1, Math.min(node.columns, MAX_TRACKS), ...cells.map(([, column, , across]) => column + across));
  props.gridColumnCount = columns;
  props.gridRowCount = rows;
  props.gridColumnGap = Math.max(0, node.gap[0]);
  props.gridRowGap = Math.max(0, node.gap[1]);
  const alike: Track[] = Array.from({ length: Math.max(1, node.columns) }, () => ({ value: 1, unit: 'fr' }));
  props.gridColumnSizes = tracks(node.columnTracks.length ? node.columnTracks : alike, columns, node.width === 'hug');
  props.gridRowSizes = tracks(node.rowTracks, rows, node.height === 'hug');
}

function tracks(given: readonly Track[], count: number, hugs: boolean): { type: string; value?: number }[] {
  return Array.from({ length: count }, (_, i) => {
    const found = given[i];
    const type = !found || (hugs && found.unit === 'fr') ? 'HUG' : TRACK[found.unit];
    return type === 'HUG' ? { type } : { type, value: found!.value };
  });
}

/** Row, column, rows and columns of each child in the flow: CSS's sparse row placement, one child a cell. */
export function gridCells(parent: Node): Cell4[] {
  const children = parent.children.filter((child) => !child.at).map((child) => bounded(child.cell ?? makeCell()));
  const columns = Math.max(
    1, Math.min(parent.columns, MAX_TRACKS),
    ...children.map((c) => (c.column ? c.column - 1 + c.columns : c.columns)),
  );
  const taken = new Set<number>();
  const each = (row: number, column: number, c: Cell, visit: (key: number) => boolean): boolean => {
    for (let i = 0; i < c.rows; i++) for (let j = 0; j < c.columns; j++) if (visit((row + i) * 1e6 + column + j)) return true;
    return false;
  };
  let cursor: [number, number] = [0, 0];
  return children.map((c) => {
    let [row, column] = c.row && c.column ? [c.row - 1, c.column - 1] : next(c, cursor, columns);
    while (each(row, column, c, (key) => taken.has(key))) [row, column] = after(c, row, column, columns);
    each(row, column, c, (key) => (taken.add(key), false));
    if (!c.row && !c.column) cursor = [row, column + c.columns];
    return [row, column, c.rows, c.columns];
  });
}

function bounded(c: Cell): Cell {
  const least = (value: number): number => Math.min(value, MAX_TRACKS);
  return makeCell(least(c.column), least(c.row), least(c.columns), least(c.rows));
}

function next(c: Cell, [row, column]: [number, number], columns: number): [number, number] {
  if (c.row) return [c.row - 1, 0];
  if (c.column) return [c.column - 1 < column ? row + 1 : row, c.column - 1];
  return column + c.columns <= columns ? [row, column] : [row + 1, 0];
}

function after(c: Cell, row: number, column: number, columns: number): [number, number] {
  return c.column || column + 1 + c.columns > columns ? [row + 1, (c.column || 1) - 1] : [row, column + 1];
}

const isFrame = (type: string): boolean => type === 'FRAME' || type === 'COMPONENT' || type === 'INSTANCE';

export function sizing(node: Node, parent: Node | null, type: string): Entry['sizing'] {
  const auto = isFrame(type) && node.kind !== 'box';
  const flows = parent !== null && parent.kind !== 'box' && !node.at;
  const found: Entry['sizing'] = {};
  const axes = [['layoutSizingHorizontal', node.width], ['layoutSizingVertical', node.height]] as const;
  axes.forEach(([name, length], axis) => {
    const canHug = auto || (type === 'TEXT' && flows);
    if (length === 'fill' && flows && !sharesNothing(parent, axis)) found[name] = 'FILL';
    else if (typeof length === 'string' && canHug && (length === 'hug' || flows)) found[name] = 'HUG';
    else if (auto || flows) found[name] = 'FIXED';
  });
  return found;
}

function sharesNothing(parent: Node, axis: number): boolean {
  return parent.kind === (axis ? 'col' : 'row') && (axis ? parent.height : parent.width) === 'hug';
}

export function limits(node: Node, parent: Node | null, type: string): Entry['limits'] {
  const auto = isFrame(type) && node.kind !== 'box';
  if (!auto && (!parent || parent.kind === 'box')) return {};
  const found: Entry['limits'] = {};
  if (node.minWidth) found.minWidth = node.minWidth;
  if (node.minHeight) found.minHeight = node.minHeight;
  if (node.maxWidth) found.maxWidth = node.maxWidth;
  if (node.maxHeight) found.maxHeight = node.maxHeight;
  return found;
}

export function place(node: Node, parent: Node | null, size: readonly [number, number]): Entry['place'] {
  if (!parent) return {};
  if (!node.at) {
    if (parent.kind !== 'box') return {};
    const [x, y] = turned(parent.padding[3], parent.padding[0], size, node.rotation);
    return { x, y };
  }
  const [x, y] = turned(node.at.x, node.at.y, size, node.rotation);
  const found: Entry['place'] = { ...(parent.kind === 'box' ? {} : { layoutPositioning: 'ABSOLUTE' as const }), x, y };
  if (node.at.pin) {
    const letters = Array.from(node.at.pin);
    const horizontal = letters.map((c) => ACROSS[c]).find(Boolean) ?? 'MIN';
    const vertical = letters.map((c) => DOWN[c]).find(Boolean) ?? 'MIN';
    found.constraints = { horizontal, vertical };
  }
  return found;
}

/** Where the top left corner comes to lie: Figma turns about it, the tree about the middle. */
export function turned(x: number, y: number, [width, height]: readonly [number, number], degrees: number): [number, number] {
  if (!degrees) return [x, y];
  const [sine, cosine] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  const [halfWidth, halfHeight] = [width / 2, height / 2];
  const dx = halfWidth - halfWidth * cosine + halfHeight * sine;
  const dy = halfHeight - halfWidth * sine - halfHeight * cosine;
  return [rounded(x + dx, 2) + 0, rounded(y + dy, 2) + 0];
}

export function extent(node: Node, parent: Node | null): [number, number] {
  return [along(node, parent, 0), along(node, parent, 1)];
}

function along(node: Node, parent: Node | null, axis: 0 | 1): number {
  const lengthOf = (n: Node): Node['width'] => (axis ? n.height : n.width);
  const length = lengthOf(node);
  if (typeof length === 'number') return length;
  if (length === 'fill' && parent) {
    if (axis === 0 && node.ratio && typeof node.height === 'number') return rounded(node.height * node.ratio, 2);
    const outer = lengthOf(parent);
    return typeof outer === 'number' ? outer : SOME;
  }
  let end = 0;
  for (const child of node.children) {
    const size = lengthOf(child);
    const start = child.at ? (axis ? child.at.y : child.at.x) : node.padding[axis ? 0 : 3];
    end = Math.max(end, rounded(start + (typeof size === 'number' ? size : 0), 2));
  }
  return end || SOME;
}
