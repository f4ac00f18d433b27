/** Colours that name a meaning, not a hue; each returns the text untouched where there is no colour. */
export interface Style {
  readonly colour: boolean;
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  note(text: string): string;
  dim(text: string): string;
  strong(text: string): string;
  /** `✓` or `ok:` and so on (rulings §9). */
  mark(kind: MarkKind): string;
}

export type MarkKind = 'ok' | 'error' | 'warning' | 'info' | 'active' | 'inactive';

const marks: Readonly<Record<MarkKind, readonly [symbol: string, word: string]>> = {
  ok: ['✓', 'ok:'],
  error: ['✗', 'error:'],
  warning: ['⚠', 'warning:'],
  info: ['ℹ', 'info:'],
  active: ['●', '*'],
  inactive: ['○', '-'],
};

const codes = { good: 32, bad: 31, warn: 33, note: 36, dim: 2, strong: 1 } as const;
const markColours = {
  ok: 'good',
  error: 'bad',
  warning: 'warn',
  info: 'note',
  active: 'good',
  inactive: 'dim',
} as const;

/** The style for a terminal with or without colour. */
export function createStyle(colour: boolean): Style {
  const paint = (name: keyof typeof codes) => (text: string) =>
    colour && text !== '' ? `\u001b[${codes[name]}m${text}\u001b[${codes[name] < 10 ? 22 : 39}m` : text;
  const style = {
    colour,
    good: paint('good'),
    bad: paint('bad'),
    warn: paint('warn'),
    note: paint('note'),
    dim: paint('dim'),
    strong: paint('strong'),
  };
  return { ...style, mark: (kind) => (colour ? style[markColours[kind]](marks[kind][0]) : marks[kind][1]) };
}
