import { stringify } from 'yaml';
import { parseToml } from '../config/formats/toml.ts';

/** Languages `workspace init --format` writes (03 §4.1). */
export type WorkspaceFormat = 'toml' | 'yaml' | 'ts' | 'ncl';

/** Generated files in another language: the main file and the definitions are converted, everything else stays. */
export function inFormat(
  files: Readonly<Record<string, string>>,
  format: WorkspaceFormat,
): Record<string, string> {
  if (format === 'toml') return { ...files };
  return Object.fromEntries(
    Object.entries(files).map(([file, text]) => {
      const converted = /^(config\/provisioning|infra\/.+)\.toml$/.test(file);
      return converted ? [file.replace(/\.toml$/, `.${format}`), convert(text, format)] : [file, text];
    }),
  );
}

/** TOML as another language; only the comment at the top is kept. */
export function convert(text: string, format: Exclude<WorkspaceFormat, 'toml'>): string {
  const comment = /^(?:#.*\n)+/.exec(text)?.[0] ?? '';
  const marked = format === 'ts' ? comment.replaceAll(/^#/gm, '//') : comment;
  return marked + inLanguage(parseToml(text), format);
}

/** Data as a file of a language that definitions can be written in. */
export function inLanguage(value: unknown, format: Exclude<WorkspaceFormat, 'toml'>): string {
  if (format === 'yaml') return stringify(value);
  if (format === 'ncl') return `${nickel(value, '')}\n`;
  return `export default ${JSON.stringify(value, null, 2)};\n`;
}

function nickel(value: unknown, indent: string): string {
  if (Array.isArray(value)) return `[${value.map((item) => nickel(item, indent)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value).replaceAll('%{', '\\u{25}{');
  const lines = Object.entries(value).map(
    ([key, item]) =>
      `${indent}  ${/^[a-z_][a-z0-9_]*$/.test(key) ? key : JSON.stringify(key)} = ${nickel(item, `${indent}  `)},\n`,
  );
  return `{\n${lines.join('')}${indent}}`;
}
