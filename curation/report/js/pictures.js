// Pictures: blob URLs of what is on screen; the oldest are let go, so that thousands of captures cost little memory.

const painted = new Map(); // image number → URL
const PAINTED_MOST = 600;

async function imageBlob(index) {
  return new Blob([bytesOf(await item("images", index))], { type: "image/webp" });
}

async function imageUrl(index) {
  const blob = painted.has(index) ? null : await imageBlob(index);
  const url = painted.get(index) || URL.createObjectURL(blob);
  painted.delete(index);
  painted.set(index, url);
  if (painted.size > PAINTED_MOST) {
    const [oldest, old] = painted.entries().next().value;
    painted.delete(oldest);
    URL.revokeObjectURL(old);
  }
  return url;
}

/** The picture of a capture, whole, or a designed blank where there is none. */
function picture(capture, props = {}) {
  if (capture.image < 0) {
    return el("span.no-image", props, el("span", {}, capture.state === "failed" ? "no picture" : "picture not stored"));
  }
  const image = el("img", {
    alt: altText(capture),
    decoding: "async",
    draggable: "false",
    width: capture.iw,
    height: capture.ih,
    ...props,
  });
  if (painted.has(capture.image)) image.src = painted.get(capture.image);
  else
    imageUrl(capture.image).then(
      (url) => {
        image.src = url;
      },
      () => image.classList.add("unread"),
    );
  return image;
}
