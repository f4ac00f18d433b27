import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Permissions, ProvisioningError } from '@provisioning/extensions-sdk';
import type { ModuleTarget } from './target.ts';
import { usersOf } from './usage.ts';
import type { AuditSink } from '../extensions/isolation/audit.ts';
import { ExtensionProcess } from '../extensions/isolation/process.ts';
import { entryPoint } from '../extensions/provider-loader.ts';
import type { ExtensionRecord } from '../extensions/record.ts';
import { writeExtensionState } from '../extensions/states.ts';
import { validateExtension } from '../extension-validation/validate.ts';

export interface EnableOptions {
  readonly workspacePath: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Shows the permissions and asks; a refusal throws. */
  readonly confirm?: (permissions: Partial<Permissions>) => Promise<void>;
  readonly audit?: AuditSink;
  readonly now?: () => number;
  /** Look whether it could be done: nobody is asked, no hook runs, no state is written. */
  readonly check?: boolean;
}

/**
 * Enables an extension in a workspace: it is valid, its variables are there, its permissions are agreed to, its
 * activation hook has run. Any failure leaves it disabled (08 §4.3).
 * @throws ProvisioningError `EXTENSION_INVALID`, `EXTENSION_VARIABLE`.
 */
export async function enableExtension(record: ExtensionRecord, options: EnableOptions): Promise<void> {
  const { workspacePath, now = Date.now } = options;
  try {
    const report = await validateExtension(record.path, record.type);
    const errors = Object.values(report.rules).flatMap((rule) => rule.errors);
    if (errors.length > 0) {
      throw new ProvisioningError({
        code: 'EXTENSION_INVALID',
        message: `Extension '${record.name}' is not valid: ${errors[0]}`,
        hint: `Run 'provisioning extension validate ${record.path}'.`,
        issues: errors.map((message) => ({ message })),
      });
    }
    await activateExtension(record, options);
  } catch (error) {
    if (options.check !== true) await setState(record, workspacePath, false, now());
    throw error;
  }
  if (options.check !== true) await setState(record, workspacePath, true, now());
}

/**
 * What makes an extension work in a workspace: its variables, the agreement to its permissions, its activation hook.
 * Nothing is written down.
 * @throws ProvisioningError `EXTENSION_VARIABLE`, and what the hook fails with.
 */
export async function activateExtension(record: ExtensionRecord, options: EnableOptions): Promise<void> {
  const { required_env_vars: required = [] } = (record.manifest.configuration ?? {}) as {
    required_env_vars?: string[];
  };
  for (const name of required) {
    if ((options.variables[name] ?? '') !== '') continue;
    throw new ProvisioningError({
      code: 'EXTENSION_VARIABLE',
      kind: 'permission',
      message: `${name} environment variable is required`,
      hint: `Set it, then run 'provisioning extension enable ${record.name}' again.`,
    });
  }
  if (options.check === true) return;
  await options.confirm?.((record.manifest.permissions ?? {}) as Partial<Permissions>);
  await runHook(record, 'extensionActivate', options);
}

export interface DisableOptions extends Omit<EnableOptions, 'confirm'> {
  readonly force?: boolean;
}

/**
 * Disables an extension. @throws ProvisioningError `EXTENSION_IN_USE` (`used by: …`) unless forced.
 */
export async function disableExtension(record: ExtensionRecord, options: DisableOptions): Promise<void> {
  const { workspacePath, force, now = Date.now } = options;
  const target: ModuleTarget = {
    base: workspacePath,
    layer: 'workspace',
    workspacePath,
    name: workspacePath,
  };
  const users = force === true ? [] : await usersOf(target, record.type, record.name);
  if (users.length > 0) {
    throw new ProvisioningError({
      code: 'EXTENSION_IN_USE',
      kind: 'conflict',
      message: `Extension '${record.name}' is in use; used by: ${users.join(', ')}`,
      hint: 'Take it out of the definitions first, or use --force.',
      details: { users },
    });
  }
  if (options.check === true) return;
  await runHook(record, 'extensionDeactivate', options);
  await setState(record, workspacePath, false, now());
}

function setState(
  record: ExtensionRecord,
  workspacePath: string,
  enabled: boolean,
  now: number,
): Promise<void> {
  const state = { enabled, version: record.version, changed_at: new Date(now).toISOString() };
  return writeExtensionState(workspacePath, record.type, record.name, state);
}

/** Calls a lifecycle hook when the entry point has it (S:4843-4868). */
async function runHook(
  record: ExtensionRecord,
  hook: 'extensionActivate' | 'extensionDeactivate',
  { workspacePath, audit, variables }: Pick<EnableOptions, 'workspacePath' | 'audit' | 'variables'>,
): Promise<void> {
  const entry = await entryPoint(record);
  const folder = entry.slice(0, entry.lastIndexOf('/'));
  const names = await readdir(folder).catch((): string[] => []);
  if (!names.includes(entry.slice(folder.length + 1))) return;
  const permissions = (record.manifest.permissions ?? {}) as Partial<Permissions>;
  const environment: Record<string, string> = {};
  for (const name of permissions.env ?? []) {
    const value = variables[name];
    if (value !== undefined) environment[name] = value;
  }
  await using process = new ExtensionProcess({
    name: record.name,
    version: record.version,
    folder: record.path,
    entry,
    permissions,
    environment,
    folders: [join(workspacePath, '.runtime', 'extensions', record.name)],
    timeout: 60_000,
    audit,
  });
  await process.call('invoke', hook, { workspace: workspacePath, name: record.name });
}
