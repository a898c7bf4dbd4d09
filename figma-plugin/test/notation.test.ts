import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NotationError, parse, print, repair } from '../src/notation';
import { rounded } from '../src/tree';

const CARD = 'col Card 300 p16\n t %(Inter/Bold 16/24) #111827 "Hi"\n';

test('an error says where it is', () => {
  assert.throws(() => parse('col Card\n t #nope "a"\n'), (error: unknown) => error instanceof NotationError && error.line === 2 && error.column === 4);
});

test('what is too deep, too far in, or twice is refused with its line', () => {
  assert.throws(() => parse('col\n   t "a"\n'), /line 2/);
  assert.throws(() => parse('col 10 20\n'), /each attribute once/);
  assert.throws(() => parse(Array.from({ length: 300 }, (_, i) => ' '.repeat(i) + 'col').join('\n')), /at most 256 levels/);
});

test('one bad line is left out, and no more than that', () => {
  const { design, errors } = repair('col Card\n t #zz "kept"\n t "also"\n%%%\n');
  assert.deepEqual(design.roots[0]!.children.map((child) => child.runs[0]?.text), ['kept', 'also']);
  assert.equal(errors.length, 2);
});

test('spelled keys read as short ones, and print short', () => {
  assert.equal(print(parse('column name=Card width=300 padding=16\n text style=%(Inter/Bold 16/24) fill=#111827 text="Hi"\n')), CARD);
});

test('a component that holds itself is an empty box', () => {
  const [component] = parse('+Loop col\n Loop\n').components;
  assert.equal(component!.root.children[0]!.kind, 'box');
});

test('numbers are rounded as Python rounds them', () => {
  assert.deepEqual([0.125, 0.375, 2.675, -0.125, 1.005].map((value) => rounded(value, 2)), [0.12, 0.38, 2.67, -0.12, 1]);
  assert.deepEqual([0.5, 1.5, 2.5].map((value) => rounded(value, 0)), [0, 2, 2]);
});

test('any text is notation or an error that says where', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('', 'col ', 't ', '$ ', '% a ', '+A '), (text, lead) => {
    try {
      parse(lead + text);
    } catch (error) {
      assert.ok(error instanceof NotationError, String(error));
    }
    assert.doesNotThrow(() => print(repair(lead + text).design));
  }), { numRuns: 150 });
});

test('any text of a layer comes back as it was', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
    const once = parse(`t ${JSON.stringify(text).replace(/\\[bfru/].{0,4}/g, '')}\n`);
    assert.equal(print(parse(print(once))), print(once));
  }), { numRuns: 100 });
});
