import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/**
 * What is there beyond `before`. Processes that were told to end, and containers that are being removed, get a minute to
 * be gone.
 */
export async function leftSince(before: ReadonlySet<string>): Promise<string[]> {
  const until = Date.now() + 60_000;
  for (;;) {
    const left = (await leftovers()).filter((entry) => !before.has(entry));
    if (left.length === 0 || Date.now() > until) return left;
    await sleep(500);
  }
}

/** Containers, networks and processes of ours that are there now; a test run may not add to them. */
export async function leftovers(): Promise<string[]> {
  const containers = ['container', 'ls', '--all', '--format', '{{.Names}}'];
  const found = await Promise.all([
    podman('container', containers),
    podman('container', containers, 'provisioning.installation'),
    podman('network', ['network', 'ls', '--format', '{{.Name}}']),
    ownProcesses(),
  ]);
  return found.flat();
}

/** Asked again when Podman fails, as it does when something is removed while it lists; without Podman there is nothing. */
async function podman(
  kind: string,
  args: readonly string[],
  label = 'managed-by=provisioning',
): Promise<string[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { stdout } = await execute('podman', [...args, '--filter', `label=${label}`]);
      return stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((name) => `${kind} ${name}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      if (attempt === 5) throw error;
      await sleep(500);
    }
  }
}

/** Services of the project and the engine services it started, by their command lines. */
async function ownProcesses(): Promise<string[]> {
  return (await processes())
    .filter(
      ({ words }) =>
        /provisioning-(orchestrator|vault|control-center|extension-registry)/.test(words) ||
        /podman .*system service .*provisioning/.test(words),
    )
    .map(({ pid, words }) => `process ${pid} ${words}`);
}

/**
 * Podman keeps the monitor of a program that was run inside a container for five minutes, even when the container is
 * gone: ends those of containers that tests removed.
 */
export async function endStaleMonitors(): Promise<void> {
  const names = new Set(await podman('container', ['container', 'ls', '--all', '--format', '{{.Names}}']));
  for (const { pid, words } of await processes()) {
    const name = /conmon .* -n (prov-\S+) .*--exec-attach/.exec(words)?.[1];
    if (name === undefined || names.has(`container ${name}`)) continue;
    try {
      process.kill(pid);
    } catch {
      // Its five minutes were over.
    }
  }
}

async function processes(): Promise<{ readonly pid: number; readonly words: string }[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = pids
    .filter((pid) => pid !== process.pid)
    .map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid, words: line.replaceAll('\0', ' ').trim() };
    });
  return Promise.all(all);
}
