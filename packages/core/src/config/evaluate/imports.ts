import { readFile } from 'node:fs/promises';
import path from 'node:path';

const patterns = {
  ts: /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)(['"])(\.{1,2}\/[^'"]+)\1/g,
  ncl: /\bimport\s+(")([^"]+)"/g,
  k: /^\s*import\s+(\.?)([A-Za-z0-9_.]+)/gm,
} as const;

/** Files a definition imports, transitively, with their content; package imports are left out. */
export async function importedFiles(file: string, format: 'ts' | 'ncl' | 'k'): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const pending = [file];
  while (pending.length > 0) {
    const current = pending.pop()!;
    if (found.has(current)) continue;
    const text = await readFile(current, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    found.set(current, text);
    for (const match of text.matchAll(patterns[format])) {
      const name = match[2]!;
      const target = format === 'k' ? `${name.replaceAll('.', '/')}.k` : name;
      pending.push(path.resolve(path.dirname(current), target));
    }
  }
  return found;
}
