import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Surroundings } from '../config/surroundings.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { userName } from './locks/lock.ts';

/** Which frozen version a workspace runs (03 §11). */
export interface DeployedVersion {
  readonly version: string;
  readonly infra: string;
  readonly time: string;
  readonly user: string;
}

function fileOf(workspace: string): string {
  return path.join(workspace, '.provisioning', 'state', 'deployed.json');
}

/** The frozen version deployed last; nothing when the live workspace was. */
export async function deployedVersion(workspace: string): Promise<DeployedVersion | undefined> {
  return readFile(fileOf(workspace), 'utf8').then(
    (text) => JSON.parse(text) as DeployedVersion,
    () => undefined,
  );
}

/** Records a deployment of a frozen version. */
export async function recordDeployed(
  surroundings: Surroundings,
  workspace: string,
  version: string,
  infra: string,
): Promise<DeployedVersion> {
  const record = { version, infra, time: surroundings.now().toISOString(), user: userName(surroundings) };
  await writeFileAtomic(fileOf(workspace), `${JSON.stringify(record)}\n`);
  return record;
}
