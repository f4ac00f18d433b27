import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';

interface Frozen {
  readonly workspace: { readonly path: string };
  readonly sdk?: string;
}

const importPatterns: Readonly<Record<string, RegExp>> = {
  '.ts': /(\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)(["'])(\.{1,2}\/[^"']+|@provisioning\/extensions-sdk)\2/g,
  '.ncl': /(\bimport\s+)(")([^"]+)"/g,
};

/**
 * Makes every reference of the copied definitions point inside the snapshot: imports and files loaded from outside the
 * workspace are copied in and the paths rewritten (03 §11.4).
 * @throws ProvisioningError `FREEZE_REFERENCE` with file and line when one cannot be made local
 */
export async function rewriteReferences(root: string, options: Frozen): Promise<void> {
  const own = path.join(root, 'workspace');
  for (const file of await definitions(own)) {
    const pattern = importPatterns[path.extname(file)];
    const text = await readFile(file, 'utf8');
    const changed =
      pattern === undefined
        ? await localFiles(text, file, root, options)
        : await localImports(text, file, pattern, root, options);
    if (changed !== text) await writeFile(file, changed);
  }
}

async function localImports(
  text: string,
  file: string,
  pattern: RegExp,
  root: string,
  options: Frozen,
): Promise<string> {
  let result = '';
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const [whole, before = '', quote = '"', target = ''] = match;
    result +=
      text.slice(end, match.index) +
      before +
      quote +
      (await localTarget(target, file, text, match.index, root, options)) +
      quote;
    end = match.index + whole.length;
  }
  return result + text.slice(end);
}

/** `load_if_exists` of TOML and YAML files. */
async function localFiles(text: string, file: string, root: string, options: Frozen): Promise<string> {
  const list = /load_if_exists\s*[=:]\s*\[([^\]]*)\]/.exec(text);
  if (list === null) return text;
  let changed = list[0];
  for (const match of list[1]!.matchAll(/(["'])([^"']+)\1/g)) {
    const target = await localTarget(match[2]!, file, text, list.index, root, options, true);
    changed = changed.replace(match[0], JSON.stringify(target));
  }
  return text.replace(list[0], () => changed);
}

async function localTarget(
  target: string,
  file: string,
  text: string,
  offset: number,
  root: string,
  options: Frozen,
  optional = false,
): Promise<string> {
  const own = path.join(root, 'workspace');
  const relative = (to: string): string => {
    const found = path.relative(path.dirname(file), to).split(path.sep).join('/');
    return found.startsWith('.') ? found : `./${found}`;
  };
  if (target === '@provisioning/extensions-sdk') {
    if (options.sdk === undefined) return target;
    const entry = ['src/index.ts', 'dist/index.js']
      .map((name) => path.join(root, 'provisioning', 'sdk', name))
      .find(existsSync);
    return entry === undefined ? target : relative(entry);
  }
  const original = path.join(options.workspace.path, path.relative(own, path.dirname(file)));
  const source = path.resolve(original, target);
  const inside = path.relative(options.workspace.path, source);
  if (!inside.startsWith('..') && !path.isAbsolute(inside)) return target;
  if (!existsSync(source)) {
    if (optional) return target;
    throw new ProvisioningError({
      code: 'FREEZE_REFERENCE',
      message: `Reference cannot be made local: ${target}`,
      hint: 'Move the file into the workspace, or remove the reference.',
      location: {
        file: path.join(original, path.basename(file)),
        line: text.slice(0, offset).split('\n').length,
      },
    });
  }
  const copy = path.join(
    root,
    'provisioning',
    'schemas',
    path.basename(path.dirname(source)),
    path.basename(source),
  );
  await mkdir(path.dirname(copy), { recursive: true, mode: 0o700 });
  await cp(source, copy);
  return relative(copy);
}

async function definitions(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await definitions(full)));
    else if (/\.(ts|ncl|toml|ya?ml)$/.test(entry.name)) found.push(full);
  }
  return found;
}
