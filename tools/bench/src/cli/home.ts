import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const program = join(import.meta.dirname, '../../../../packages/core-cli/bin/provisioning.js');

/** A user of its own with one workspace whose state knows `count` servers. Answers the environment to run with. */
export function makeHome(home: string, count: number): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    PROVISIONING_NONINTERACTIVE: 'true',
  };
  const workspace = join(home, 'bench');
  const init = ['workspace', 'init', 'bench', workspace, '--infra-name', 'main', '--activate'];
  execFileSync(process.execPath, [program, ...init], { env: environment, stdio: 'pipe' });
  const data = join(workspace, 'infra/main/data');
  mkdirSync(data, { recursive: true });
  const entries = Array.from({ length: count }, (_, index) => {
    const hostname = `web-${String(index).padStart(3, '0')}`;
    return [hostname, serverRecord(hostname, index)] as const;
  });
  writeFileSync(
    join(data, 'state.json'),
    JSON.stringify({ version: 1, servers: Object.fromEntries(entries), scale: {} }),
  );
  return environment;
}

function serverRecord(hostname: string, index: number): object {
  return {
    id: `id-${index}`,
    name: hostname,
    provider: 'local',
    plan: 'small',
    zone: 'local',
    cores: 2,
    memory: 4096,
    status: index % 10 === 0 ? 'stopped' : 'running',
    ip_addresses: { private: `10.0.${index >> 8}.${index & 255}` },
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    tags: { 'managed-by': 'provisioning', 'provisioning.hostname': hostname },
    taskservs: [],
  };
}
