// Bundles the tests and runs them: `node test/run.mjs [FOLDER of designs]`. Ends with one line of JSON for a machine.
import { readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { build } from 'esbuild';

const folder = process.argv[2] ?? '';
let errors = 0;
for (const project of ['tsconfig.json', 'tsconfig.ui.json', 'tsconfig.test.json']) {
  const done = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project], { encoding: 'utf8' });
  const found = (done.stdout.match(/error TS\d+/g) ?? []).length;
  errors += found || (done.status ? 1 : 0);
  if (done.status) process.stdout.write(done.stdout + done.stderr);
}
const tests = readdirSync('test').filter((name) => name.endsWith('.test.ts'));
await build({
  entryPoints: tests.map((name) => `test/${name}`), outdir: 'build/test', outExtension: { '.js': '.mjs' }, bundle: true, platform: 'node',
  format: 'esm', logLevel: 'warning', sourcemap: 'inline', tsconfig: 'tsconfig.test.json',
});
const bundles = tests.map((name) => `build/test/${name.replace(/\.ts$/, '.mjs')}`);
const run = spawnSync(process.execPath, ['--enable-source-maps', '--test', '--test-reporter=spec', ...bundles], {
  stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, GESSO_DESIGNS: folder && resolve(folder) }, encoding: 'utf8', maxBuffer: 1 << 28,
});
process.stdout.write(run.stdout);
const found = JSON.parse(/figures (\{.*\})/.exec(run.stdout)?.[1] ?? '{}');
console.log(JSON.stringify({ typescript_errors: errors, ...found, tests: run.status === 0 ? 'passed' : 'failed' }));
process.exit(errors || run.status ? 1 : 0);
