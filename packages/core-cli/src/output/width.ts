import { stripVTControlCharacters } from 'node:util';

/** Visible width of a text; wide characters of East Asian scripts take two cells. */
export function width(text: string): number {
  let cells = 0;
  for (const character of stripVTControlCharacters(text)) cells += isWide(character.codePointAt(0)!) ? 2 : 1;
  return cells;
}

function isWide(code: number): boolean {
  return (
    code >= 0x1100 &&
    (code <= 0x115f ||
      (code >= 0x2e80 && code <= 0xa4cf) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xfe30 && code <= 0xfe6f) ||
      (code >= 0xff00 && code <= 0xff60) ||
      (code >= 0x1f300 && code <= 0x1faff) ||
      (code >= 0x20000 && code <= 0x3fffd))
  );
}
