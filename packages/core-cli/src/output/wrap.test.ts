import { describe, expect, test } from '@jest/globals';
import { createStyle } from './style.ts';
import { renderTable } from './table.ts';
import { wrapCell, wrapLine, wrapText } from './wrap.ts';

describe('lines for a terminal', () => {
  test('are broken between words and go on below their text', () => {
    expect(wrapLine('✗ one two three', 10)).toEqual(['✗ one two', '  three']);
    expect(wrapLine('  Needs:  one two three four', 20)).toEqual([
      '  Needs:  one two',
      '          three four',
    ]);
    expect(wrapLine('  see /a/very/long/path/that/stays', 12)).toEqual([
      '  see',
      '  /a/very/long/path/that/stays',
    ]);
    expect(wrapLine('Look at it: provisioning workflow list', 16)).toEqual([
      'Look at it:',
      'provisioning workflow list',
    ]);
    expect(wrapLine('short', 10)).toEqual(['short']);
  });

  test('colours take no room', () => {
    expect(wrapLine('\u001b[31mone\u001b[39m two', 7)).toEqual(['\u001b[31mone\u001b[39m two']);
  });

  test('stay as they are for anything but a terminal', () => {
    const terminal = { interactive: false, colour: false, redraw: false, columns: 4 };
    expect(wrapText('one two\n', terminal)).toBe('one two\n');
    expect(wrapText('one two\n', { ...terminal, interactive: true })).toBe('one\ntwo\n');
  });
});

test('a cell cuts only words that are longer than it', () => {
  expect(wrapCell('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrapCell('/path/to/file', 5)).toEqual(['/path', '/to/f', 'ile']);
});

test('a table wraps its last column before it shortens another', () => {
  const rows = [{ name: 'postgres', about: 'Relational database with replication' }];
  const columns = [
    { title: 'NAME', value: (row: (typeof rows)[0]) => row.name },
    { title: 'ABOUT', value: (row: (typeof rows)[0]) => row.about },
  ];
  const options = { columns: 36, style: createStyle(false), header: true };
  expect(renderTable(rows, columns, { ...options, fit: true })).toEqual([
    'NAME      ABOUT',
    'postgres  Relational database with',
    '          replication',
  ]);
  expect(renderTable(rows, columns, { ...options, fit: false })[1]).toBe(
    'postgres  Relational database with replication',
  );
});
