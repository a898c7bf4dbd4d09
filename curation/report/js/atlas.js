// Pictures for the map: small ones from sheets, larger ones from the previews; both unpacked when first drawn.

const SHEETS_MOST = 24; // 4 MB each when unpacked
const LARGE_MOST = 90;

/** Bitmaps by key, made once; `null` until they are there, then `onready` is called. */
function bitmaps(most, make, onready) {
  const known = new Map();
  return (key) => {
    const entry = known.get(key);
    if (entry) {
      known.delete(key);
      known.set(key, entry);
      return entry.bitmap;
    }
    const made = { bitmap: null };
    known.set(key, made);
    make(key).then(
      (bitmap) => {
        made.bitmap = bitmap;
        onready();
      },
      () => setTimeout(() => known.delete(key), 1000),
    );
    if (known.size > most) {
      const [oldest, old] = known.entries().next().value;
      known.delete(oldest);
      old.bitmap?.close();
    }
    return null;
  };
}

function atlasOf(onready) {
  const { cell, across } = report.atlas;
  const places = column(report.atlas.places);
  const each = across * across;
  const webp = (base64) => createImageBitmap(new Blob([bytesOf(base64)], { type: "image/webp" }));
  const sheet = bitmaps(SHEETS_MOST, async (number) => webp(await block(`sheets-${number}`)), onready);
  const large = bitmaps(LARGE_MOST, async (image) => createImageBitmap(await imageBlob(image)), onready);
  return {
    /** Draws a capture whole within a square of `size` px around (x, y). False where its picture is not there (yet). */
    draw(context, capture, x, y, size, scale) {
      const place = places[capture.index];
      if (place < 0) return false;
      const fit = size / Math.max(capture.iw, capture.ih);
      const [width, height] = [Math.max(2, capture.iw * fit), Math.max(2, capture.ih * fit)];
      const box = [x - width / 2, y - height / 2, width, height];
      const fine = size * scale > cell * 1.3 ? large(capture.image) : null;
      if (fine) context.drawImage(fine, ...box);
      else {
        const small = sheet(Math.floor(place / each));
        if (!small) return false;
        const shrink = Math.min(1, cell / Math.max(capture.iw, capture.ih));
        const [w, h] = [capture.iw, capture.ih].map((v) => Math.max(1, Math.round(v * shrink)));
        const at = place % each;
        const left = (at % across) * cell + Math.floor((cell - w) / 2);
        const top = Math.floor(at / across) * cell + Math.floor((cell - h) / 2);
        context.drawImage(small, left, top, w, h, ...box);
      }
      return box;
    },
  };
}
