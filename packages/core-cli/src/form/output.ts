import { encode } from '../output/formats.ts';

/** Languages the values of a form are written in (01 §11). */
export const formFormats = ['nickel', 'json', 'yaml', 'toml', 'ts'] as const;
export type FormFormat = (typeof formFormats)[number];

/** Values of a form as a file. */
export async function encodeForm(values: unknown, format: FormFormat): Promise<string> {
  if (format !== 'nickel' && format !== 'ts') return encode(values, format, true);
  const { inLanguage } = await import('@provisioning/core');
  return inLanguage(values, format === 'nickel' ? 'ncl' : 'ts');
}
