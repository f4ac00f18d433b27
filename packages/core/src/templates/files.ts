import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { parseDocument } from '../config/document.ts';
import { definitionFile } from '../infra/definition-files.ts';
import { treeFiles } from '../extensions/tree.ts';
import type { AppliedFile, AppliedTemplate } from './applied.ts';
import { addMissing } from './merge-file.ts';
import type { Template } from './metadata.ts';
import { renderText } from './render.ts';

/** A file that applying a template would write. */
export interface PlannedFile {
  /** Below the infrastructure. */
  readonly path: string;
  readonly action: AppliedFile['action'];
  readonly content: string;
  /** The file is the template's alone: removing the template may remove it. */
  readonly ours?: boolean;
}

const data = /\.(toml|ya?ml|json)$/;
const program = /\.(ts|ncl|k)$/;

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Renders the files of a template chain and compares them with what is there (08 §7.4.5). Nothing is written.
 * @param previous record of an earlier application: files that the user removed since stay removed, changed ones keep
 * their changes.
 */
export async function planFiles(
  chain: readonly Template[],
  infraPath: string,
  variables: Readonly<Record<string, unknown>>,
  previous: AppliedTemplate | undefined,
): Promise<PlannedFile[]> {
  const rendered = new Map<string, string>();
  for (const { filesFolder } of chain) {
    if (filesFolder === undefined) continue;
    for (const name of await treeFiles(filesFolder)) {
      const file = join(filesFolder, name);
      const source = await readFile(file, 'utf8');
      const text = name.endsWith('.hbs') ? await renderText(source, file, variables) : source;
      rendered.set(name.replace(/\.hbs$/, ''), text);
    }
  }
  const planned: PlannedFile[] = [];
  for (const [path, text] of [...rendered].sort(([a], [b]) => (a < b ? -1 : 1))) {
    planned.push(await planFile(infraPath, path, text, previous));
  }
  return planned;
}

async function planFile(
  infraPath: string,
  path: string,
  text: string,
  previous: AppliedTemplate | undefined,
): Promise<PlannedFile> {
  const target = await existingTarget(infraPath, path);
  const current =
    target === undefined ? undefined : await readFile(join(infraPath, target), 'utf8').catch(() => undefined);
  const known = previous?.files.find((file) => file.path === (target ?? path));
  if (target === undefined || current === undefined) {
    const isRemoved = known !== undefined && known.action !== 'proposed';
    return { path, action: isRemoved ? 'unchanged' : 'created', content: isRemoved ? '' : text };
  }
  if (current === text) return { path: target, action: 'unchanged', content: current };
  if (
    known !== undefined &&
    known.sha256 === sha256(current) &&
    known.action === 'created' &&
    target === path
  ) {
    return { path, action: 'updated', content: text, ours: true };
  }
  if (program.test(target)) return { path: `${target}.template-new`, action: 'proposed', content: text };
  if (data.test(target) && data.test(path)) {
    const content = addMissing(current, target, parseDocument(text, path).value);
    return { path: target, action: content === current ? 'unchanged' : 'updated', content };
  }
  return { path: target, action: 'unchanged', content: current };
}

/** The file that says the same in this infrastructure, in whatever format it is written. */
async function existingTarget(infraPath: string, path: string): Promise<string | undefined> {
  const folder = dirname(path);
  const base = path.slice(folder === '.' ? 0 : folder.length + 1, -extname(path).length || undefined);
  if (data.test(path)) {
    const file = await definitionFile(join(infraPath, folder), base);
    if (file !== undefined) return join(folder, file.slice(join(infraPath, folder).length + 1));
  }
  return readFile(join(infraPath, path)).then(
    () => path,
    () => undefined,
  );
}
