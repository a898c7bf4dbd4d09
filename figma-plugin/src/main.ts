// The plugin's main thread: takes what the UI asks for, one thing at a time, and answers.
import { compile } from './compile/compile';
import { type Payload, PayloadError, readPayload } from './compile/payload';
import { type Exported, exportLayers } from './canvas/export';
import { importPayload } from './canvas/import';
import { PluginError, Progress } from './canvas/notes';
import type { ImportOptions, ToMain, ToUI } from './messages';
import { NotationError, print, repair } from './notation';
import { TreeError } from './tree';
import { block } from './wireframe/blocks';
import { lower } from './wireframe/lower';

const SETTINGS = 'server';
const WIREFRAME = '// a wireframe: keep the layout and the words, give it a look\n';
let running: Progress | null = null;

function tell(message: ToUI): void {
  figma.ui.postMessage(message);
}

async function answer(message: ToMain): Promise<void> {
  switch (message.type) {
    case 'ready': {
      const stored = (await figma.clientStorage.getAsync(SETTINGS)) as { server?: string; token?: string } | undefined;
      tell({ type: 'settings', server: stored?.server ?? '', token: stored?.token ?? '' });
      tellSelection();
      return;
    }
    case 'remember':
      await figma.clientStorage.setAsync(SETTINGS, { server: message.server, token: message.token });
      return;
    case 'cancel':
      if (running) running.cancelled = true;
      return;
    default:
      await alone(message);
  }
}

/** One piece of work at a time; what goes wrong is said, and nothing is left behind. */
async function alone(message: ToMain): Promise<void> {
  if (running) {
    tell({ type: 'failed', text: 'Something else is still being done: wait for it, or cancel it.' });
    return;
  }
  const progress = new Progress((what, done, of) => tell({ type: 'progress', what, done, of }));
  running = progress;
  try {
    await work(message, progress);
  } catch (error) {
    tell({ type: 'failed', text: explain(error) });
  } finally {
    running = null;
  }
}

async function work(message: ToMain, progress: Progress): Promise<void> {
  switch (message.type) {
    case 'import-notation': {
      const { payload, errors } = compileText(message.text, message.drawings);
      await put(payload, message.images, message.options, progress, errors);
      return;
    }
    case 'import-payload':
      await put(readPayload(message.text), message.images, message.options, progress);
      return;
    case 'export':
      await hand(await exportLayers(figma.currentPage.selection, progress), false);
      return;
    case 'wireframe-insert': {
      const { payload } = compileText(block(message.section, message.phone), {});
      const [parent] = figma.currentPage.selection;
      await put(payload, {}, { colors: 'variables' }, progress);
      if (parent?.type === 'FRAME' && !parent.removed && parent.layoutMode === 'VERTICAL') moveInto(parent);
      return;
    }
    case 'wireframe-export': {
      const found = await exportLayers(figma.currentPage.selection, progress);
      await hand({ ...found, design: lower(found.design), images: [], drawings: [] }, true);
      return;
    }
    case 'wireframe-lower': {
      const found = await exportLayers(figma.currentPage.selection, progress);
      await put(compile(lower(found.design)), {}, { colors: 'variables' }, progress, found.notes);
      return;
    }
    default:
      return;
  }
}

/** What can be read is built; what cannot is told. Throws where nothing can. */
function compileText(text: string, drawings: Readonly<Record<string, string>>): { payload: Payload; errors: string[] } {
  const { design, errors } = repair(text);
  const lines = text.split('\n').filter((line) => line.trim() && !line.trim().startsWith('//')).length;
  if (errors.length && new Set(errors.map(({ line }) => line)).size >= lines) throw errors[0]!;
  if (!design.roots.length && !design.components.length) throw errors[0] ?? new PluginError('There is no layer in this text: paste notation, such as: col Page 390 p24');
  return { payload: compile(design, new Map(Object.entries(drawings))), errors: errors.map(({ message }) => `Left out: ${message}`) };
}

async function put(payload: Payload, images: Readonly<Record<string, Uint8Array>>, options: ImportOptions, progress: Progress, more: readonly string[] = []): Promise<void> {
  const report = await importPayload(payload, images, options, progress);
  tell({ type: 'imported', report: { ...report, approximated: [...more, ...report.approximated] } });
}

/** A block that is inserted into a column becomes its last section. */
function moveInto(parent: FrameNode): void {
  for (const node of figma.currentPage.selection) {
    if (node === parent || node.type !== 'FRAME') continue;
    parent.appendChild(node);
    node.layoutSizingHorizontal = 'FILL';
  }
  figma.commitUndo();
}

async function hand({ design, notes, images, drawings }: Exported, wireframe: boolean): Promise<void> {
  const pictures: { slot: string; bytes: Uint8Array; mime: string }[] = [];
  for (const { slot, hash } of images) {
    const image = figma.getImageByHash(hash);
    if (image) pictures.push({ slot, bytes: await image.getBytesAsync(), mime: 'image/png' });
  }
  for (const { slot, layer } of drawings) {
    const svg = await layer.exportAsync({ format: 'SVG_STRING' });
    pictures.push({ slot, bytes: utf8(svg), mime: 'image/svg+xml' });
  }
  tell({ type: 'exported', notation: (wireframe ? WIREFRAME : '') + print(design), notes, images: pictures, wireframe });
}

/** The sandbox has no TextEncoder. */
function utf8(text: string): Uint8Array {
  const escaped = encodeURIComponent(text).replace(/%([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
  return Uint8Array.from(escaped, (char) => char.charCodeAt(0));
}

function explain(error: unknown): string {
  if (error instanceof NotationError) return `This is no notation (${error.message}).`;
  if (error instanceof PluginError || error instanceof PayloadError || error instanceof TreeError) return error.message;
  return `Figma would not do it: ${error instanceof Error ? error.message : String(error)}. Nothing was left on the canvas.`;
}

function tellSelection(): void {
  const { selection } = figma.currentPage;
  tell({ type: 'selection', count: selection.length, names: selection.slice(0, 3).map(({ name }) => name) });
}

figma.showUI(__html__, { width: 360, height: 560, themeColors: true, title: 'Gesso' });
figma.on('selectionchange', tellSelection);
figma.ui.onmessage = (message: ToMain) => void answer(message);
