// The plugin's window. Whatever comes from a file, a server or the canvas is shown as text, never as markup.
import type { ToMain, ToUI } from '../messages';
import { SECTIONS } from '../wireframe/blocks';
import { forFigma, inlined } from './pictures';
import { ServerError, fetchDesign, listDesigns } from './server';
import { SKETCHES } from './sketches';

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const source = element<HTMLTextAreaElement>('source');
const address = element<HTMLInputElement>('address');
const token = element<HTMLInputElement>('token');
let pictures: Record<string, Uint8Array> = {};
let drawings: Record<string, string> = {};
let exported: Extract<ToUI, { type: 'exported' }> | null = null;

function send(message: ToMain): void {
  parent.postMessage({ pluginMessage: message }, '*');
}

// ---- tabs

const tabs = [...document.querySelectorAll<HTMLButtonElement>('[role="tab"]')];
function show(tab: HTMLButtonElement): void {
  for (const one of tabs) {
    const chosen = one === tab;
    one.setAttribute('aria-selected', String(chosen));
    one.tabIndex = chosen ? 0 : -1;
    element(one.getAttribute('aria-controls')!).hidden = !chosen;
  }
}
for (const [index, tab] of tabs.entries()) {
  tab.onclick = () => (show(tab), (element('report').hidden = true));
  tab.onkeydown = ({ key }) => {
    const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
    const next = tabs[(index + step + tabs.length) % tabs.length]!;
    if (step) (show(next), next.focus());
  };
}

// ---- what is said

function working(what: string, done: number, of: number): void {
  element('working').hidden = false;
  element('report').hidden = true;
  element('what').textContent = of > 1 ? `${what}: ${done} of ${of}` : `${what} …`;
  const bar = element<HTMLProgressElement>('progress');
  if (of > 1) bar.value = done / of;
  else bar.removeAttribute('value');
  lock(true);
}

function say(answer: string, notes: readonly string[] = [], failed = false): void {
  element('working').hidden = true;
  const report = element('report');
  report.hidden = false;
  report.classList.toggle('failed', failed);
  element('answer').textContent = answer;
  element('notes').replaceChildren(...notes.map((note) => item(note)));
  lock(false);
}

function item(text: string): HTMLLIElement {
  const made = document.createElement('li');
  made.textContent = text;
  return made;
}

let selected = 0;
function lock(busy: boolean): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('main button')) {
    button.disabled = busy || (button.classList.contains('needs-selection') && selected === 0);
  }
}

const count = (number: number, what: string): string => `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;

// ---- import

const radio = (name: string): string => document.querySelector<HTMLInputElement>(`input[name="${name}"]:checked`)!.value;

async function put(text: string): Promise<void> {
  if (!text.trim()) return say('There is nothing to put: paste notation, or open a file.', [], true);
  const options = { colors: radio('colors') as 'variables' | 'styles' };
  if (!text.trimStart().startsWith('{')) return send({ type: 'import-notation', text, images: pictures, drawings, options });
  working('Reading pictures', 0, 1);
  let payload: unknown = null;
  try {
    payload = JSON.parse(text);
  } catch {
    // the main thread says what is wrong with it
  }
  send({ type: 'import-payload', text, images: { ...(await inlined(payload)), ...pictures }, options });
}
element('put').onclick = () => void put(source.value);

async function read(files: readonly File[]): Promise<void> {
  const unread: string[] = [];
  for (const file of files) {
    const slot = file.name.replace(/\.[^.]*$/, '').toLowerCase().replace(/[^a-z0-9_-]+/g, '-');
    if (file.type === 'image/svg+xml') drawings[slot] = inert(await file.text());
    else if (file.type.startsWith('image/')) {
      const bytes = await forFigma(file);
      if (bytes) pictures[slot] = bytes;
      else unread.push(`${file.name} is no picture that this browser reads`);
    } else source.value = await file.text();
  }
  const names = [...Object.keys(pictures), ...Object.keys(drawings)];
  const note = element('files');
  note.hidden = !names.length;
  note.textContent = names.length ? `Pictures for ${names.map((name) => '&' + name).join(', ')}` : '';
  if (unread.length) say('Not everything could be read.', unread, true);
}

/** A drawing without what could act. */
function inert(text: string): string {
  const page = new DOMParser().parseFromString(text, 'image/svg+xml');
  page.querySelectorAll('script, foreignObject, iframe, a, animate, set').forEach((node) => node.remove());
  for (const node of page.querySelectorAll('*')) {
    for (const { name, value } of [...node.attributes]) if (/^on/i.test(name) || (/href$/i.test(name) && !value.startsWith('#'))) node.removeAttribute(name);
  }
  return new XMLSerializer().serializeToString(page.documentElement);
}

const file = element<HTMLInputElement>('file');
file.onchange = () => void read([...(file.files ?? [])]).then(() => (file.value = ''));
element('open').onkeydown = ({ key }) => void ((key === 'Enter' || key === ' ') && file.click());
document.ondragover = (event) => (event.preventDefault(), document.body.classList.add('dropping'));
document.ondragleave = () => document.body.classList.remove('dropping');
document.ondrop = (event) => {
  event.preventDefault();
  document.body.classList.remove('dropping');
  show(tabs[0]!);
  void read([...(event.dataTransfer?.files ?? [])]);
};

element('list').onclick = async () => {
  const list = element('designs');
  list.replaceChildren(item('Asking …'));
  try {
    const found = await listDesigns(address.value, token.value);
    send({ type: 'remember', server: address.value, token: token.value });
    list.replaceChildren(...found.map(({ name, title }) => offer(name, title)));
    if (!found.length) list.replaceChildren(item('There is no design yet: gesso export, or gesso generate, makes one.'));
  } catch (error) {
    list.replaceChildren();
    say(error instanceof ServerError ? error.message : String(error), [], true);
  }
};

function offer(name: string, title: string): HTMLLIElement {
  const row = document.createElement('li');
  const button = document.createElement('button');
  button.className = 'button';
  button.textContent = title;
  button.onclick = async () => {
    try {
      working('Fetching the design', 0, 1);
      await put(await fetchDesign(address.value, token.value, name));
    } catch (error) {
      say(error instanceof ServerError ? error.message : String(error), [], true);
    }
  };
  row.append(button);
  return row;
}

// ---- export

element('export-selection').onclick = () => send({ type: 'export' });
element('copy').onclick = () => {
  element<HTMLTextAreaElement>('notation').select();
  document.execCommand('copy');
  say('Copied.');
};
element('save').onclick = () => exported && download(new Blob([exported.notation], { type: 'text/plain' }), 'design.gesso');
element('pictures').onclick = () => {
  for (const { slot, bytes, mime } of exported?.images ?? []) {
    download(new Blob([new Uint8Array(bytes)], { type: mime }), slot + (mime === 'image/svg+xml' ? '.svg' : '.png'));
  }
};

function download(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// ---- wireframe

for (const section of SECTIONS) {
  const button = document.createElement('button');
  const label = document.createElement('span');
  label.textContent = section[0]!.toUpperCase() + section.slice(1);
  button.innerHTML = `<svg viewBox="0 0 64 32" aria-hidden="true">${SKETCHES[section]}</svg>`; // our own constants
  button.append(label);
  button.onclick = () => send({ type: 'wireframe-insert', section, phone: radio('width') === 'phone' });
  element('sections').append(button);
}
element('lower').onclick = () => send({ type: 'wireframe-lower' });
element('for-generator').onclick = () => send({ type: 'wireframe-export' });
element('cancel').onclick = () => send({ type: 'cancel' });

// ---- what the main thread says

function hear(message: ToUI): void {
  switch (message.type) {
    case 'settings':
      address.value = message.server;
      token.value = message.token;
      return;
    case 'selection': {
      selected = message.count;
      const more = message.count - message.names.length;
      const text = message.count ? `Selected: ${message.names.join(', ')}${more > 0 ? ` and ${more} more` : ''}` : 'Select a frame on the canvas first.';
      for (const line of document.querySelectorAll('.selection')) line.textContent = text;
      lock(!element('working').hidden);
      return;
    }
    case 'progress':
      return working(message.what, message.done, message.of);
    case 'imported': {
      const { layers, instances, components, styles, images, approximated } = message.report;
      const parts = [count(layers, 'layer'), components && count(components, 'component'), instances && count(instances, 'instance'),
        styles && count(styles, 'new style'), images && count(images, 'picture')].filter(Boolean);
      const tail = approximated.length ? ' Not quite as it was:' : '';
      return say(`On the canvas: ${parts.join(', ')}. One undo takes it off.${tail}`, approximated);
    }
    case 'exported': {
      exported = message;
      if (message.wireframe) show(tabs[1]!);
      element('exported').hidden = false;
      element<HTMLTextAreaElement>('notation').value = message.notation;
      element('pictures').hidden = !message.images.length;
      const lines = message.notation.split('\n').length - 1;
      return say(`${count(lines, 'line')} of notation.${message.notes.length ? ' Not quite as it was:' : ''}`, message.notes);
    }
    case 'failed':
      return say(message.text, [], true);
  }
}
window.onmessage = ({ data }: MessageEvent<{ pluginMessage?: ToUI }>) => void (data?.pluginMessage && hear(data.pluginMessage));
send({ type: 'ready' });
