// What a layer keeps of the notation because Figma has no place for it.

export interface LayerData {
  role?: string;
  bind?: string;
  shown?: string;
  raw?: string;
  link?: string;
  kind?: string;
  slot?: string;
  ratio?: string;
  use?: string;
}

export const DATA = 'gesso';
export const IMAGES = 'gesso-images'; // of a layer's paints, in their order
export const TOKENS = 'gesso-tokens'; // of a whole design, on its frame

/** Anybody can write plugin data of a development plugin: what is no text is not there. */
export function dataOf(layer: { getPluginData(key: string): string }): LayerData {
  return readJson(layer.getPluginData(DATA), (value): value is LayerData => typeof value === 'object' && value !== null && Object.values(value).every((v) => typeof v === 'string')) ?? {};
}

export function readJson<T>(text: string, test: (value: unknown) => value is T): T | null {
  if (!text) return null;
  try {
    const value: unknown = JSON.parse(text);
    return test(value) ? value : null;
  } catch {
    return null;
  }
}
