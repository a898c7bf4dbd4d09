// Paints of the payload → paints that Figma takes: bound to variables, with images in them.
import type { GessoPaint } from '../compile/payload';
import type { Notes } from './notes';

export interface Picture {
  hash: string;
  width: number;
  height: number;
}

const MAX_SIDE = 4096;

/** Images of slots, made once each. */
export class Pictures {
  private readonly found = new Map<string, Picture>();

  static async create(bytes: Readonly<Record<string, Uint8Array>>, notes: Notes): Promise<Pictures> {
    const pictures = new Pictures();
    for (const [slot, data] of Object.entries(bytes)) {
      try {
        const image = figma.createImage(data);
        pictures.found.set(slot, { hash: image.hash, ...(await image.getSizeAsync()) });
      } catch {
        notes.add(`The picture &${slot} is no PNG, JPEG or GIF of at most ${MAX_SIDE} pixels a side: left empty`);
      }
    }
    return pictures;
  }

  get(slot: string): Picture | undefined {
    return this.found.get(slot);
  }

  get count(): number {
    return this.found.size;
  }

  slotOf(hash: string): string | undefined {
    for (const [slot, picture] of this.found) if (picture.hash === hash) return slot;
    return undefined;
  }
}

export class PaintMaker {
  constructor(
    private readonly pictures: Pictures,
    private readonly variables: ReadonlyMap<string, Variable>,
    private readonly notes: Notes,
  ) {}

  make(paints: readonly GessoPaint[], box: readonly [number, number] | null): Paint[] {
    return paints.map((paint) => this.one(paint, box, paints.length === 1));
  }

  private one(paint: GessoPaint, box: readonly [number, number] | null, alone: boolean): Paint {
    if (paint.type === 'SOLID') {
      const { color, opacity } = paint;
      const made: SolidPaint = { type: 'SOLID', color: color!, opacity: opacity ?? 1 };
      const variable = paint.token ? this.variables.get(paint.token) : undefined;
      return variable ? figma.variables.setBoundVariableForPaint(made, 'color', variable) : made;
    }
    if (paint.type === 'IMAGE') return this.image(paint, box, alone);
    return {
      type: paint.type as GradientPaint['type'],
      gradientTransform: paint.gradientTransform as unknown as Transform,
      gradientStops: paint.gradientStops!,
    };
  }

  private image(paint: GessoPaint, box: readonly [number, number] | null, alone: boolean): ImagePaint {
    const picture = this.pictures.get(paint.slot!);
    if (!picture && alone) this.notes.add(`No picture was given for &${paint.slot!}: the layer waits for one`);
    const opacity = paint.opacity === undefined ? {} : { opacity: paint.opacity };
    const plain = { type: 'IMAGE' as const, imageHash: picture?.hash ?? null, ...opacity };
    const placed = picture && paint.place ? this.placed(paint, picture, box) : null;
    if (placed) return { ...plain, ...placed } as ImagePaint;
    if (paint.place) this.notes.add('A picture that is placed or repeated: shown as near as Figma has it');
    const scaleMode = paint.scaleMode as ImagePaint['scaleMode'];
    return paint.imageTransform
      ? { ...plain, scaleMode, imageTransform: paint.imageTransform as unknown as Transform }
      : { ...plain, scaleMode };
  }

  /** Where a picture of known size stands in a box of known size, as a crop. */
  private placed(paint: GessoPaint, picture: Picture, box: readonly [number, number] | null): Partial<ImagePaint> | null {
    const { fit, x, y, width, height } = paint.place!;
    if (fit === 'tile') {
      const scalingFactor = width ? width / picture.width : height ? height / picture.height : 1;
      return x || y ? null : { scaleMode: 'TILE', scalingFactor: Math.max(0.01, Math.min(100, scalingFactor)) };
    }
    if (fit !== 'cover' || !box || box[0] <= 0 || box[1] <= 0) return null;
    const scale = Math.max(box[0] / picture.width, box[1] / picture.height);
    const [across, down] = [box[0] / (picture.width * scale), box[1] / (picture.height * scale)];
    const imageTransform: Transform = [[across, 0, ((1 - across) * x) / 100], [0, down, ((1 - down) * y) / 100]];
    return { scaleMode: 'CROP', imageTransform };
  }
}
