// The Gesso server of this machine. No other is asked, whatever stands in the field.

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const MAX_BYTES = 100_000_000;

export interface Offered {
  name: string;
  title: string;
}

export class ServerError extends Error {}

export function addressOf(text: string): string {
  let url: URL;
  try {
    url = new URL(text.trim() || 'http://localhost:8766');
  } catch {
    throw new ServerError('This is no address: write http://localhost:8766, as the server prints it.');
  }
  if (url.protocol !== 'http:' || !LOOPBACK.has(url.hostname)) throw new ServerError('Only a server on this machine is asked: http://localhost and a port.');
  return url.origin;
}

/** What a refusal says of itself, as text of a bearable length. */
async function reason(answer: Response): Promise<string> {
  const said: unknown = await answer.json().catch(() => null);
  const error = (said as { error?: unknown } | null)?.error;
  return typeof error === 'string' ? ` It says: ${error.slice(0, 300)}` : '';
}

async function get(address: string, path: string, token: string): Promise<string> {
  let answer: Response;
  try {
    answer = await fetch(addressOf(address) + path, { headers: token ? { Authorization: `Bearer ${token}` } : {}, credentials: 'omit', redirect: 'error' });
  } catch (error) {
    if (error instanceof ServerError) throw error;
    throw new ServerError(`Nobody answers at ${addressOf(address)}: start the server, and allow its port in manifest.json.`);
  }
  if (answer.status === 401 || answer.status === 403) throw new ServerError('The server wants its token: copy it from the line that it printed.');
  if (!answer.ok) throw new ServerError(`The server answers ${answer.status} for ${path}.${await reason(answer)}`);
  if (Number(answer.headers.get('content-length') ?? 0) > MAX_BYTES) throw new ServerError('The design is over 100 MB: export it to a file.');
  return answer.text();
}

export async function listDesigns(address: string, token: string): Promise<Offered[]> {
  let found: unknown;
  try {
    found = JSON.parse(await get(address, '/figma/designs', token));
  } catch (error) {
    if (error instanceof ServerError) throw error;
    throw new ServerError('This is no Gesso server: it answers something else.');
  }
  if (!Array.isArray(found)) throw new ServerError('This is no Gesso server: it answers something else.');
  return found.filter((entry): entry is Offered => typeof entry?.name === 'string').map(({ name, title }) => ({ name, title: String(title || name) }));
}

export function fetchDesign(address: string, token: string, name: string): Promise<string> {
  return get(address, `/figma/designs/${encodeURIComponent(name)}`, token);
}
