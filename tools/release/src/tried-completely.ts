import { spawnSync } from 'node:child_process';
import { type EarlierRelease, type Shipped, TriedInstallation } from './tried-installation.ts';

export interface DistCheck {
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly reason?: string;
}

/** Does something and keeps what became of it. */
export type Check = (name: string, work: () => Promise<void>) => Promise<void>;

/** A workflow that needs no server. */
const workflow = (name: string): string => `name = "${name}"
version = "1.0.0"
[[operations]]
id = "first"
type = "command"
config = { command = "true", args = [] }
[[operations]]
id = "second"
type = "command"
dependencies = ["first"]
config = { command = "true", args = [] }
`;

/**
 * `test-dist --test-types complete` (11 §9): workflows, servers with what runs on them, a cluster, then an upgrade from the
 * release before and the way back.
 * @param packages the lines that are shipped.
 * @returns what was skipped and why.
 */
export async function tryCompletely(
  shipped: Shipped & { readonly earlier?: EarlierRelease },
  packages: readonly string[],
  check: Check,
): Promise<readonly DistCheck[]> {
  const skipped: DistCheck[] = [];
  const skip = (name: string, reason: string): void =>
    void skipped.push({ name: `complete: ${name}`, status: 'skipped', reason });
  let installation: TriedInstallation | undefined;
  await check('complete: installation', async () => {
    installation = await TriedInstallation.make(shipped, packages);
    await installation.run(
      'workspace',
      'init',
      'demo',
      installation.workspace,
      '--template',
      'demo',
      '--activate',
    );
  });
  if (installation !== undefined) {
    try {
      if (packages.includes('platform')) await workflows(installation, check);
      else skip('workflows', 'no platform package');
      if (!packages.includes('extensions')) skip('servers', 'no package of extensions');
      else if (hasEngine()) await servers(installation, check);
      else skip('servers', 'neither podman nor docker is installed');
    } finally {
      await installation.removeServers();
      await installation.remove();
    }
  }
  if (shipped.earlier === undefined) skip('upgrade', 'no release before this one');
  else await upgrade(shipped, shipped.earlier, check);
  return skipped;
}

function hasEngine(): boolean {
  return ['podman', 'docker'].some(
    (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined,
  );
}

async function workflows({ run, write }: Writing, check: Check): Promise<void> {
  await check('complete: workflow', async () => {
    await write('workflow.toml', workflow('single'));
    await run('workflow', 'submit', 'workflow.toml', '--wait');
  });
  await check('complete: batch', async () => {
    await write('batch.toml', workflow('many'));
    await run('batch', 'submit', 'batch.toml', '--wait', '--yes');
  });
}

type Writing = Pick<TriedInstallation, 'run' | 'write'>;

async function servers({ run }: TriedInstallation, check: Check): Promise<void> {
  const count = async (): Promise<number> =>
    (JSON.parse(await run('server', 'list', '--out', 'json')) as readonly unknown[]).length;
  await check('complete: servers with taskservs', async () => {
    await run('deploy', '--yes');
    if ((await count()) === 0) throw new Error('deploy made no server');
    // Exit code 2 would say that there is something left to do.
    await run('plan', '--detailed-exitcode');
    await run('server', 'exec', 'web-01', '--', 'systemctl', 'is-active', 'haproxy');
  });
  await check('complete: cluster', async () => {
    await run('cluster', 'create', 'web', '--yes');
    await run('cluster', 'delete', 'web', '--yes');
  });
  await check('complete: destroy', async () => {
    await run('destroy', '--yes');
    const left = await count();
    if (left > 0) throw new Error(`${left} servers are left`);
  });
}

async function upgrade(shipped: Shipped, earlier: EarlierRelease, check: Check): Promise<void> {
  let installation: TriedInstallation | undefined;
  try {
    await check(`complete: upgrade from ${earlier.version}`, async () => {
      installation = await TriedInstallation.make(shipped, ['core'], earlier);
      await installation.run('upgrade', '--version', shipped.version, '--yes');
      await says(installation, shipped.version);
    });
    if (installation === undefined) return;
    const installed: TriedInstallation = installation;
    await check(`complete: back to ${earlier.version}`, async () => {
      await installed.run('upgrade', '--rollback', '--yes');
      await says(installed, earlier.version);
      await installed.uninstall();
    });
  } finally {
    await installation?.remove();
  }
}

async function says({ run }: TriedInstallation, version: string): Promise<void> {
  const said = (await run('--version')).trim();
  if (said !== version) throw new Error(`--version says ${said}, not ${version}`);
}
