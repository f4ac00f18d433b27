import { cp, mkdir, readFile, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { stringify as toToml } from 'smol-toml';
import { withFileLock, writeFileAtomic } from '../files/atomic.ts';
import { appliedFile, readApplied, writeApplied } from './applied.ts';
import type { TemplateCatalogue } from './catalogue.ts';
import { sha256 } from './files.ts';
import type { Template } from './metadata.ts';

/** What removing a template did (08 §7.3, `template remove`). */
export interface RemoveResult {
  readonly removed: readonly string[];
  /** Files that were changed since, or that were there before. */
  readonly kept: readonly string[];
}

/**
 * Takes a template out of an infrastructure: the record goes, files that nobody changed too.
 * @throws ProvisioningError `TEMPLATE_NOT_APPLIED`, exit 5.
 */
export async function removeTemplate(infraPath: string, name: string, check = false): Promise<RemoveResult> {
  const work = async (): Promise<RemoveResult> => {
    const applied = await readApplied(infraPath);
    const entry = applied.find((one) => one.name === name);
    if (entry === undefined) {
      throw new ProvisioningError({
        code: 'TEMPLATE_NOT_APPLIED',
        kind: 'not-found',
        message: `Template '${name}' is not applied here`,
        hint: `Applied: ${applied.map((one) => one.name).join(', ') || 'none'}`,
      });
    }
    const removed: string[] = [];
    const kept: string[] = [];
    for (const file of entry.files) {
      const path = join(infraPath, file.path);
      const text = await readFile(path, 'utf8').catch(() => undefined);
      if (text === undefined) continue;
      const isOurs = file.action === 'created' || file.action === 'proposed';
      if (!isOurs || sha256(text) !== file.sha256) kept.push(file.path);
      else {
        removed.push(file.path);
        if (check) continue;
        await rm(path);
        await rmdir(dirname(path)).catch(() => undefined);
      }
    }
    if (!check)
      await writeApplied(
        infraPath,
        applied.filter((one) => one !== entry),
      );
    return { removed, kept };
  };
  return check ? work() : withFileLock(appliedFile(infraPath), work);
}

export interface CreateTemplateOptions {
  readonly catalogue: TemplateCatalogue;
  readonly workspacePath: string;
  readonly name: string;
  readonly from: string;
  readonly description?: string;
  readonly author?: string;
}

/**
 * Copies a template into the workspace under a new name, version 0.1.0.
 * @throws ProvisioningError `TEMPLATE_EXISTS`, `TEMPLATE_NAME` (exit 2), `TEMPLATE_NOT_FOUND` (exit 5).
 */
export async function createTemplate(options: CreateTemplateOptions): Promise<string> {
  const { catalogue, workspacePath, name } = options;
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
    throw new ProvisioningError({
      code: 'TEMPLATE_NAME',
      kind: 'usage',
      message: `Invalid template name: ${name}`,
      hint: 'Use lower-case letters, digits and hyphens.',
    });
  }
  const source = await catalogue.get(options.from);
  const target = join(workspacePath, 'templates', name);
  if (
    (await catalogue.find(name))?.source === 'workspace' ||
    (await stat(target).catch(() => undefined)) !== undefined
  ) {
    throw new ProvisioningError({
      code: 'TEMPLATE_EXISTS',
      kind: 'conflict',
      message: `Template already exists: ${name}`,
    });
  }
  await mkdir(target, { recursive: true });
  const isFolder = (await readdir(source.folder)).includes('metadata.toml');
  if (isFolder) await cp(source.folder, target, { recursive: true });
  else
    await cp(
      source.configFile!,
      join(target, `config${source.configFile!.slice(source.configFile!.lastIndexOf('.'))}`),
    );
  await writeFileAtomic(join(target, 'metadata.toml'), toToml(newMetadata(source, options)), 0o644);
  return target;
}

function newMetadata(
  { metadata }: Template,
  { name, description, author }: CreateTemplateOptions,
): Record<string, unknown> {
  const { template, ...rest } = metadata;
  const { extends: parent, ...own } = template;
  return {
    template: {
      ...own,
      name,
      version: '0.1.0',
      description: description ?? template.description,
      author: author ?? template.author,
      hidden: false,
      ...(parent === undefined ? {} : { extends: parent }),
    },
    ...rest,
  };
}
