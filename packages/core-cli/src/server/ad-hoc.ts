import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addServerDefinition, infraPath, serverTable } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { loadDefinition } from '../session/infrastructure.ts';
import { openWorkspace } from '../session/workspace.ts';

/** Whether a second word names a plan and not another server: `server create job-01 2xCPU-4GB` (S:23560). */
export function portablePlan(word: string | undefined): word is string {
  return word !== undefined && /^(\d+xCPU-\d+GB|small|medium|large|xlarge|2xlarge)$/.test(word);
}

export interface AdHocServer {
  readonly names: readonly string[];
  readonly plan: string;
  readonly zone?: string;
  readonly provider?: string;
  readonly count?: number;
}

/**
 * Adds the server of the command line to the definition (05 §7.3.2). With `--check` it is only merged over it for this
 * run, until what is returned is disposed of.
 * @throws ProvisioningError `HOSTNAME_REQUIRED` (2), `DUPLICATE_SERVER` (3), `DEFINITION_NOT_EDITABLE` (3).
 */
export async function defineServer(
  command: ProvisioningCommand,
  given: AdHocServer,
): Promise<AsyncDisposable | undefined> {
  const [hostname] = given.names;
  if (hostname === undefined || given.names.length > 1) {
    throw new ProvisioningError({
      code: 'HOSTNAME_REQUIRED',
      kind: 'usage',
      message: hostname === undefined ? 'Hostname is required' : 'A plan goes with one server at a time',
      hint: 'provisioning server create --name job-01 --plan 2xCPU-4GB',
    });
  }
  const { selection, configuration } = await openWorkspace(command, 'required');
  const infrastructure = await loadDefinition(command, selection, configuration);
  const known = infrastructure.servers.find((server) => server.hostname === hostname);
  if (known !== undefined || infrastructure.disabled.includes(hostname)) {
    if (known?.plan === given.plan) return undefined;
    throw new ProvisioningError({
      code: 'DUPLICATE_SERVER',
      kind: 'configuration',
      message: `Duplicate server: ${hostname}`,
      hint: `It is defined already; change its size with: provisioning server resize ${hostname} --plan ${given.plan}`,
    });
  }
  const entry = {
    hostname,
    plan: given.plan,
    ...(given.provider === undefined ? {} : { provider: given.provider }),
    ...(given.zone === undefined ? {} : { zone: given.zone }),
    ...(given.count === undefined ? {} : { count: given.count }),
  };
  if (command.globals.check) {
    return preview(command, serverTable(entry));
  }
  const folder = infraPath({ workspace: selection, infra: infrastructure.name });
  const file = await addServerDefinition(folder, entry);
  command.out.info(`Added ${hostname} to ${file}`);
  return undefined;
}

/** The definition with the server, without a changed file: a settings file of this run's own. */
async function preview(command: ProvisioningCommand, text: string): Promise<AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'server-create-'));
  const settings = join(folder, 'settings.toml');
  await writeFile(settings, text);
  command.globals = { ...command.globals, settings };
  return { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
