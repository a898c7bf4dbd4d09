// dist/main.js where there is nothing but what Figma's sandbox has: the language, `figma`, `__html__`, timers, fetch.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import { mockFigma } from './mock/figma';

const CODE = readFileSync('dist/main.js', 'utf8');

test('the bundle has nothing that the sandbox rejects', () => {
  assert.doesNotMatch(CODE, /\bimport\s*\(/);
  for (const name of ['atob', 'btoa', 'TextEncoder', 'TextDecoder', 'structuredClone', 'URL', 'document', 'window', 'XMLHttpRequest']) {
    assert.doesNotMatch(CODE, new RegExp(`(?<![\\w.$"'])${name}(?![\\w"':=])`), name);
  }
});

test('it puts, takes back and lowers a design there', async () => {
  const said: { type: string; [name: string]: unknown }[] = [];
  const mock = mockFigma({ toUI: (message) => said.push(message as { type: string }) });
  const context = createContext({ figma: mock.figma, __html__: '<p>', console, setTimeout, clearTimeout, Uint8Array });
  runInContext(CODE, context);
  const ask = async (message: unknown, until: string): Promise<{ [name: string]: unknown }> => {
    mock.send(message);
    for (let tries = 0; tries < 200; tries++) {
      const found = said.find(({ type }) => type === until || type === 'failed');
      if (found) {
        said.length = 0;
        return found;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`no ${until}`);
  };
  const text = 'col Page 300 p16 #ffffff\n t * %(Inter/Regular 16/24) #111827 "grüße 👋"\n svg 10x10 &icon\n';
  const drawings = { icon: '<svg viewBox="0 0 10 10"><path d="M0 0"/></svg>' };
  const put = await ask({ type: 'import-notation', text, images: {}, drawings, options: { colors: 'variables' } }, 'imported');
  assert.equal((put.report as { layers: number }).layers, 3);
  const taken = await ask({ type: 'export' }, 'exported');
  assert.match(String(taken.notation), /"grüße 👋"/);
  assert.deepEqual((taken.images as { mime: string }[]).map(({ mime }) => mime), ['image/svg+xml']);
  await ask({ type: 'wireframe-lower' }, 'imported');
  assert.deepEqual(mock.document.violations, []);
  assert.equal((await ask({ type: 'import-notation', text: '!!', images: {}, drawings: {}, options: { colors: 'variables' } }, 'failed')).type, 'failed');
});
