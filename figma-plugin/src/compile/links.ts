// What may be followed or drawn, as design/to/links.py and design/to/safe.py have it.
const LINK = /^(?:https?:\/\/|mailto:|tel:)[^\s"'<>\\\u0000-\u001f\u007f]+$/i;
const DATA_IMAGE = /^data:image\/(?:png|jpeg|jpg|gif|webp|avif|bmp|x-icon|svg\+xml)[;,]/i;

/** The address where it is a web page, a mail address or a telephone number, null for anything else. */
export function safeLink(url: string): string | null {
  const found = url.trim().replace(/ /g, '%20');
  return LINK.test(found) ? found : null;
}

/** An inlined image, or null: the plugin fetches no picture. */
export function inlinedImage(url: string): string | null {
  return DATA_IMAGE.test(url) ? url : null;
}
