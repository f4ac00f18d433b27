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

/** Services of the project that still run, by their bundle on the command line. */
async function ownProcesses(): Promise<string[]> {
  const result: string[] = [];
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const words = line.replaceAll('\0', ' ').trim();
    if (/provisioning-(orchestrator|vault|control-center|extension-registry)/.test(words))
      result.push(`process ${pid} ${words}`);
  }
  return result;
}
