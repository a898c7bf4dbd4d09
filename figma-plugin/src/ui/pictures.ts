// Pictures in any form that a browser reads → the PNG, JPEG or GIF of at most 4096 pixels a side that Figma takes.

const MAX_SIDE = 4096;
const MAX_BYTES = 50_000_000;
const TAKEN = /^image\/(png|jpeg|gif)$/;

/** Bytes for `createImage`, or null where nobody can read the picture. */
export async function forFigma(blob: Blob): Promise<Uint8Array | null> {
  if (blob.size > MAX_BYTES) return null;
  try {
    const bitmap = blob.type === 'image/svg+xml' ? await vector(blob) : await createImageBitmap(blob);
    const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
    if (scale === 1 && TAKEN.test(blob.type)) return new Uint8Array(await blob.arrayBuffer());
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext('2d')!.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const png = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
    return png && new Uint8Array(await png.arrayBuffer());
  } catch {
    return null;
  }
}

async function vector(blob: Blob): Promise<HTMLImageElement> {
  const image = new Image();
  const url = URL.createObjectURL(blob);
  try {
    image.src = url;
    await image.decode();
    image.width ||= 512;
    image.height ||= 512;
    return image;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** The inlined pictures of a payload, by slot; addresses are not fetched. */
export async function inlined(payload: unknown): Promise<Record<string, Uint8Array>> {
  const found: Record<string, Uint8Array> = {};
  const images = (payload as { images?: unknown } | null)?.images;
  for (const entry of Array.isArray(images) ? (images as { slot?: unknown; url?: unknown }[]) : []) {
    if (typeof entry?.slot !== 'string' || typeof entry.url !== 'string' || !entry.url.startsWith('data:image/')) continue;
    const bytes = await forFigma(dataBlob(entry.url));
    if (bytes) found[entry.slot] = bytes;
  }
  return found;
}

function dataBlob(url: string): Blob {
  const comma = url.indexOf(',');
  const head = url.slice(5, comma);
  const body = head.endsWith(';base64') ? atob(url.slice(comma + 1)) : decodeURIComponent(url.slice(comma + 1));
  const bytes = Uint8Array.from(body, (char) => char.charCodeAt(0));
  return new Blob([bytes], { type: head.split(';')[0]! });
}
