import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileExpression, namesIn } from './expression.ts';

const names = {
  memory_gb: 8,
  cpu_cores: 4,
  enable_backup: true,
  name: 'web-01',
  tags: { env: 'prod' },
  list: ['a'],
};
const value = (source: string): unknown => compileExpression(source, 'test')(names);

describe('expressions of forms and filters', () => {
  test.each([
    ['memory_gb >= cpu_cores * 2', true],
    ['memory_gb > cpu_cores * 2', false],
    ['enable_backup == true', true],
    ['!enable_backup || name =~ "^web-"', true],
    ['name in ["db-01", "web-01"]', true],
    ['tags.env == "prod" && (1 + 2) * 3 == 9', true],
    ['-2 + 10 / 5 == 0', true],
    ['missing == null', true],
    ['missing > 3', false],
    ['constructor == null', true],
    ["name == 'web-01'", true],
    ['"a" + 1', 'a1'],
  ])('%s is %s', (source, wanted) => {
    expect(value(source)).toEqual(wanted);
  });

  test('names in an expression are found once each', () => {
    expect(namesIn('a + b.c == a', 'test')).toEqual(['a', 'b.c']);
  });

  test.each(['', '1 +', '(1', 'a b', 'f(1)', '1 = 2', '[1', 'a == @'])(
    '%s is refused with its place',
    (source) => {
      expect(() => value(source)).toThrow(
        expect.objectContaining({ code: 'INVALID_EXPRESSION', kind: 'usage' }),
      );
    },
  );

  test('anything either compiles and runs, or is a usage error', () => {
    const token = fc.constantFrom(
      'a',
      '1',
      '"x"',
      '+',
      '-',
      '==',
      '&&',
      '!',
      '(',
      ')',
      '[',
      ']',
      'in',
      ',',
      '=~',
      ' ',
      '\\',
      '"',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(token, { maxLength: 30 }).map((parts) => parts.join('')),
        ),
        (source) => {
          try {
            compileExpression(source, 'test')({ a: 1 });
          } catch (error) {
            expect(error).toMatchObject({ code: 'INVALID_EXPRESSION' });
          }
        },
      ),
    );
  });

  test('deep nesting is refused, not a crash', () => {
    expect(() => value('('.repeat(100_000))).toThrow('nested too deep');
    expect(() => value('-'.repeat(100_000))).toThrow('nested too deep');
  });
});

test('a field of a form may have dots in its name', () => {
  const other = compileExpression('installation.mode != "solo"', 'visible_if');
  expect(other({ 'installation.mode': 'solo' })).toBe(false);
  expect(other({ installation: { mode: 'solo' } })).toBe(false);
  expect(other({ 'installation.mode': 'cicd' })).toBe(true);
});
