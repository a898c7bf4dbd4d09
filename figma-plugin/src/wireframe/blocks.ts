// Low-fidelity blocks by section, in the notation. `%` styles and `$` tokens are those of TOKENS.

export const SECTIONS = [
  'nav', 'hero', 'logos', 'features', 'cards', 'stats', 'pricing', 'testimonial', 'gallery', 'article', 'form', 'list', 'table',
  'chart', 'sidebar', 'tabs', 'faq', 'modal', 'call to action', 'footer', 'app bar', 'tab bar',
] as const;
export type Section = (typeof SECTIONS)[number];

export const TOKENS = `$ ink #2a2930 mute #8b8893 line #d9d7d0 fill #efede7 paper #ffffff
% title Inter/SemiBold 40/48 ls-0.5
% heading Inter/SemiBold 20/28
% label Inter/Medium 14/20
% text Inter/Regular 14/20
`;

const BUTTON = 'row Button :button p10,20 jc ac $ink r6\n t %label $paper "Action"';
const GHOST = 'row Button :button p10,20 jc ac $paper s$line r6\n t %label $ink "Second"';
const FIELD = 'col Field * g6\n t %label $ink "Label"\n row :input *x44 p0,12 ac $paper s$line r6\n  t %text $mute "Placeholder"';
const CARD = 'col Card :article * $paper s$line r10 clip\n img *x160 $fill &picture\n col * p16 g8\n  t * %heading $ink "Card title"\n  t * %text $mute "One or two lines about it."';

/** A block at the width of a desktop or of a phone. */
export function block(section: Section, phone: boolean): string {
  return TOKENS + BLOCKS[section](phone, phone ? 390 : 1280);
}

/** Rows on a desktop, columns on a phone. */
const split = (phone: boolean): string => (phone ? 'col' : 'row');
const below = (text: string, depth: number): string => text.split('\n').map((line) => ' '.repeat(depth) + line).join('\n');
const times = (text: string, count: number, depth: number): string => Array.from({ length: count }, () => below(text, depth)).join('\n');
const pad = (phone: boolean): string => (phone ? 'p24,16' : 'p64');

const BLOCKS: Record<Section, (phone: boolean, width: number) => string> = {
  nav: (phone, width) => `row Nav :nav ${width}x64 p0,${phone ? 16 : 64} jb ac $paper sb1$line
 row g8 ac
  rect Logo 24x24 $ink r6
  t %label $ink "Brand"
${phone ? ' rect Menu 24x24 $fill r6' : ` row Links g24 ac\n${['Product', 'Pricing', 'Docs'].map((word) => `  t %text $mute "${word}"`).join('\n')}\n${below(BUTTON, 2)}`}`,
  hero: (phone, width) => `${split(phone)} Hero :header ${width} ${pad(phone)} g${phone ? 24 : 64} ac $paper
 col Words * g16
  t * %title :h1 $ink "A headline that says what it is"
  t * %text $mute "One sentence for whom it is, and what changes for them."
  row Actions g12
${below(BUTTON, 3)}
${below(GHOST, 3)}
 img Picture ${phone ? '*x240' : '520x360'} $fill &hero r10`,
  logos: (phone, width) => `row Logos ${width} ${pad(phone)} g24 jb ac wrap $paper
${times('rect Logo 96x32 $fill r6', phone ? 4 : 6, 1)}`,
  features: (phone, width) => `${split(phone)} Features :section ${width} ${pad(phone)} g24 $paper
${times('col Feature * g8\n rect Icon 32x32 $fill r6\n t * %heading $ink "Feature"\n t * %text $mute "What it does, in a line or two."', 3, 1)}`,
  cards: (phone, width) => `${split(phone)} Cards :section ${width} ${pad(phone)} g24 $paper\n${times(CARD, 3, 1)}`,
  stats: (phone, width) => `row Stats :section ${width} ${pad(phone)} g24 $paper
${times('col Stat * p16 g4 s$line r10\n t * %title $ink "128"\n t * %text $mute "What is counted"', phone ? 2 : 4, 1)}`,
  pricing: (phone, width) => `${split(phone)} Pricing :section ${width} ${pad(phone)} g24 $paper
${times(`col Plan * p24 g16 $paper s$line r10\n t * %heading $ink "Plan"\n t * %title $ink "$12"\n t * %text $mute "a month"\n rect *x1 $line\n t * %text $ink "What is in it"\n t * %text $ink "And this"\n${below(BUTTON, 1)}`, 3, 1)}`,
  testimonial: (phone, width) => `col Testimonial :section ${width} ${pad(phone)} g16 ac $fill
 t ${phone ? '*' : '720'} %heading tc $ink "“A sentence that a customer said about it.”"
 row g12 ac
  oval Face 40x40 $line
  col g2
   t %label $ink "Name"
   t %text $mute "Role, company"`,
  gallery: (phone, width) => `grid Gallery ${width} ${pad(phone)} g16,16 cols${phone ? 2 : 4} $paper\n${times('img *x160 $fill &picture r6', phone ? 4 : 8, 1)}`,
  article: (phone, width) => `col Article :article ${width} p${phone ? '24,16' : '64,280'} g16 $paper
 t * %title :h1 $ink "Title of the article"
 t * %text $mute "Author · date"
 img *x280 $fill &cover r10
 col * g8
${times('rect *x10 $fill r5', 5, 2)}`,
  form: (phone, width) => `col Form :form ${phone ? width : 480} ${phone ? 'p24,16' : 'p32'} g16 $paper s$line r10
 t * %heading $ink "Form title"
${times(FIELD, 3, 1)}
 row g8 ac
  rect Box 18x18 $paper s$line r4
  t %text $mute "I agree"
${below(BUTTON, 1)}`,
  list: (phone, width) => `col List :list ${phone ? width : 640} $paper
${times('row Item * p12,16 g12 ac sb1$line\n oval Picture 40x40 $fill\n col * g2\n  t * %label $ink "Title"\n  t * %text $mute "What it is about"\n t %text $mute "12:30"', 5, 1)}`,
  table: (phone, width) => `col Table :table ${width} $paper s$line r10 clip
 row Head *x44 p0,16 g16 ac $fill
${times('t * %label $ink "Column"', phone ? 2 : 4, 2)}
${times(`row Row *x52 p0,16 g16 ac st1$line\n${times('t * %text $mute "Value"', phone ? 2 : 4, 1)}`, 5, 1)}`,
  chart: (phone, width) => `col Chart :figure ${phone ? width : 640} p24 g16 $paper s$line r10
 t * %heading $ink "What it shows"
 row Bars *x200 g12 ae
${[80, 120, 60, 160, 200, 140].map((height) => `  rect *x${height} $fill r4`).join('\n')}`,
  sidebar: () => `col Sidebar :nav 240x720 p16 g4 $paper sr1$line
 row g8 p8 ac
  rect Logo 24x24 $ink r6
  t %label $ink "Brand"
${times('row Item * p8 g8 ac r6\n rect Icon 20x20 $line r4\n t * %text $ink "Item"', 6, 1)}`,
  tabs: (_, width) => `row Tabs :nav ${width}x44 p0,16 g24 ac $paper sb1$line
${['First', 'Second', 'Third'].map((word, i) => ` t %label ${i ? '$mute' : '$ink'} "${word}"`).join('\n')}`,
  faq: (phone, width) => `col Questions :section ${width} ${pad(phone)} g0 $paper
${times('row Question * p16,0 jb ac sb1$line\n t * %label $ink "A question that people ask?"\n t %heading $mute "+"', 4, 1)}`,
  modal: (phone) => `col Modal :dialog ${phone ? 342 : 480} p24 g16 $paper s$line r10 sh(0,8,32,0,#00000024)
 t * %heading $ink "Are you sure?"
 t * %text $mute "What happens when it is done."
 row * g12 je
${below(GHOST, 2)}
${below(BUTTON, 2)}`,
  'call to action': (phone, width) => `col Action :section ${width} ${pad(phone)} g16 ac $fill
 t ${phone ? '*' : '640'} %title tc $ink "Begin today"
${below(BUTTON, 1)}`,
  footer: (phone, width) => `${split(phone)} Footer :footer ${width} ${pad(phone)} g32 $paper st1$line
 col * g8
  rect Logo 24x24 $ink r6
  t %text $mute "© Brand"
${times('col * g8\n t %label $ink "Group"\n t %text $mute "Link"\n t %text $mute "Link"', phone ? 2 : 3, 1)}`,
  'app bar': (_, width) => `row Bar :header ${Math.min(width, 390)}x56 p0,16 jb ac $paper sb1$line
 rect Back 24x24 $fill r6
 t %label $ink "Title"
 rect More 24x24 $fill r6`,
  'tab bar': (_, width) => `row Tabs :nav ${Math.min(width, 390)}x72 p8,16 $paper st1$line
${times('col Tab * g4 ac\n rect Icon 24x24 $fill r6\n t %text $mute "Tab"', 4, 1)}`,
};
