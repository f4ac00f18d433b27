import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { docsFolder } from '../guide/locate.ts';

/** What is known about one kind of trouble (24 §7). */
export interface Trouble {
  readonly id: string;
  readonly title: string;
  readonly match: { readonly codes?: readonly string[]; readonly patterns?: readonly string[] };
  readonly symptoms: readonly string[];
  /** Commands that show the cause. */
  readonly diagnose: readonly string[];
  readonly solutions: readonly { readonly title: string; readonly steps: readonly string[] }[];
  /** Page of the documentation that says more. */
  readonly page: string;
}

/** The catalogue that came with the program; empty in a damaged installation. */
export async function readTroubles(): Promise<readonly Trouble[]> {
  const folder = docsFolder();
  if (folder === undefined) return [];
  const text = await readFile(join(folder, 'troubleshooting', 'catalog.yaml'), 'utf8').catch(() => '[]');
  const { parse } = await import('yaml');
  return parse(text) as Trouble[];
}

/** The entry of an error code. */
export function troubleOfCode(troubles: readonly Trouble[], code: string): Trouble | undefined {
  return troubles.find(({ match }) => match.codes?.includes(code));
}

/** The entry that fits a text best: one of its codes stands in it, else the one whose pattern covers most of it. */
export function troubleOfText(troubles: readonly Trouble[], text: string): Trouble | undefined {
  for (const [word] of text.matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g)) {
    const found = troubleOfCode(troubles, word);
    if (found !== undefined) return found;
  }
  let best: Trouble | undefined;
  let covered = 0;
  for (const trouble of troubles) {
    for (const pattern of trouble.match.patterns ?? []) {
      const length = new RegExp(pattern, 'i').exec(text)?.[0].length ?? 0;
      if (length > covered) [best, covered] = [trouble, length];
    }
  }
  return best;
}
