// The words of the notation, both spellings. What is printed is the short one. As design/notation/words.py.
import { BLENDS, FITS, KINDS, SOFT_BREAK } from '../tree';

export const WEIGHTS: Readonly<Record<number, string>> = {
  100: 'Thin', 200: 'ExtraLight', 300: 'Light', 400: 'Regular', 500: 'Medium', 600: 'SemiBold', 700: 'Bold', 800: 'ExtraBold', 900: 'Black',
};
export const WEIGHT_OF: ReadonlyMap<string, number> = new Map(
  Object.entries(WEIGHTS).map(([weight, name]) => [name.toLowerCase(), Number(weight)]),
);
export const PRINTED_KINDS: readonly string[] = KINDS.filter((kind) => kind !== 'use');
export const SPELLED_KINDS: Readonly<Record<string, string>> = {
  column: 'col', text: 't', rectangle: 'rect', ellipse: 'oval', image: 'img', vector: 'svg', stack: 'box',
};
export const FLAGS: ReadonlyMap<string, readonly [string, unknown]> = new Map<string, [string, unknown]>([
  ['js', ['justify', 'start']], ['jc', ['justify', 'center']], ['je', ['justify', 'end']], ['jb', ['justify', 'between']],
  ['as', ['align', 'start']], ['ac', ['align', 'center']], ['ae', ['align', 'end']], ['ab', ['align', 'baseline']],
  ['ss', ['selfAlign', 'start']], ['sc', ['selfAlign', 'center']], ['se', ['selfAlign', 'end']], ['sb', ['selfAlign', 'baseline']],
  ['tl', ['textAlign', 'left']], ['tc', ['textAlign', 'center']], ['tr', ['textAlign', 'right']], ['tj', ['textAlign', 'justify']],
  ['vt', ['vertical', 'top']], ['vm', ['vertical', 'middle']], ['vb', ['vertical', 'bottom']],
  ['wrap', ['wrap', true]], ['clip', ['clip', true]], ['hide', ['visible', false]],
  ['scroll', ['scroll', 'xy']], ['scrollx', ['scroll', 'x']], ['scrolly', ['scroll', 'y']],
  ['nofill', ['fills', []]], ['up', ['upper', true]], ['ul', ['underline', true]],
  ['uppercase', ['upper', true]], ['underline', ['underline', true]], ['hidden', ['visible', false]],
]);
export const SPELLED: Readonly<Record<string, string>> = {
  name: 'name', size: 'size', width: 'width', height: 'height', 'min-width': 'minWidth', 'max-width': 'maxWidth',
  'min-height': 'minHeight', 'max-height': 'maxHeight', at: 'at', padding: 'padding', gap: 'gap', justify: 'justify',
  align: 'align', self: 'selfAlign', columns: 'columns', rows: 'rowTracks', cell: 'cell', span: 'span', fill: 'fills',
  stroke: 'stroke', radius: 'radii', shadow: 'shadow', 'inner-shadow': 'inner', opacity: 'opacity', blend: 'blend',
  blur: 'blur', backdrop: 'backdrop', rotate: 'rotation', style: 'style', 'text-align': 'textAlign', vertical: 'vertical',
  lines: 'maxLines', ratio: 'ratio', role: 'role', link: 'link', bind: 'bind', show: 'shown', text: 'runs', raw: 'raw',
};
export const CHOICES: Readonly<Record<string, readonly string[]>> = {
  justify: ['start', 'center', 'end', 'between'],
  align: ['start', 'center', 'end', 'baseline'],
  selfAlign: ['start', 'center', 'end', 'baseline'],
  textAlign: ['left', 'center', 'right', 'justify'],
  vertical: ['top', 'middle', 'bottom'],
  blend: BLENDS,
};
export const TOKEN_LINES: Readonly<Record<string, string>> = { $: 'color', '^': 'font', '%': 'style', '=': 'space', '~': 'corner', '!': 'shadow' };
export const SPELLED_LINES: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(TOKEN_LINES).map(([sign, name]) => [name, sign]));
export const PLACES: Readonly<Record<string, string>> = { '>': 'outside', '|': 'center' };
export const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\t': '\\t', [SOFT_BREAK]: '\\l', '"': '\\"', "'": "\\'" };
export const UNESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t', l: SOFT_BREAK };
export const FIT = FITS.join('|');
