import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDocument, stringify } from 'yaml';
import { parsePlainYaml } from './plain-yaml.ts';

const full = (text: string): unknown => {
  const document = parseDocument(text, { version: '1.2', merge: true, uniqueKeys: true, stringKeys: true });
  if (document.errors.length > 0) throw new Error(document.errors[0]!.message);
  return document.toJS();
};

const key = fc.constantFrom('name', 'path', 'last_used', 'a-b', 'X1', 'null', 'true');
const leaf = fc.oneof(
  fc.constantFrom(
    '2026-11-23T12:54:00.531Z',
    '/srv/x',
    '1.0.0',
    'a:b',
    '0x1f',
    '.inf',
    '007',
    '1e3',
    '-',
    '~',
    'yes',
  ),
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.constant(null),
  fc.string({ maxLength: 6 }),
);
const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.dictionary(key, tie('node'), { maxKeys: 4 }),
    fc.array(tie('node'), { maxLength: 3 }),
  ),
})).node;

test('reads what programs write', () => {
  const registry = {
    active_workspace: 'bench',
    workspaces: [{ name: 'bench', path: '/tmp/x', last_used: '2026-11-23T12:54:00.531Z' }],
    contexts: [],
    preferences: {},
    metadata: { version: '1.0.0', count: 3, ratio: 0.5, on: true },
  };
  const text = stringify(registry);
  expect(parsePlainYaml(text)).toEqual(registry);
  expect(parsePlainYaml(text)).toEqual(full(text));
});

test('gives the same as the full parser, or gives up', () => {
  let read = 0;
  const same = (text: string): void => {
    const plain = parsePlainYaml(text);
    if (plain === undefined) return;
    read += 1;
    expect(plain).toEqual(full(text));
  };
  const record = fc.dictionary(key, value, { minKeys: 1, maxKeys: 4 });
  fc.assert(
    fc.property(record, fc.boolean(), (data, flat) => same(stringify(data, { indentSeq: !flat }))),
    {
      seed: 1,
      numRuns: 2000,
    },
  );
  const line = fc
    .tuple(
      fc.constantFrom('', ' ', '  ', '    ', '\t'),
      fc.constantFrom(
        'a: 1',
        'a:',
        'b: x',
        'b:',
        '- a',
        '- a: 1',
        '-',
        '- - a',
        '# c',
        'a: b # c',
        '',
        'a : 1',
        '? a',
        'a: "q"',
        'c: x:',
        'c: |',
        'd:x',
        'a: *x',
        '---',
        '...',
      ),
    )
    .map((parts) => parts.join(''));
  const lines = fc.array(line, { maxLength: 6 }).map((all) => all.join('\n'));
  fc.assert(fc.property(lines, same), { seed: 2, numRuns: 5000 });
  expect(read).toBeGreaterThan(250);
});
