// src → dist/main.js and dist/ui.html, the two files that manifest.json names.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const options = { bundle: true, write: false, minify: true, legalComments: 'none', logLevel: 'warning', charset: 'ascii' };
const bundle = async (entry, more) => (await build({ ...options, ...more, entryPoints: [entry] })).outputFiles[0].text;

const main = await bundle('src/main.ts', { format: 'iife', target: 'es2020', tsconfig: 'tsconfig.json' });
if (/\bimport\s*\(/.test(main)) throw new Error('dist/main.js has the text "import (", which the sandbox rejects');
const script = await bundle('src/ui/ui.ts', { format: 'iife', target: 'es2022', tsconfig: 'tsconfig.ui.json' });
if (/<\/script/i.test(script)) throw new Error('the UI script would end its own element');
const style = await bundle('src/ui/ui.css', { loader: { '.css': 'css' } });
const page = readFileSync('src/ui/ui.html', 'utf8').replace('/*STYLE*/', () => style).replace('/*SCRIPT*/', () => script);

mkdirSync('dist', { recursive: true });
writeFileSync('dist/main.js', main);
writeFileSync('dist/ui.html', page);
console.log(`dist/main.js ${(main.length / 1024).toFixed(0)} kB, dist/ui.html ${(page.length / 1024).toFixed(0)} kB`);
