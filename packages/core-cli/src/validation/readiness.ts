import { access } from 'node:fs/promises';
import { join } from 'node:path';
import {
  extensionKinds,
  hasAgeIdentity,
  listModules,
  readMetadata,
  targetOfFolder,
} from '@provisioning/core';
import { asProvisioningError } from '../errors/as-error.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import type { Printer } from '../output/printer.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { openCatalogue } from '../session/modules.ts';
import { surroundingsOf } from '../session/surroundings.ts';

/** A line of `infra validate` and `workspace validate` (05 §9.6). */
export interface Readiness {
  readonly name: string;
  readonly status: 'ok' | 'info' | 'error';
  readonly message: string;
  readonly hint?: string;
}

/** What checks look at: a workspace, with an infrastructure where one is meant. */
export interface ReadinessPlace {
  readonly workspace: { readonly name: string; readonly path: string };
  readonly sessions: readonly InfrastructureSession[];
}

/**
 * Whether everything is there that work on these infrastructures needs. Nothing is changed and no network is used: that
 * credentials are there is checked, not that they are right.
 */
export async function readiness(
  command: ProvisioningCommand,
  { workspace, sessions }: ReadinessPlace,
): Promise<readonly Readiness[]> {
  return [
    { name: 'configuration', status: 'ok', message: 'Configuration valid' },
    await credentials(sessions),
    await initialized(workspace.path),
    await modules(command, workspace.path, sessions),
    await sshKey(workspace.path),
    await encryptionKey(command),
  ];
}

/** Lines for people; a hint stands below what is wrong. */
export function readinessLines(items: readonly Readiness[], { style }: Printer): string[] {
  const marks = { ok: 'ok', info: 'info', error: 'error' } as const;
  return items.flatMap(({ status, message, hint }) => [
    `${style.mark(marks[status])} ${message}`,
    ...(status === 'error' && hint !== undefined ? [`  ${hint}`] : []),
  ]);
}

async function credentials(sessions: readonly InfrastructureSession[]): Promise<Readiness> {
  const problems = new Set<string>();
  for (const { infrastructure, context } of sessions) {
    for (const name of new Set(infrastructure.servers.map(({ provider }) => provider))) {
      try {
        const { errors } = await (await context.provider(name)).validateConfig({ online: false });
        for (const { message } of errors) problems.add(`${name}: ${message}`);
      } catch (error) {
        problems.add(`${name}: ${asProvisioningError(error).message}`);
      }
    }
  }
  return problems.size === 0
    ? { name: 'credentials', status: 'ok', message: 'Provider credentials configured' }
    : {
        ...({ name: 'credentials', status: 'error' } as const),
        message: `Provider credentials: ${[...problems].join('; ')}`,
        hint: 'See what a provider needs: provisioning provider info <name>',
      };
}

async function initialized(path: string): Promise<Readiness> {
  return (await readMetadata(path)) === undefined
    ? {
        ...({ name: 'workspace', status: 'error' } as const),
        message: 'Workspace metadata not found or corrupted',
        hint: 'Write it: provisioning workspace migrate',
      }
    : { name: 'workspace', status: 'ok', message: 'Workspace initialized' };
}

async function modules(
  command: ProvisioningCommand,
  path: string,
  sessions: readonly InfrastructureSession[],
): Promise<Readiness> {
  const folders = [path, ...sessions.map(({ infrastructure }) => infrastructure.path)];
  const counts: string[] = [];
  const missing: string[] = [];
  for (const kind of extensionKinds) {
    const names = new Set<string>();
    for (const folder of folders) {
      const catalogue = openCatalogue(command, { workspacePath: path });
      const { modules: loaded } = await listModules(await targetOfFolder(folder), kind, catalogue);
      for (const { name, status } of loaded) {
        names.add(name);
        if (status === 'missing') missing.push(`${kind} ${name}`);
      }
    }
    if (names.size > 0) counts.push(`${names.size} ${kind}${names.size === 1 ? '' : 's'}`);
  }
  return missing.length === 0
    ? { name: 'modules', status: 'ok', message: `Modules loaded: ${counts.join(', ') || 'none'}` }
    : {
        ...({ name: 'modules', status: 'error' } as const),
        message: `Modules without files: ${missing.join(', ')}`,
        hint: 'Load them again: provisioning module sync',
      };
}

async function sshKey(path: string): Promise<Readiness> {
  const there = await exists(join(path, 'secrets', 'ssh-keys', 'id_ed25519'));
  return there
    ? { name: 'ssh-key', status: 'ok', message: 'SSH key configured' }
    : { name: 'ssh-key', status: 'info', message: 'SSH key: made with the first server' };
}

/** A configuration that has loaded could read whatever of it is encrypted. */
async function encryptionKey(command: ProvisioningCommand): Promise<Readiness> {
  return (await hasAgeIdentity(surroundingsOf(command.runtime)))
    ? { name: 'encryption-key', status: 'ok', message: 'Age encryption key available' }
    : { name: 'encryption-key', status: 'info', message: 'Age encryption key: none, nothing is encrypted' };
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
