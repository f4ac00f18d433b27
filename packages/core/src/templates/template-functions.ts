import { createHash } from 'node:crypto';
import { stringify as toToml } from 'smol-toml';
import { stringify as toYaml } from 'yaml';

type Helper = (...parameters: unknown[]) => unknown;

function text(value: unknown): string {
  return value === undefined || value === null
    ? ''
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
}

function indent(value: unknown, width: unknown): string {
  const pad = ' '.repeat(Number(width) || 0);
  return text(value)
    .split('\n')
    .map((line) => (line === '' ? line : pad + line))
    .join('\n');
}

function size(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

/** Handlebars counts an empty list as false, JavaScript doesn't. */
function truthy(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** Helpers in all Handlebars texts of the project (08 §7.1). The options record of Handlebars is cut off before. */
export const templateHelpers: Readonly<Record<string, Helper>> = {
  upper: (value) => text(value).toUpperCase(),
  lower: (value) => text(value).toLowerCase(),
  capitalize: (value) => text(value).replace(/^./, (letter) => letter.toUpperCase()),
  trim: (value) => text(value).trim(),
  replace: (value, from, to) => text(value).split(text(from)).join(text(to)),
  split: (value, separator) => text(value).split(text(separator)),
  join: (list, separator) =>
    Array.isArray(list) ? list.map(text).join(separator === undefined ? ', ' : text(separator)) : text(list),
  reverse: (value) => (Array.isArray(value) ? [...value].reverse() : [...text(value)].reverse().join('')),
  length: size,
  first: (value) => (Array.isArray(value) ? (value as unknown[])[0] : text(value)[0]),
  last: (value) => (Array.isArray(value) ? (value as unknown[]).at(-1) : text(value).at(-1)),
  default: (value, fallback) => (value === undefined || value === null || value === '' ? fallback : value),
  round: (value, digits) => Number(value).toFixed(Number(digits ?? 0) || 0),
  indent,
  nindent: (value, width) => `\n${indent(value, width)}`,
  quote: (value) => JSON.stringify(text(value)),
  toJson: (value) => JSON.stringify(value),
  toYaml: (value) => toYaml(value).trimEnd(),
  toToml: (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? toToml(value as Record<string, unknown>).trimEnd()
      : toToml({ value })
          .replace(/^value = /, '')
          .trimEnd(),
  b64enc: (value) => Buffer.from(text(value)).toString('base64'),
  b64dec: (value) => Buffer.from(text(value), 'base64').toString(),
  sha256: (value) => createHash('sha256').update(text(value)).digest('hex'),
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  gt: (a, b) => Number(a) > Number(b),
  lt: (a, b) => Number(a) < Number(b),
  and: (...values) => values.every(truthy),
  or: (...values) => values.find(truthy) ?? false,
  not: (value) => !truthy(value),
  includes: (container, value) =>
    Array.isArray(container) ? container.includes(value) : text(container).includes(text(value)),
};

/** `date "YYYY-MM-DD"`; without a format ISO 8601. The clock is given, so that a text can be rendered again. */
export function dateHelper(now: () => Date): Helper {
  return (format) => {
    const iso = now().toISOString();
    if (typeof format !== 'string') return iso;
    const parts: Record<string, string> = {
      YYYY: iso.slice(0, 4),
      MM: iso.slice(5, 7),
      DD: iso.slice(8, 10),
      HH: iso.slice(11, 13),
      mm: iso.slice(14, 16),
      ss: iso.slice(17, 19),
    };
    return format.replace(/YYYY|MM|DD|HH|mm|ss/g, (part) => parts[part]!);
  };
}
