// What importing and exporting do to a file, beyond showing the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile } from '../src/compile/compile';
import { exportLayers } from '../src/canvas/export';
import { nearestStyle } from '../src/canvas/fonts';
import { importPayload } from '../src/canvas/import';
import { PluginError, Progress } from '../src/canvas/notes';
import { parse, print } from '../src/notation';
import { type Mock, type MockOptions, mockFigma } from './mock/figma';

const PNG = Uint8Array.from(atob('iVBORw0KGgoAAAANSUhEUgAAAAoAAAAUCAYAAAC07w7bAAAAEklEQVR42mNkYPhfz0AEYBxVSF+FAP5FDvcfRYWgAAAAAElFTkSuQmCC'), (c) => c.charCodeAt(0));
const BUTTON = '$ brand #6c4cf1\n+Button row p8 $brand\n t %(Inter/Bold 14/20) #ffffff ?label "Go"\n rect 4x4 #000000 ??dot\ncol Page 300 g8\n Button label="One"\n Button dot=off\n';

async function put(text: string, more: { images?: Record<string, Uint8Array>; colors?: 'variables' | 'styles'; mock?: Mock; options?: MockOptions } = {}) {
  const mock = more.mock ?? mockFigma(more.options);
  (globalThis as { figma?: PluginAPI }).figma = mock.figma;
  const report = await importPayload(compile(parse(text)), more.images ?? {}, { colors: more.colors ?? 'variables' }, new Progress(() => undefined));
  return { mock, report };
}

async function back(layers: readonly SceneNode[]): Promise<string> {
  return print((await exportLayers(layers, new Progress(() => undefined))).design);
}

test('one import is one step of undo', async () => {
  const { mock } = await put(BUTTON);
  assert.equal(mock.undoSteps(), 1);
});

test('tokens that are there already are used again, and others of the same name are not touched', async () => {
  const { mock } = await put(BUTTON);
  const again = await put(BUTTON, { mock });
  assert.equal(again.report.styles, 0);
  const other = await put(BUTTON.replace('#6c4cf1', '#00ff00'), { mock });
  assert.equal(other.report.styles, 1);
  const names = (await mock.figma.variables.getLocalVariablesAsync()).map(({ name }) => name);
  assert.deepEqual(names, ['color/brand', 'color/brand 2']);
});

test('colours become paint styles where that is asked for', async () => {
  const { mock } = await put(BUTTON, { colors: 'styles' });
  assert.deepEqual((await mock.figma.getLocalPaintStylesAsync()).map(({ name }) => name), ['brand']);
  assert.equal((await mock.figma.variables.getLocalVariablesAsync()).length, 0);
});

test('texts and visibility of instances are properties in the panel', async () => {
  const { mock } = await put(BUTTON);
  const [component] = mock.page.kids.filter(({ type }) => type === 'COMPONENT').map(({ api }) => api as ComponentNode);
  assert.deepEqual(Object.values(component!.componentPropertyDefinitions).map(({ type, defaultValue }) => [type, defaultValue]), [['TEXT', 'Go'], ['BOOLEAN', true]]);
  const page = mock.figma.currentPage.selection[0] as FrameNode;
  const [one] = page.children as readonly InstanceNode[];
  assert.deepEqual(Object.values(one!.componentProperties).map(({ value }) => value), ['One', true]);
});

test('an edit of an instance comes back as its property, and one that has none as plain layers', async () => {
  const { mock } = await put(BUTTON);
  const page = mock.figma.currentPage.selection[0] as FrameNode;
  const [one, two] = page.children as readonly InstanceNode[];
  (one!.children[0] as TextNode).characters = 'Edited';
  assert.match(await back([page]), /\n Button label="Edited"\n/);
  (two!.children[1] as RectangleNode).fills = [{ type: 'SOLID', color: { r: 1, g: 0, b: 0 } }];
  assert.match(await back([page]), /\n row Button p8 \$brand\n/);
});

test('an instance comes back as one, whatever its text, its name or a plain layer in its component', async () => {
  const text = `+Dot rect 8x8 #000000 ?fill
+Tile col Dots 200
 t * ul ?words "one"
 Dot Dot fill=?mark
col Page 300
 Tile words="two\\lthree" mark:#ff0000
 Tile Named words=(st)"four"
`;
  const { mock } = await put(text);
  const page = mock.figma.currentPage.selection[0] as FrameNode;
  assert.deepEqual(page.children.map(({ type, name }) => [type, name]), [['INSTANCE', 'Dots'], ['INSTANCE', 'Named']]);
  const lines = (await back([page])).split('\n');
  assert.deepEqual(lines.slice(-3, -1), [' Tile Dots 200 words="two\\lthree" mark:#ff0000', ' Tile Named 200 words=(st)"four"']);
});

test('fonts that are missing are replaced by the nearest, and told', async () => {
  const { report, mock } = await put('t %(Fancy/SemiBold 16/20 it) "a"\n', { options: { fonts: { Inter: ['Regular', 'Bold Italic'] } } });
  assert.deepEqual(report.approximated, ['The font Fancy is not here: Inter is used. Install it and import again']);
  assert.deepEqual((mock.figma.currentPage.selection[0] as TextNode).fontName, { family: 'Inter', style: 'Bold Italic' });
});

test('the nearest style keeps the slant before the weight', () => {
  assert.equal(nearestStyle(['Regular', 'Medium', 'Bold', 'Italic'], 'Semi Bold'), 'Bold');
  assert.equal(nearestStyle(['SemiBold', 'Bold'], 'Semi Bold'), 'SemiBold');
  assert.equal(nearestStyle(['Bold', 'Italic'], 'Bold Italic'), 'Italic');
});

test('a picture with a place becomes a crop, and what is no picture is told', async () => {
  const { mock, report } = await put('img 20x20 &a/cover@0,0\nimg 20x20 &b\n', { images: { a: PNG, b: new Uint8Array(9) } });
  const [a] = mock.figma.currentPage.selection as readonly RectangleNode[];
  const [paint] = a!.fills as readonly ImagePaint[];
  assert.equal(paint!.scaleMode, 'CROP');
  assert.deepEqual(paint!.imageTransform, [[1, 0, 0], [0, 0.5, 0]]);
  assert.match(report.approximated.join(), /&b is no PNG/);
});

test('cancelling leaves nothing on the canvas', async () => {
  const mock = mockFigma();
  (globalThis as { figma?: PluginAPI }).figma = mock.figma;
  const progress = new Progress((what) => (progress.cancelled = what === 'Building layers'));
  const text = 'col Page\n' + ' rect 1x1\n'.repeat(500);
  await assert.rejects(importPayload(compile(parse(text)), {}, { colors: 'variables' }, progress), PluginError);
  assert.equal(mock.page.kids.length, 0);
});

test('a design stands to the right of what is there', async () => {
  const { mock } = await put('rect 100x50\n');
  await put('rect 10x10\n', { mock });
  assert.deepEqual(mock.page.kids.map(({ api }) => (api as RectangleNode).x), [0, 196]);
});

test('layers that a person drew come back as what they are', async () => {
  const mock = mockFigma();
  const { figma } = mock;
  (globalThis as { figma?: PluginAPI }).figma = figma;
  await figma.loadFontAsync({ family: 'Inter', style: 'Regular' });
  await figma.loadFontAsync({ family: 'Inter', style: 'Bold' });
  const frame = figma.createFrame();
  frame.name = 'Mine';
  frame.layoutMode = 'HORIZONTAL';
  frame.resize(200, 100);
  const text = figma.createText();
  text.characters = 'some bold text';
  text.name = text.characters;
  text.setRangeFontName(5, 9, { family: 'Inter', style: 'Bold' });
  text.setRangeHyperlink(10, 14, { type: 'URL', value: 'https://x.test/' });
  frame.appendChild(text);
  const oval = figma.createEllipse();
  frame.appendChild(oval);
  oval.layoutPositioning = 'ABSOLUTE';
  oval.x = 4;
  oval.constraints = { horizontal: 'MAX', vertical: 'STRETCH' };
  const image = figma.createRectangle();
  image.fills = [{ type: 'IMAGE', scaleMode: 'FIT', imageHash: figma.createImage(PNG).hash }];
  image.cornerRadius = 4;
  frame.appendChild(image);
  assert.equal(await back([frame]), [
    'row Mine 200x100 #ffffff clip',
    ' t %(Inter/Regular 12) #000000 "some " (%(Inter/Bold 12))"bold" " " (url("https://x.test/"))"text"',
    ' oval Ellipse 100x100 @4,0rv #d9d9d9',
    ' img Rectangle 100x100 &image-1/contain r4',
    '',
  ].join('\n'));
  assert.deepEqual(mock.document.violations, []);
});

test('nothing selected is told', async () => {
  mockFigma();
  await assert.rejects(back([]), /Nothing is selected/);
});
