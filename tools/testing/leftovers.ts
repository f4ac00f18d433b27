import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Containers, networks and processes of ours that are there now; a test run may not add to them. */
export async function leftovers(): Promise<string[]> {
  const [containers, networks, processes] = await Promise.all([
    podman('container', ['container', 'ls', '--all', '--format', '{{.Names}}']),
    podman('network', ['network', 'ls', '--format', '{{.Name}}']),
    ownProcesses(),
  ]);
  return [...containers, ...networks, ...processes];
}

async function podman(kind: string, args: readonly string[]): Promise<string[]> {
  try {
    const { stdout } = await execute('podman', [...args, '--filter', 'label=managed-by=provisioning']);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((name) => `${kind} ${name}`);
  } catch {
    return [];
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
