// Fonts that the file asks for → fonts that are here, loaded before any text is touched.
import type { Notes } from './notes';

const WEIGHTS: Readonly<Record<string, number>> = {
  thin: 100, hairline: 100, extralight: 200, ultralight: 200, light: 300, regular: 400, normal: 400, book: 400, roman: 400,
  medium: 500, semibold: 600, demibold: 600, demi: 600, bold: 700, extrabold: 800, ultrabold: 800, black: 900, heavy: 900,
};
const FALLBACK = 'Inter';

/** Weight and slant that a style's name means: "Semi Bold Italic" → 600, true. */
export function readStyle(style: string): { weight: number; italic: boolean } {
  const plain = style.toLowerCase().replace(/[\s_-]/g, '');
  const italic = /italic|oblique/.test(plain);
  const weight = WEIGHTS[plain.replace(/italic|oblique/, '')] ?? (plain.replace(/italic|oblique/, '') === '' ? 400 : 0);
  return { weight: weight || 400, italic };
}

/** The style of a family that is nearest to what was asked for: slant first, then weight. */
export function nearestStyle(styles: readonly string[], wanted: string): string {
  if (styles.includes(wanted)) return wanted;
  const { weight, italic } = readStyle(wanted);
  const distance = (style: string): number => {
    const found = readStyle(style);
    return (found.italic === italic ? 0 : 10_000) + Math.abs(found.weight - weight) + (/condensed|narrow|expanded|wide/i.test(style) ? 5_000 : 0);
  };
  return [...styles].sort((a, b) => distance(a) - distance(b) || a.length - b.length)[0]!;
}

export class Fonts {
  private readonly chosen = new Map<string, FontName>();

  private constructor(private readonly families: ReadonlyMap<string, string[]>, private readonly notes: Notes) {}

  static async load(wanted: readonly FontName[], notes: Notes): Promise<Fonts> {
    const families = new Map<string, string[]>();
    for (const { fontName } of await figma.listAvailableFontsAsync()) {
      const styles = families.get(fontName.family);
      if (styles) styles.push(fontName.style);
      else families.set(fontName.family, [fontName.style]);
    }
    const fonts = new Fonts(families, notes);
    const needed = new Map([...wanted, { family: FALLBACK, style: 'Regular' }].map((font) => {
      const found = fonts.find(font);
      return [key(found), found];
    }));
    await Promise.all([...needed.values()].map((font) => figma.loadFontAsync(font)));
    return fonts;
  }

  /** The font to use for one that was asked for. */
  find(font: FontName): FontName {
    const known = this.chosen.get(key(font));
    if (known) return known;
    const found = this.choose(font);
    this.chosen.set(key(font), found);
    return found;
  }

  private choose({ family, style }: FontName): FontName {
    const spelled = this.spelling(family);
    if (spelled) {
      const nearest = nearestStyle(this.families.get(spelled)!, style);
      const [a, b] = [readStyle(nearest), readStyle(style)];
      if (a.weight !== b.weight || a.italic !== b.italic) this.notes.add(`${family} has no ${style}: ${nearest} is used`);
      return { family: spelled, style: nearest };
    }
    const instead = this.families.has(FALLBACK) ? FALLBACK : [...this.families.keys()][0] ?? FALLBACK;
    const nearest = nearestStyle(this.families.get(instead) ?? ['Regular'], style);
    this.notes.add(`The font ${family} is not here: ${instead} is used. Install it and import again`);
    return { family: instead, style: nearest };
  }

  private spelling(family: string): string | null {
    if (this.families.has(family)) return family;
    const plain = family.toLowerCase().replace(/\s+/g, '');
    for (const name of this.families.keys()) if (name.toLowerCase().replace(/\s+/g, '') === plain) return name;
    return null;
  }
}

function key({ family, style }: FontName): string {
  return `${family}|${style}`;
}
