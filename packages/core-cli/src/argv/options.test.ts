import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDuration } from './duration.ts';
import { joinBrackets, splitList } from './lists.ts';
import { type FlagShapes, normaliseOptions } from './options.ts';

const shapes: FlagShapes = {
  infra: { type: 'option', char: 'i' },
  check: { type: 'boolean', char: 'c', aliases: ['dry-run'] },
  yes: { type: 'boolean', char: 'y' },
  out: { type: 'option', char: 'o', aliases: ['format'], options: ['json', 'yaml'] },
  taskservs: { type: 'option', multiple: true },
  workspace: { type: 'option', aliases: ['ws'] },
  'keep-storage': { type: 'boolean' },
  'restore-path': { type: 'option' },
};
const read = (...tokens: string[]): string[] => normaliseOptions(tokens, shapes, 'provisioning x');

describe('options of a command line', () => {
  test('long, short, joined and negated forms mean the same', () => {
    expect(read('--infra=demo', '-cy')).toEqual(['--infra', 'demo', '--check', '--yes', '--']);
    expect(read('-idemo', '--check=false', '--no-yes')).toEqual([
      '--infra',
      'demo',
      '--no-check',
      '--no-yes',
      '--',
    ]);
    expect(read('--dry-run', '--format', 'json')).toEqual(['--check', '--out', 'json', '--']);
  });

  test('underscores read as hyphens and keepstorage as keep-storage', () => {
    expect(read('--restore_path', '/x', '--keepstorage')).toEqual([
      '--restore-path',
      '/x',
      '--keep-storage',
      '--',
    ]);
  });

  test('lists take commas, repetition, several values and brackets', () => {
    const wanted = ['--taskservs', 'a', '--taskservs', 'b', '--'];
    expect(read('--taskservs', 'a,b')).toEqual(wanted);
    expect(read('--taskservs', 'a', '--taskservs', 'b')).toEqual(wanted);
    expect(read('--taskservs', 'a', 'b')).toEqual(wanted);
    expect(read('--taskservs', '[a', 'b]')).toEqual(wanted);
    expect(read('--taskservs=[a,', 'b]')).toEqual(wanted);
    expect(read('--taskservs', '["a", "b"]')).toEqual(wanted);
    expect(read('["a"]')).toEqual(['--', '["a"]']);
  });

  test('-ws names a workspace', () => {
    expect(read('-ws', 'w:i', 'web-01')).toEqual(['--workspace', 'w:i', '--', 'web-01']);
  });

  test('a near name is offered for an unknown option', () => {
    expect(() => read('--infa', 'x')).toThrow(
      expect.objectContaining({ kind: 'usage', hint: 'Did you mean: --infra?' }),
    );
  });

  test('a missing or wrong value is a usage error', () => {
    expect(() => read('--infra')).toThrow('Option --infra needs a value');
    expect(() => read('--infra', '--check')).toThrow('needs a value');
    expect(() => read('--out', 'xml')).toThrow('Invalid value for --out: xml. Valid: json, yaml');
    expect(() => read('--check=maybe')).toThrow('Valid: true, false');
  });

  test('never throws anything but a usage error', () => {
    const token = fc.oneof(
      fc.string(),
      fc.constantFrom('--infra', '-i', '-c', '--out', '[', ']', '-ws', '--', '-', '--a=b'),
    );
    fc.assert(
      fc.property(fc.array(token), (tokens) => {
        try {
          normaliseOptions(tokens, shapes, 'x');
        } catch (error) {
          expect(error).toMatchObject({ kind: 'usage' });
        }
      }),
    );
  });
});

describe('lists and durations', () => {
  test('brackets split by the shell are joined', () => {
    expect(joinBrackets(['[containerd', 'kubernetes', 'cilium]', 'x'])).toEqual([
      'containerd,kubernetes,cilium',
      'x',
    ]);
    expect(joinBrackets(['[open'])).toEqual(['[open']);
    expect(splitList('a, b  c')).toEqual(['a', 'b', 'c']);
  });

  test.each([
    ['30min', 1800],
    ['2hr', 7200],
    ['1hr 30min', 5400],
    ['3600sec', 3600],
    ['24h', 86_400],
    ['30m', 1800],
    ['7d', 604_800],
    ['15', 15],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDuration(text, 'timeout')).toBe(seconds);
  });

  test('nonsense is refused with what was expected', () => {
    expect(() => parseDuration('soon', 'timeout')).toThrow('Invalid value for --timeout: soon');
    expect(() => parseDuration('1x', 'timeout')).toThrow('30min');
  });
});
