import type { OutputFormat } from '../argv/global-options.ts';

export type MachineFormat = Extract<OutputFormat, 'json' | 'yaml' | 'toml'>;

export function isMachineFormat(format: OutputFormat): format is MachineFormat {
  return format === 'json' || format === 'yaml' || format === 'toml';
}

/**
 * One document in a machine format, with a newline at its end (01 §5.2). Lists are bare arrays; TOML has no bare
 * arrays, so they stand under `items`. TOML has no null either: such keys are left out.
 */
export async function encode(value: unknown, format: MachineFormat, pretty: boolean): Promise<string> {
  if (format === 'json') return `${JSON.stringify(value, null, pretty ? 2 : 0) ?? 'null'}\n`;
  const plain: unknown = JSON.parse(JSON.stringify(value) ?? 'null');
  if (format === 'yaml') {
    const { stringify } = await import('yaml');
    return stringify(plain);
  }
  const { stringify } = await import('smol-toml');
  const isTable = typeof plain === 'object' && plain !== null && !Array.isArray(plain);
  const document = withoutNulls(isTable ? plain : Array.isArray(plain) ? { items: plain } : { value: plain });
  const text = stringify(document as Record<string, unknown>);
  return text.endsWith('\n') ? text : `${text}\n`;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((entry) => entry !== null).map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== null)
      .map(([key, entry]) => [key, withoutNulls(entry)]),
  );
}
