// One node of the mock: values by name, children, and what happens to them when something is set.
import * as check from './check';
import { SPECS } from './spec';
import type { MockDocument } from './document';

const CONTAINERS = ['FRAME', 'COMPONENT', 'COMPONENT_SET', 'SECTION', 'PAGE', 'DOCUMENT'];
const UNIFORM: Record<string, string[]> = {
  cornerRadius: ['topLeftRadius', 'topRightRadius', 'bottomRightRadius', 'bottomLeftRadius'],
  strokeWeight: ['strokeTopWeight', 'strokeRightWeight', 'strokeBottomWeight', 'strokeLeftWeight'],
};
const RANGED = ['fontName', 'fontSize', 'lineHeight', 'letterSpacing', 'textCase', 'textDecoration', 'fills', 'fillStyleId', 'textStyleId', 'hyperlink'];

export class MockNode {
  readonly values = new Map<string, unknown>();
  readonly kids: MockNode[] = [];
  readonly data = new Map<string, string>();
  readonly bound = new Map<string, string>();
  readonly definitions: Record<string, { type: string; defaultValue: unknown }> = {};
  readonly given: Record<string, { type: string; value: unknown }> = {};
  runs: Record<string, unknown>[] = []; // of a text: the ranged values of each UTF-16 unit
  parentNode: MockNode | null = null;
  removed = false;
  main: MockNode | null = null; // of an instance
  twin: MockNode | null = null; // of what lies in an instance: the same layer in its component
  readonly api: SceneNode;

  constructor(readonly document: MockDocument, readonly type: string, readonly id: string) {
    this.api = document.wrap(this);
  }

  get insideInstance(): boolean {
    for (let node = this.parentNode; node; node = node.parentNode) if (node.type === 'INSTANCE') return true;
    return false;
  }

  get component(): MockNode | null {
    for (let node: MockNode | null = this; node; node = node.parentNode) if (node.type === 'COMPONENT') return node;
    return null;
  }

  value(name: string): unknown {
    if (name === 'strokeAlign' && this.type === 'LINE' && !this.values.has(name)) return 'CENTER';
    return this.values.has(name) ? this.values.get(name) : SPECS[this.type]?.[name]?.first;
  }

  read(name: string): unknown {
    if (this.removed && !['removed', 'id', 'type'].includes(name)) this.document.fault(`${name} of a removed node`);
    const group = UNIFORM[name];
    if (group && SPECS[this.type]![group[0]!]) {
      const all = group.map((part) => this.value(part));
      return new Set(all).size === 1 ? all[0] : this.document.mixed;
    }
    if (this.type === 'TEXT' && RANGED.includes(name) && this.runs.length) {
      const texts = new Set(this.runs.map((run) => JSON.stringify(run[name])));
      return texts.size === 1 ? check.deepFreeze(this.runs[0]![name]) : this.document.mixed;
    }
    return check.deepFreeze(this.value(name));
  }

  write(name: string, value: unknown): void {
    const spec = SPECS[this.type]![name]!;
    if (this.removed) this.document.fault(`${name} set on a removed node`);
    let kept: unknown;
    try {
      kept = spec.write(value, this);
    } catch (error) {
      this.document.fault(`in set_${name} of ${this.describe()}: ${(error as Error).message}`);
    }
    this.document.record(this, name, kept);
    kept = typeof kept === 'object' && kept !== null ? structuredClone(kept) : kept;
    this.values.set(name, kept);
    for (const part of UNIFORM[name] ?? []) this.values.set(part, kept);
    if (this.type === 'TEXT' && RANGED.includes(name)) this.runs.forEach((run) => (run[name] = kept));
    if (name === 'fills' && this.value('fillStyleId')) this.put('fillStyleId', '');
    if (['fontName', 'fontSize', 'lineHeight', 'letterSpacing'].includes(name) && this.value('textStyleId')) this.put('textStyleId', '');
    if (name === 'layoutSizingHorizontal' && kept !== 'HUG' && this.type === 'TEXT' && this.value('textAutoResize') === 'WIDTH_AND_HEIGHT') {
      this.values.set('textAutoResize', 'HEIGHT');
    }
    if (name === 'textAutoResize' && this.type === 'TEXT') {
      this.values.set('layoutSizingHorizontal', kept === 'WIDTH_AND_HEIGHT' ? 'HUG' : this.value('layoutSizingHorizontal') === 'FILL' ? 'FILL' : 'FIXED');
      if (this.value('layoutSizingVertical') !== 'FILL') this.values.set('layoutSizingVertical', kept === 'NONE' ? 'FIXED' : 'HUG');
    }
    if (name === 'layoutPositioning' && kept === 'ABSOLUTE') {
      for (const axis of ['Horizontal', 'Vertical']) {
        if (this.value(`layoutSizing${axis}`) === 'FILL') this.values.set(`layoutSizing${axis}`, 'FIXED');
      }
    }
  }

  /** Set without the checks, as Figma itself does. */
  put(name: string, value: unknown): void {
    this.values.set(name, value);
    if (this.type === 'TEXT' && RANGED.includes(name)) this.runs.forEach((run) => (run[name] = value));
  }

  describe(): string {
    return `${this.type} ${JSON.stringify(this.value('name'))}`;
  }

  // ---- children

  insert(index: number, child: MockNode, cell: boolean): void {
    const fault = (why: string): never => this.document.fault(`in appendChild of ${this.describe()}: ${why}`);
    if (!CONTAINERS.includes(this.type)) fault(`a ${this.type} takes no children`);
    if (this.insideInstance) fault('cannot move into an instance');
    if (child.removed || this.removed) fault('a removed node');
    if (child.insideInstance) fault('cannot move a layer out of an instance');
    for (let node: MockNode | null = this; node; node = node.parentNode) {
      if (node === child) fault('a node into itself');
      if (child.type === 'INSTANCE' && node === child.main) fault('an instance into its own component');
      if (child.type === 'COMPONENT' && node.type === 'COMPONENT') fault('a component into a component');
    }
    if (child.type === 'PAGE' || child.type === 'DOCUMENT') fault('a page');
    if (this.value('layoutMode') === 'GRID' && !cell) this.placeInGrid(child, ...this.freeCell());
    child.detach();
    this.kids.splice(Math.min(index, this.kids.length), 0, child);
    child.parentNode = this;
  }

  detach(): void {
    if (!this.parentNode) return;
    const at = this.parentNode.kids.indexOf(this);
    if (at >= 0) this.parentNode.kids.splice(at, 1);
    this.parentNode = null;
  }

  remove(): void {
    if (this.insideInstance) this.document.fault('cannot remove a layer of an instance');
    this.detach();
    const stack: MockNode[] = [this];
    for (let node = stack.pop(); node; node = stack.pop()) {
      node.removed = true;
      stack.push(...node.kids);
    }
  }

  // ---- layout

  layoutModeSet(mode: string): void {
    if (mode === 'NONE') return;
    if (this.value('layoutMode') === 'NONE' || this.value('layoutMode') === undefined) {
      const hugs = mode !== 'GRID';
      this.values.set('layoutSizingHorizontal', hugs ? 'HUG' : 'FIXED');
      this.values.set('layoutSizingVertical', hugs ? 'HUG' : 'FIXED');
    }
    if (mode === 'GRID' && !this.values.has('gridRowSizes')) {
      for (const track of ['Row', 'Column']) {
        this.values.set(`grid${track}Count`, 1);
        this.values.set(`grid${track}Sizes`, [{ type: 'FLEX', value: 1 }]);
      }
    }
  }

  gridCount(track: string, value: unknown): number {
    if (this.value('layoutMode') !== 'GRID') check.refuse('grid counts need GRID');
    const count = check.number(value, 1);
    if (!Number.isInteger(count)) check.refuse('a whole number of tracks');
    const anchor = track === 'Row' ? 'gridRowAnchorIndex' : 'gridColumnAnchorIndex';
    const span = track === 'Row' ? 'gridRowSpan' : 'gridColumnSpan';
    for (const kid of this.kids) {
      if ((kid.value(anchor) as number) + (kid.value(span) as number) > count) check.refuse('a removed track holds a child');
    }
    const sizes = [...((this.value(`grid${track}Sizes`) as unknown[] | undefined) ?? [])];
    while (sizes.length < count) sizes.push({ type: 'FLEX', value: 1 });
    this.values.set(`grid${track}Sizes`, sizes.slice(0, count));
    return count;
  }

  gridSizes(track: string, value: unknown): unknown {
    if (this.value('layoutMode') !== 'GRID') check.refuse('grid sizes need GRID');
    const sizes = check.list(value);
    if (sizes.length !== this.value(`grid${track}Count`)) check.refuse('one size for each track');
    const axis = track === 'Row' ? 'Vertical' : 'Horizontal';
    for (const size of sizes) {
      const found = check.record(size, ['type'], ['value']);
      const type = check.oneOf('FLEX', 'FIXED', 'HUG')(found.type);
      if (type === 'FIXED') check.number(found.value, 0);
      if (type === 'HUG' && found.value !== undefined) check.refuse('a hugging track has no value');
      if (type === 'FLEX' && this.value(`layoutSizing${axis}`) === 'HUG') check.refuse('FLEX tracks in a grid that hugs');
    }
    return sizes;
  }

  gridSpan(track: 'row' | 'column', value: unknown): number {
    const grid = this.parentNode;
    if (grid?.value('layoutMode') !== 'GRID') check.refuse('a span needs a parent with GRID');
    const span = check.number(value, 1);
    const name = track === 'row' ? 'Row' : 'Column';
    const start = this.value(`grid${name}AnchorIndex`) as number;
    if (start + span > (grid!.value(`grid${name}Count`) as number)) check.refuse('a span beyond the grid');
    const area = this.area();
    if (track === 'row') area[2] = span;
    else area[3] = span;
    if (grid!.kids.some((kid) => kid !== this && kid.inFlow && overlap(kid.area(), area))) check.refuse('a span over another child');
    return span;
  }

  get inFlow(): boolean {
    return this.value('layoutPositioning') !== 'ABSOLUTE';
  }

  area(): [number, number, number, number] {
    return ['gridRowAnchorIndex', 'gridColumnAnchorIndex', 'gridRowSpan', 'gridColumnSpan'].map((name) => this.value(name)) as [number, number, number, number];
  }

  freeCell(): [number, number] {
    const columns = this.value('gridColumnCount') as number;
    for (let index = 0; ; index++) {
      const [row, column] = [Math.floor(index / columns), index % columns];
      if (!this.kids.some((kid) => kid.inFlow && overlap(kid.area(), [row, column, 1, 1]))) {
        if (row >= (this.value('gridRowCount') as number)) this.values.set('gridRowCount', this.gridCount('Row', row + 1));
        return [row, column];
      }
    }
  }

  placeInGrid(child: MockNode, row: unknown, column: unknown): void {
    const fault = (why: string): never => this.document.fault(`in appendChildAt of ${this.describe()}: ${why}`);
    if (this.value('layoutMode') !== 'GRID') fault('it is no grid');
    if (!Number.isInteger(row) || !Number.isInteger(column)) fault('no cell');
    const [r, c] = [row as number, column as number];
    if (r < 0 || c < 0 || r >= (this.value('gridRowCount') as number) || c >= (this.value('gridColumnCount') as number)) fault(`cell ${r},${c} is out of bounds`);
    if (this.kids.some((kid) => kid !== child && kid.inFlow && overlap(kid.area(), [r, c, 1, 1]))) fault(`cell ${r},${c} is occupied`);
    child.values.set('gridRowAnchorIndex', r);
    child.values.set('gridColumnAnchorIndex', c);
    child.values.set('gridRowSpan', 1);
    child.values.set('gridColumnSpan', 1);
  }

  resize(width: unknown, height: unknown): void {
    try {
      check.number(width, 0.01);
      check.number(height, this.type === 'LINE' ? 0 : 0.01, this.type === 'LINE' ? 0 : Infinity);
      if (this.type === 'TEXT') this.needFonts();
    } catch (error) {
      this.document.fault(`in resize of ${this.describe()}: ${(error as Error).message}`);
    }
    this.document.record(this, 'resize', [width, height]);
    if (this.type === 'TEXT') this.write('textAutoResize', 'NONE');
    this.values.set('width', width);
    this.values.set('height', height);
    for (const axis of ['Horizontal', 'Vertical']) {
      if (this.value(`layoutSizing${axis}`) !== undefined) this.values.set(`layoutSizing${axis}`, 'FIXED');
    }
  }

  // ---- text

  needFonts(): void {
    const fonts = this.runs.length ? this.runs.map((run) => run.fontName) : [this.value('fontName')];
    for (const font of new Set(fonts)) this.document.needFont(font as FontName);
  }

  charactersSet(text: string): string {
    const first = this.runs[0] ?? Object.fromEntries(RANGED.map((name) => [name, this.value(name)]));
    this.runs = Array.from({ length: text.length }, () => ({ ...first }));
    return text;
  }

  setRange(name: string, start: unknown, end: unknown, value: unknown): void {
    try {
      const length = (this.value('characters') as string).length;
      check.number(start, 0, length);
      check.number(end, 0, length);
      if ((end as number) <= (start as number)) check.refuse('an empty range');
      const spec = SPECS.TEXT![name]!;
      if (name === 'fontName') this.document.needFont(check.fontName(value));
      else if (name === 'hyperlink') {
        const link = check.record(value, ['type', 'value']);
        check.oneOf('URL', 'NODE')(link.type);
        check.text(link.value);
      } else spec.write(value, this);
    } catch (error) {
      this.document.fault(`in setRange of ${name} of ${this.describe()}: ${(error as Error).message}`);
    }
    this.document.record(this, `range ${name}`, [start, end, value]);
    const kept = structuredClone(value);
    for (let at = start as number; at < (end as number); at++) {
      this.runs[at]![name] = kept;
      if (name !== 'fills' && name !== 'hyperlink' && name !== 'textDecoration') this.runs[at]!.textStyleId = '';
      if (name === 'fills') this.runs[at]!.fillStyleId = '';
    }
  }

  segments(names: string[], start = 0, end = this.runs.length): Record<string, unknown>[] {
    const found: Record<string, unknown>[] = [];
    const text = this.value('characters') as string;
    let last = '';
    for (let at = start; at < end; at++) {
      const run = Object.fromEntries(names.map((name) => [name, this.runs[at]![name]]));
      const key = JSON.stringify(run);
      if (key === last) Object.assign(found.at(-1)!, { end: at + 1, characters: text.slice(found.at(-1)!.start as number, at + 1) });
      else found.push({ ...structuredClone(run), start: at, end: at + 1, characters: text.slice(at, at + 1) });
      last = key;
    }
    return check.deepFreeze(found);
  }

  // ---- components

  references(value: unknown): unknown {
    const component = this.component;
    if (!component || component === this) check.refuse('componentPropertyReferences are for layers of a component');
    const found = check.record(value, [], ['visible', 'characters', 'mainComponent']);
    const definitions = (component!.parentNode?.type === 'COMPONENT_SET' ? component!.parentNode : component!).definitions;
    const types: Record<string, string> = { visible: 'BOOLEAN', characters: 'TEXT', mainComponent: 'INSTANCE_SWAP' };
    for (const [field, name] of Object.entries(found)) {
      if (definitions[name as string]?.type !== types[field]) check.refuse(`no ${types[field]} property ${String(name)}`);
      if (field === 'characters' && this.type !== 'TEXT') check.refuse('characters of what is no text');
      if (field === 'mainComponent' && this.type !== 'INSTANCE') check.refuse('mainComponent of what is no instance');
    }
    return value;
  }
}

function overlap(a: number[], b: number[]): boolean {
  return a[0]! < b[0]! + b[2]! && b[0]! < a[0]! + a[2]! && a[1]! < b[1]! + b[3]! && b[1]! < a[1]! + a[3]!;
}
