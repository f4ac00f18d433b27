import { compare, type ExtensionRecord } from './records.ts';

/** Records that match, best first: exact name, prefix, part of the name, tag, description; then by name (10 §2). */
export function rank(records: readonly ExtensionRecord[], query: string): readonly ExtensionRecord[] {
  const wanted = query.toLowerCase();
  const glob = /[*?]/.test(query) ? globPattern(wanted) : undefined;
  return records
    .flatMap((record) => {
      const place = placeOf(record, wanted, glob);
      return place === undefined ? [] : [{ record, place }];
    })
    .sort((a, b) => a.place - b.place || compare(a.record.name, b.record.name))
    .map(({ record }) => record);
}

function globPattern(glob: string): RegExp {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}

function placeOf(record: ExtensionRecord, wanted: string, glob: RegExp | undefined): number | undefined {
  const name = record.name.toLowerCase();
  if (glob !== undefined) return glob.test(name) ? 0 : undefined;
  if (name === wanted) return 0;
  if (name.startsWith(wanted)) return 1;
  if (name.includes(wanted)) return 2;
  if (record.tags.some((tag) => tag.toLowerCase().includes(wanted))) return 3;
  return record.description.toLowerCase().includes(wanted) ? 4 : undefined;
}
