// The mock refuses what Figma refuses: each rule is broken once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Mock, mockFigma } from './mock/figma';

const WHITE = [{ type: 'SOLID', color: { r: 1, g: 1, b: 1 } }] as const;

type Breaks = (f: PluginAPI) => unknown;
const RULES: [string, RegExp, Breaks][] = [
  ['characters before the font', /unloaded font/, (f) => (f.createText().characters = 'a')],
  ['a text size before the font', /unloaded font/, (f) => (f.createText().fontSize = 12)],
  ['a font that is not loaded', /unloaded font/, (f) => (f.createText().fontName = { family: 'Inter', style: 'Bold' })],
  ['a font that is not there', /could not be loaded/, (f) => f.loadFontAsync({ family: 'Nope', style: 'Bold' })],
  ['FILL before appending', /FILL can only/, (f) => (f.createFrame().layoutSizingHorizontal = 'FILL')],
  ['HUG without auto layout', /HUG can only/, (f) => (f.createRectangle().layoutSizingVertical = 'HUG')],
  ['ABSOLUTE without auto layout', /no auto layout/, (f) => (f.createFrame().layoutPositioning = 'ABSOLUTE')],
  ['padding before a layout mode', /padding needs a layoutMode/, (f) => (f.createFrame().paddingTop = 4)],
  ['negative padding', /from 0/, (f) => void Object.assign(f.createFrame(), { layoutMode: 'VERTICAL', paddingTop: -4 })],
  ['wrapping columns', /layoutWrap is for HORIZONTAL/, (f) => void Object.assign(f.createFrame(), { layoutMode: 'VERTICAL', layoutWrap: 'WRAP' })],
  ['a baseline in a column', /BASELINE is for HORIZONTAL/, (f) => void Object.assign(f.createFrame(), { layoutMode: 'VERTICAL', counterAxisAlignItems: 'BASELINE' })],
  ['spacing of rows without wrapping', /needs layoutWrap WRAP/, (f) => void Object.assign(f.createFrame(), { layoutMode: 'HORIZONTAL', counterAxisSpacing: 4 })],
  ['a size of nothing', /from 0.01/, (f) => f.createFrame().resize(0, 10)],
  ['a size that is no number', /finite/, (f) => f.createFrame().resize(NaN, 10)],
  ['a width that is assigned', /read-only/, (f) => void Object.assign(f.createFrame(), { width: 10 })],
  ['a property that is not there', /not extensible/, (f) => void Object.assign(f.createFrame(), { paddding: 10 })],
  ['a text property on a frame', /not extensible/, (f) => void Object.assign(f.createFrame(), { characters: 'a' })],
  ['an unknown key of a paint', /unrecognized key token/, (f) => (f.createFrame().fills = [{ ...WHITE[0], token: 'ink' } as unknown as Paint])],
  ['a colour out of range', /from 0 to 1/, (f) => (f.createFrame().fills = [{ type: 'SOLID', color: { r: 255, g: 0, b: 0 } }])],
  ['an image that nobody made', /no image has/, (f) => (f.createFrame().fills = [{ type: 'IMAGE', scaleMode: 'FILL', imageHash: 'x' }])],
  ['a blur without its type', /blurType/, (f) => (f.createFrame().effects = [{ type: 'LAYER_BLUR', radius: 4, visible: true } as unknown as Effect])],
  ['fills that are changed in place', /read only|not extensible/, (f) => (f.createFrame().fills as Paint[]).push(WHITE[0])],
  ['bytes that are no picture', /unsupported/, (f) => f.createImage(new Uint8Array(64))],
  ['a drawing that is not closed', /closes nothing/, (f) => f.createNodeFromSvg('<svg><path></svg>')],
  ['a style set the old way', /dynamic-page/, (f) => (f.createFrame().fillStyleId = 'S:1')],
  ['nodes looked up the old way', /dynamic-page/, (f) => f.getNodeById('1:1')],
  ['a page set the old way', /dynamic-page/, (f) => (f.currentPage = f.currentPage)],
  ['a cell outside of the grid', /out of bounds/, (f) => {
    const grid = f.createFrame();
    grid.layoutMode = 'GRID';
    grid.appendChildAt(f.createRectangle(), 4, 0);
  }],
  ['a cell that is taken', /occupied/, (f) => {
    const grid = f.createFrame();
    grid.layoutMode = 'GRID';
    grid.appendChildAt(f.createRectangle(), 0, 0);
    grid.appendChildAt(f.createRectangle(), 0, 0);
  }],
  ['a layer added to an instance', /takes no children|into an instance/, (f) => f.createComponent().createInstance().appendChild(f.createFrame())],
  ['a layer of an instance that is moved', /cannot be overridden/, (f) => {
    const component = f.createComponent();
    component.appendChild(f.createRectangle());
    component.createInstance().children[0]!.x = 4;
  }],
  ['the main component the old way', /getMainComponentAsync/, (f) => f.createComponent().createInstance().mainComponent],
  ['a property that a component does not have', /no property/, (f) => f.createComponent().createInstance().setProperties({ label: 'a' })],
  ['a component in a component', /a component into a component/, (f) => f.createComponent().appendChild(f.createComponent())],
  ['variants with other names', /Property=Value/, (f) => f.combineAsVariants([f.createComponent()], f.currentPage)],
  ['a node that was removed', /removed/, (f) => {
    const frame = f.createFrame();
    frame.remove();
    frame.x = 4;
  }],
  ['a range outside the text', /from 0/, async (f) => {
    await f.loadFontAsync({ family: 'Inter', style: 'Regular' });
    f.createText().setRangeFontSize(0, 4, 12);
  }],
  ['a variable bound to a gradient', /COLOR variable/, (f) => {
    const variable = f.variables.createVariable('a', f.variables.createVariableCollection('c'), 'COLOR');
    f.variables.setBoundVariableForPaint({ type: 'GRADIENT_LINEAR' } as unknown as SolidPaint, 'color', variable);
  }],
];

for (const [name, why, breaks] of RULES) {
  test(`refuses ${name}`, async () => {
    const mock: Mock = mockFigma();
    await assert.rejects(async () => breaks(mock.figma), why);
  });
}

test('a text that is resized has a box of its own, as in Figma', async () => {
  const { figma } = mockFigma();
  await figma.loadFontAsync({ family: 'Inter', style: 'Regular' });
  const text = figma.createText();
  text.resize(100, 20);
  assert.equal(text.textAutoResize, 'NONE');
});

test('fresh frames are white, and resizing them fixes what hugged', () => {
  const { figma } = mockFigma();
  const frame = figma.createFrame();
  assert.deepEqual((frame.fills as Paint[]).map(({ type }) => type), ['SOLID']);
  frame.layoutMode = 'VERTICAL';
  assert.equal(frame.layoutSizingVertical, 'HUG');
  frame.resize(10, 10);
  assert.equal(frame.layoutSizingVertical, 'FIXED');
});
