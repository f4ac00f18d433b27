import type { Context } from '@provisioning/extensions-sdk';
import type { Static } from 'typebox';
import type { DesiredTaskserv } from '../../taskserv/desired.ts';
import { compareFacts } from '../../taskserv/difference.ts';
import { fetchFiles } from '../../taskserv/fetch.ts';
import { askHelper } from '../../taskserv/helping-server.ts';
import { installedVersion, recordInstalled, recordRollback } from '../../taskserv/history.ts';
import { observeTaskservs, prepareTaskserv } from '../../taskserv/observe.ts';
import { TaskservPackages } from '../../taskserv/package.ts';
import { type HostRun, runOnHost } from '../../taskserv/run-on-host.ts';
import { withoutSecrets } from '../../taskserv/secret-values.ts';
import type { TaskservInput } from './input.ts';

/** Result of one taskserv on one host (07 §5). */
export interface TaskservResult {
  readonly service: string;
  readonly target: string;
  readonly status: 'installed';
  readonly version: string;
  readonly installed_at: string;
  /** False when everything was there already. */
  readonly changed: boolean;
  /** True when it had never been installed there. */
  readonly created: boolean;
  /** What differed before. */
  readonly reasons: readonly string[];
}

export interface InstallOptions {
  /** What others on the host are told while this goes on: `taskserv create redis`. */
  readonly operation: string;
  /** This goes back to an earlier way, so that it is not remembered as a new one. */
  readonly rollback?: boolean;
  readonly upgrade?: HostRun['upgrade'];
  readonly migrateFrom?: string;
}

/** Brings one taskserv onto one server and remembers how: what create, update and rollback have in common. */
export async function installTaskserv(
  context: Context,
  { server, taskserv, references }: Static<typeof TaskservInput>,
  options: InstallOptions,
): Promise<TaskservResult> {
  const packages = new TaskservPackages();
  const prepared = await prepareTaskserv(context, server, taskserv, { packages, references });
  const help = await needsHelp(context, server, prepared, taskserv);
  const given = help ? await askHelper(context, server, prepared, references, 'helper-before') : '';
  const desired = { ...prepared, environment: `${prepared.environment}${given}` };
  const output = await runOnHost(context, server, desired, {
    mode: 'create',
    operation: options.operation,
    upgrade: options.upgrade,
    migrateFrom: options.migrateFrom,
  });
  const before = compareFacts(desired, output.before);
  const after = compareFacts(desired, output.after);
  const version = after.version ?? desired.version;
  const changed = output.result === 'changed';
  if (help) await askHelper(context, server, desired, references, 'helper-after');
  await fetchFiles(context, server, desired, changed);
  if (changed) {
    const record = options.rollback === true ? recordRollback : recordInstalled;
    const { schema } = await packages.load(await context.extension('taskserv', taskserv.name));
    const config = withoutSecrets(schema, taskserv.config);
    const entry = installedVersion(taskserv, desired.version, version, config, context.now());
    await record(context, server.hostname, taskserv.name, entry);
  }
  return {
    service: taskserv.name,
    target: server.hostname,
    status: 'installed',
    version,
    installed_at: new Date(context.now()).toISOString(),
    changed,
    created: changed && before.state === 'absent',
    reasons: before.reasons,
  };
}

/** Whether another server has to do its part: where all is well already it is left in peace. */
async function needsHelp(
  context: Context,
  server: Static<typeof TaskservInput>['server'],
  { helper }: DesiredTaskserv,
  use: Static<typeof TaskservInput>['taskserv'],
): Promise<boolean> {
  if (helper === undefined) return false;
  const [observation] = await observeTaskservs(context, server, [use]);
  return observation!.state !== 'satisfied';
}
