import { writeFileAtomic } from '@provisioning/core';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import semver from 'semver';
import { parseRange } from '../extension/package-manifest.ts';
import type { DependencyBlock } from './workspace-block.ts';

/**
 * Sets the version of a module in the workspace's own file; nothing but that string changes, and a range that the version
 * fits stays (09 §10 `dep update`).
 * @returns `same` when the file already allows the version.
 * @throws ProvisioningError `MODULE_NOT_FOUND`, exit 5; `MODULE_NOT_EDITABLE`, exit 3.
 */
export async function editModule(
  workspacePath: string,
  block: DependencyBlock,
  name: string,
  version: string | undefined,
  check = false,
): Promise<'same' | 'changed'> {
  const module = block.modules.find((one) => one.name === name);
  if (module === undefined) {
    if (version === undefined) return 'same';
    throw new ProvisioningError({
      code: 'MODULE_NOT_FOUND',
      kind: 'not-found',
      message: `${name} is not among the modules of the workspace`,
      hint: 'only modules have a version of their own; others follow from what depends on them',
    });
  }
  if (version === undefined) return 'same';
  const range = parseRange(module.range);
  const isRange = semver.valid(module.range) === null;
  if (isRange && range !== undefined && semver.satisfies(version, range)) return 'same';
  const changed = `${module.text.replace(/(?<=\w)[:@](?:[^/@:]+|sha256:[0-9a-f]+)$/, '')}:${version}`;
  if (changed === module.text) return 'same';
  if (!check) await replaceIn(join(workspacePath, 'config'), module.text, changed);
  return 'changed';
}

async function replaceIn(folder: string, from: string, to: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /^provisioning\.(?:toml|ya?ml)$/.test(name));
  for (const name of names) {
    const file = join(folder, name);
    const text = await readFile(file, 'utf8');
    const quoted = new RegExp(
      `(?<=["'\\s,[-])${from.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}(?=["'\\s,\\]]|$)`,
      'gm',
    );
    const hits = [...text.matchAll(quoted)];
    if (hits.length !== 1) continue;
    await writeFileAtomic(
      file,
      text.replace(quoted, () => to),
      0o644,
    );
    return;
  }
  throw new ProvisioningError({
    code: 'MODULE_NOT_EDITABLE',
    kind: 'configuration',
    message: `${from} stands in no file of ${folder} that can be changed`,
    hint: `write ${to} instead of it yourself, then run "provisioning dep resolve"`,
  });
}
