// A payload → layers on the current page: one step of undo, or nothing.
import type { Payload } from '../compile/payload';
import type { ImportOptions, Report } from '../messages';
import { Builder } from './build';
import { arrange } from './components';
import { TOKENS } from './data';
import { Fonts } from './fonts';
import { Notes, type Progress } from './notes';
import { PaintMaker, Pictures } from './paints';
import { makeStyles, makeVariables } from './tokens';

const GAP = 96;

/** Put a design on the page, to the right of what is there, and select it. */
export async function importPayload(
  payload: Payload,
  images: Readonly<Record<string, Uint8Array>>,
  options: ImportOptions,
  progress: Progress,
): Promise<Report> {
  figma.commitUndo();
  const notes = new Notes();
  for (const note of payload.notes) notes.add(note);
  await progress.step('Loading fonts', 0, 1);
  const fonts = await Fonts.load(payload.fonts, notes);
  const pictures = await Pictures.create(images, notes);
  const variables = await makeVariables(payload, options);
  const paints = new PaintMaker(pictures, variables.colors, notes);
  const styles = await makeStyles(payload, options, fonts, new PaintMaker(pictures, variables.colors, new Notes()));
  const start = rightOfEverything();
  const builder = new Builder(payload, fonts, styles, paints, variables.numbers, notes, progress);
  try {
    const built = await builder.build();
    const tokens = JSON.stringify({
      palette: payload.paintStyles.map(({ name }) => name), styles: payload.textStyles.map(({ name }) => name),
      numbers: payload.numbers, shadows: payload.effectStyles.map(({ name }) => name),
    });
    for (const root of [...built.roots, ...builder.tops]) root.setPluginData(TOKENS, tokens);
    const after = arrange(built.roots, start.x, start.y);
    arrange(builder.tops, after + GAP, start.y);
    figma.currentPage.selection = built.roots.length ? built.roots : builder.tops;
    figma.viewport.scrollAndZoomIntoView(built.roots.length ? built.roots : builder.tops);
    await progress.step('Building layers', payload.nodes.length, payload.nodes.length);
    figma.commitUndo();
    return {
      layers: built.layers, instances: built.instances, components: built.components.length,
      styles: variables.made + styles.made, images: pictures.count, approximated: notes.list(),
    };
  } catch (error) {
    builder.undo();
    figma.commitUndo();
    throw error;
  }
}

function rightOfEverything(): { x: number; y: number } {
  const { x, y } = figma.viewport.center;
  let right = -Infinity;
  let top = Infinity;
  for (const node of figma.currentPage.children) {
    right = Math.max(right, node.x + node.width);
    top = Math.min(top, node.y);
  }
  return Number.isFinite(right) ? { x: Math.round(right + GAP), y: Math.round(top) } : { x: Math.round(x), y: Math.round(y) };
}
