import { existsSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { UserDirectories } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { holding } from './install.ts';
import { Prefix } from './prefix.ts';
import { fingerprint, readReceipt } from './receipt.ts';
import { backupsOf, removeEmpty } from './swap.ts';

export interface UninstallOptions {
  readonly prefix: string;
  /** Leave the user's configuration, data and cache. */
  readonly keepConfig: boolean;
  /** Remove modified files and the user's folders without asking. */
  readonly yes: boolean;
  /** Private keys too; what they encrypted is unreadable then. */
  readonly purgeKeys: boolean;
  readonly dryRun: boolean;
  readonly directories: UserDirectories;
  /** Folders of workspaces; they are never removed, wherever they are. */
  readonly workspaces: readonly string[];
  /** Stops and removes services before their files go. */
  readonly stopServices: () => Promise<readonly string[]>;
  /** Asks before the user's folders go. @throws when the answer is no. */
  readonly confirm: (folders: readonly string[]) => Promise<void>;
  readonly say: (line: string) => void;
}

export interface UninstallResult {
  readonly removed: number;
  /** Files of the installation that somebody changed. */
  readonly kept: readonly string[];
  readonly userFolders: readonly string[];
  /** Keys and workspaces inside the user's folders. */
  readonly spared: readonly string[];
}

/** What an installation without a receipt consists of. */
const knownPaths = ['lib/provisioning', 'share/provisioning'];

/**
 * Removes an installation (11 §5 "Uninstall"): exactly the files of the receipt, then folders that became empty, then the
 * user's own folders unless they are to be kept. Workspaces stay, private keys too.
 */
export async function uninstall(options: UninstallOptions): Promise<UninstallResult> {
  const prefix = new Prefix(options.prefix);
  const { directories, dryRun, keepConfig, say } = options;
  if (!existsSync(prefix.path('lib/provisioning')) && !existsSync(prefix.receipt)) {
    throw new ProvisioningError({
      code: 'NOT_INSTALLED',
      kind: 'not-found',
      message: `No installation in ${prefix.root}`,
      hint: 'choose the prefix it was installed to: --prefix',
    });
  }
  const userFolders = keepConfig
    ? []
    : [...new Set([directories.config, directories.data, directories.cache])].filter((path) =>
        existsSync(path),
      );
  if (userFolders.length > 0 && !dryRun && !options.yes) await options.confirm(userFolders);
  return holding(prefix, async () => {
    if (!dryRun) for (const name of await options.stopServices()) say(`Stopped ${name}`);
    const files = await removeFiles(prefix, options);
    const spared: string[] = [];
    for (const folder of userFolders) {
      // Below ~/.local the data of the user is where the installation has shared files: it may be gone with them.
      if (!existsSync(folder)) continue;
      say(`${dryRun ? 'Would remove' : 'Removing'} ${folder}`);
      await removeSparing(folder, options, spared);
    }
    return { ...files, userFolders, spared };
  });
}

async function removeFiles(
  prefix: Prefix,
  { yes, dryRun, say }: UninstallOptions,
): Promise<Pick<UninstallResult, 'removed' | 'kept'>> {
  const receipt = await readReceipt(prefix);
  const kept: string[] = [];
  let removed = 0;
  const folders = new Set<string>();
  for (const [path, expected] of Object.values(receipt?.components ?? {}).flatMap(({ files }) =>
    Object.entries(files),
  )) {
    const found = await fingerprint(prefix.path(path));
    if (found === undefined) continue;
    if (found !== expected) {
      kept.push(path);
      say(`${yes ? 'Modified, removed' : 'Modified, kept'}: ${path}`);
      if (!yes) continue;
    }
    if (!dryRun) await rm(prefix.path(path), { force: true });
    removed += 1;
    folders.add(dirname(path));
  }
  if (dryRun) {
    say(`Would remove ${removed} files below ${prefix.root}`);
    return { removed, kept };
  }
  if (receipt === undefined) {
    const programs = await readdir(prefix.path('bin')).catch(() => []);
    const own = programs
      .filter((name) => /^provisioning(?:-[a-z-]+)?$/.test(name))
      .map((name) => `bin/${name}`);
    for (const path of [...knownPaths, ...own]) {
      await rm(prefix.path(path), { recursive: true, force: true });
      removed += 1;
      folders.add(dirname(path));
    }
  }
  for (const version of await backupsOf(prefix))
    await rm(prefix.backup(version), { recursive: true, force: true });
  for (const path of [prefix.staging, prefix.journal, prefix.receipt])
    await rm(path, { recursive: true, force: true });
  for (const folder of [...folders, dirname('share/provisioning/install-receipt.json')].sort(
    (a, b) => b.length - a.length,
  ))
    await removeEmpty(prefix, folder);
  return { removed, kept: yes ? [] : kept };
}

/** Folders of private keys: age, SSH and signing keys (11 §5). */
const keyName = /^(?:age|keys)$|\.(?:key|agekey|pem)$|^(?:cosign|signing)\.|^age\.txt$/;

/** Removes a folder but for keys and workspaces in it. @returns whether nothing is left. */
async function removeSparing(folder: string, options: UninstallOptions, spared: string[]): Promise<boolean> {
  const { dryRun, purgeKeys, workspaces } = options;
  let empty = true;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if ((!purgeKeys && keyName.test(entry.name)) || workspaces.includes(path)) {
      spared.push(path);
      empty = false;
    } else if (entry.isDirectory()) {
      if (!(await removeSparing(path, options, spared))) empty = false;
    } else if (!dryRun) await rm(path, { force: true });
  }
  if (empty && !dryRun) await rmdir(folder).catch(() => undefined);
  return empty;
}
