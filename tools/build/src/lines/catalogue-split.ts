import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';

/** Taskservs every installation has (S:10060-10067); what they cannot do without comes along. */
const essential: readonly string[] = ['kubernetes', 'containerd', 'cilium'];

interface Listed {
  /** `kubernetes/kubernetes`, from the folder of the catalogue. */
  readonly folder: string;
  readonly needs: readonly string[];
}

/** Folders (`<category>/<name>`) of the catalogue that belong to the core; all others are the extensions line (11 §1). */
export function coreTaskservs(catalogue: string): ReadonlySet<string> {
  const byName = new Map<string, Listed>();
  for (const file of globSync('*/*/manifest.yaml', { cwd: catalogue })) {
    const folder = dirname(file);
    if (/^(?:clusters|templates)\//.test(file)) continue;
    const manifest = parse(readFileSync(join(catalogue, file), 'utf8')) as {
      readonly name?: string;
      readonly dependencies?: Readonly<Record<string, unknown>>;
    };
    const needs = Object.keys(manifest.dependencies ?? {});
    byName.set(manifest.name ?? basename(folder), { folder, needs });
  }
  const chosen = new Set<string>();
  const visit = (name: string): void => {
    const one = byName.get(name);
    if (one === undefined) throw new Error(`The catalogue has no taskserv ${name}`);
    if (chosen.has(one.folder)) return;
    chosen.add(one.folder);
    for (const alternatives of one.needs) {
      const names = alternatives.split('|');
      // One of several is enough; the essential one is preferred.
      const preferred = names.find((candidate) => essential.includes(candidate)) ?? names[0]!;
      if (byName.has(preferred)) visit(preferred);
    }
  };
  essential.forEach(visit);
  return chosen;
}

/** Whether a file of the catalogue package belongs to the core line. */
export function isCoreFile(path: string, core: ReadonlySet<string>): boolean {
  const [category, name] = path.split('/');
  if (name === undefined || ['templates', 'dist'].includes(category!)) return true;
  return core.has(`${category!}/${name}`);
}

/** Names of the folders of a staged catalogue that hold extensions. */
export function catalogueFolders(catalogue: string): readonly string[] {
  return globSync('*', { cwd: catalogue, withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(catalogue, entry.name)))
    .map(({ name }) => name)
    .filter((name) => !['templates', 'dist', 'node_modules', 'src'].includes(name))
    .sort();
}
