// A small drawing of each section, 64 × 32: `f` is filled.
import type { Section } from '../wireframe/blocks';

const f = (x: number, y: number, w: number, h: number): string => `<rect class="f" x="${x}" y="${y}" width="${w}" height="${h}" rx="1"/>`;
const s = (x: number, y: number, w: number, h: number): string => `<rect x="${x + 0.5}" y="${y + 0.5}" width="${w - 1}" height="${h - 1}" rx="1.5"/>`;
const row = (count: number, draw: (x: number) => string, step: number, start = 2): string => Array.from({ length: count }, (_, i) => draw(start + i * step)).join('');

export const SKETCHES: Record<Section, string> = {
  nav: s(2, 8, 60, 14) + f(6, 12, 8, 6) + f(34, 13, 6, 4) + f(43, 13, 6, 4) + f(52, 12, 7, 6),
  hero: f(4, 6, 24, 6) + f(4, 14, 20, 3) + f(4, 21, 10, 6) + s(34, 4, 26, 24),
  logos: row(5, (x) => f(x, 13, 9, 6), 12.5),
  features: row(3, (x) => f(x, 5, 6, 6) + f(x, 14, 16, 3) + f(x, 19, 14, 2) + f(x, 23, 12, 2), 21),
  cards: row(3, (x) => s(x, 4, 18, 24) + f(x + 2, 6, 14, 10) + f(x + 2, 19, 12, 2) + f(x + 2, 23, 9, 2), 21),
  stats: row(4, (x) => s(x, 9, 13, 14) + f(x + 2, 12, 8, 5) + f(x + 2, 19, 6, 2), 15.5),
  pricing: row(3, (x) => s(x, 3, 18, 26) + f(x + 3, 6, 8, 5) + f(x + 3, 14, 12, 2) + f(x + 3, 18, 12, 2) + f(x + 3, 23, 12, 4), 21),
  testimonial: f(10, 6, 44, 4) + f(16, 12, 32, 4) + f(22, 21, 6, 6) + f(31, 23, 14, 3),
  gallery: row(4, (x) => f(x, 3, 13, 12) + f(x, 17, 13, 12), 15.5),
  article: f(10, 3, 40, 5) + f(10, 11, 44, 8) + f(10, 22, 44, 2) + f(10, 26, 38, 2),
  form: s(14, 2, 36, 28) + s(18, 6, 28, 5) + s(18, 13, 28, 5) + f(18, 22, 14, 5),
  list: row(3, (y) => `<g transform="translate(0 ${y - 2})">${f(6, 4, 6, 6)}${f(16, 4, 24, 3)}${f(16, 8, 32, 2)}</g>`, 10, 2),
  table: s(4, 3, 56, 26) + f(4, 3, 56, 6) + row(3, (y) => `<path d="M4 ${y + 11}.5h56"/>`, 6, 4),
  chart: [8, 14, 6, 20, 24, 16].map((h, i) => f(6 + i * 9, 28 - h, 6, h)).join(''),
  sidebar: s(4, 2, 18, 28) + row(4, (y) => f(7, y + 3, 12, 3), 6, 2),
  tabs: f(6, 12, 12, 4) + f(26, 12, 12, 4) + f(46, 12, 12, 4) + '<path d="M2 20.5h60M6 19.5h12"/>',
  faq: row(4, (y) => f(6, y + 2, 34, 3) + f(54, y + 2, 3, 3) + `<path d="M4 ${y + 7}.5h56"/>`, 7, 1),
  modal: f(0, 0, 64, 32) + '<rect x="14.5" y="5.5" width="35" height="21" rx="2" style="fill:var(--surface)"/>' + f(18, 9, 16, 3) + f(34, 20, 12, 4),
  'call to action': f(16, 6, 32, 5) + f(24, 18, 16, 7),
  footer: '<path d="M2 6.5h60"/>' + f(4, 11, 8, 5) + row(3, (x) => f(x, 11, 10, 2) + f(x, 16, 8, 2) + f(x, 20, 8, 2), 13, 24),
  'app bar': s(14, 8, 36, 12) + f(17, 11, 5, 5) + f(27, 12, 10, 3) + f(42, 11, 5, 5),
  'tab bar': s(10, 8, 44, 16) + row(4, (x) => f(x, 11, 5, 5) + f(x, 18, 5, 2), 11, 13),
};
