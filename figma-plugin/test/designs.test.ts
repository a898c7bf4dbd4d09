// Every design of GESSO_DESIGNS: read as Python reads it, compiled as Python compiles it, built without a fault, and read back.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compile } from '../src/compile/compile';
import { parse, print } from '../src/notation';
import { lower } from '../src/wireframe/lower';
import { readPayload } from '../src/compile/payload';
import { difference, roundTrip } from './roundtrip';

const folder = process.env.GESSO_DESIGNS ?? '';
const names = folder ? readdirSync(folder).filter((name) => name.endsWith('.gesso')).sort() : [];

test('every design is read, compiled, built and read back', { skip: folder ? false : 'no folder of designs was given' }, async () => {
  const figures = { designs: 0, layers: 0, components: 0, instances: 0, different_from_python: 0, violations: 0, mismatches: 0 };
  const faults: string[] = [];
  for (const name of names) {
    const text = readFileSync(join(folder, name), 'utf8');
    const wanted = readPayload(readFileSync(join(folder, name.replace('.gesso', '.json')), 'utf8'));
    const design = parse(text);
    const again = print(design);
    const changed = again === text ? '' : firstLine(text, again);
    const other = changed || difference(wanted, JSON.parse(JSON.stringify(compile(design))));
    const hostile = name.startsWith('generated-'); // no picture that a canvas could hold exactly
    const { violations, mismatch } = await roundTrip(wanted, figures.designs % 2 ? 'styles' : 'variables');
    figures.designs++;
    figures.layers += wanted.nodes.length;
    figures.components += wanted.components.length;
    figures.instances += wanted.nodes.filter(({ type }) => type === 'INSTANCE').length;
    figures.different_from_python += other ? 1 : 0;
    figures.violations += violations.length;
    if (!hostile) figures.mismatches += mismatch ? 1 : 0;
    if (other || violations.length || (mismatch && !hostile)) faults.push(`${name}: ${other} ${violations.slice(0, 2).join('; ')} ${hostile ? '' : mismatch}`);
    const drawn = join(folder, name.replace('.gesso', '.drawn.json'));
    if (existsSync(drawn)) {
      const found = await roundTrip(readPayload(readFileSync(drawn, 'utf8')), 'variables', false);
      figures.violations += found.violations.length;
      if (found.violations.length) faults.push(`${name} with its drawings: ${found.violations[0]}`);
    }
    const grey = await roundTrip(compile(lower(design)));
    assert.deepEqual(grey.violations, [], `${name} as a wireframe`);
  }
  console.log(`figures ${JSON.stringify(figures)}`);
  assert.deepEqual(faults.slice(0, 8), []);
  assert.ok(figures.designs > 0, `no design in ${folder}`);
});

function firstLine(a: string, b: string): string {
  const [left, right] = [a.split('\n'), b.split('\n')];
  const at = left.findIndex((line, i) => line !== right[i]);
  return `line ${at + 1}: ${left[at]} was printed as ${right[at]}`;
}
