import { describe, expect, test } from '@jest/globals';
import { TomlSyntaxError, parseToml } from './toml.ts';

const offsetOf = (text: string): number => {
  try {
    parseToml(text);
  } catch (error) {
    if (error instanceof TomlSyntaxError) return error.offset;
    throw error;
  }
  return -1;
};

describe('TOML 1.0', () => {
  test('reads tables, lists of tables, dotted keys and every kind of value', () => {
    const value = parseToml(`
title = "a\\tb" # comment
[owner]
name.first = 'Tom'
dob = 1979-05-27 07:32:00Z
[[servers]]
ports = [ 1, 0x10, 0o7, 0b11, 1_000, ]
load = -0.5e2
[servers.network]
public = true
[[servers]]
text = """
one \\
   two"""
point = { x = 1, y.z = 2 }
`);
    expect(value).toEqual({
      title: 'a\tb',
      owner: { name: { first: 'Tom' }, dob: '1979-05-27T07:32:00Z' },
      servers: [
        { ports: [1, 16, 7, 3, 1000], load: -50, network: { public: true } },
        { text: 'one two', point: { x: 1, y: { z: 2 } } },
      ],
    });
  });

  test.each([
    ['a key defined twice', 'a = 1\na = 2', 6],
    ['a table defined twice', '[a]\n[a]', 4],
    ['an inline table over two lines, which is TOML 1.1', 'a = {\n b = 1 }', 5],
    ['a date that does not exist', 'a = 2023-02-29', 4],
    ['an integer that JavaScript would round', 'a = 9007199254740993', 4],
    ['an unclosed string', 'a = "b', 4],
    ['a bare word', 'a = yes', 4],
    ['a control character', 'a = "\u0001"', 5],
  ])('refuses %s and says where', (_name, text, offset) => {
    expect(offsetOf(text)).toBe(offset);
  });

  test('keeps __proto__ an ordinary key', () => {
    const value = parseToml('[__proto__]\nadmin = true');
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });
});
