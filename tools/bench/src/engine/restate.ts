import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stepsOfWorkflow } from './load.ts';
import { freePort } from '../../../testing/free-port.ts';

const service = (port: number) => `
import * as restate from '@restatedev/restate-sdk';
const bench = restate.service({
  name: 'bench',
  handlers: {
    run: async (ctx) => {
      for (let step = 0; step < ${stepsOfWorkflow}; step++) await ctx.run('step-' + step, async () => undefined);
    },
  },
});
await restate.serve({ services: [bench], port: ${port} });
`;

export interface Restate {
  run(): Promise<void>;
  stop(): Promise<void>;
}

/** A Restate server with its defaults, and a service of its SDK whose handler runs the steps. */
export async function startRestate(peers: string, folder: string): Promise<Restate> {
  const platform = readdirSync(join(peers, 'node_modules/@restatedev')).find((name) =>
    name.startsWith('restate-server-'),
  );
  if (platform === undefined) throw new Error('no Restate server for this platform');
  const program = join(peers, 'node_modules/@restatedev', platform, 'bin/restate-server');
  const [ingress, admin, node, own] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const base = join(folder, 'restate');
  mkdirSync(base, { recursive: true });
  const script = join(peers, 'restate-service.mjs');
  writeFileSync(script, service(own));
  const children: ChildProcess[] = [
    spawn(program, ['--no-logo', '--base-dir', base, '--node-name', 'bench', '--bind-port', String(node)], {
      stdio: 'ignore',
      env: {
        ...process.env,
        RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
        RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
        RESTATE_LISTEN_MODE: 'tcp',
        RESTATE_LOG_FILTER: 'error',
        DO_NOT_TRACK: '1',
        RESTATE_DISABLE_TELEMETRY: 'true',
      },
    }),
    spawn(process.execPath, [script], {
      stdio: 'ignore',
      cwd: peers,
      env: { ...process.env, NODE_ENV: 'production', RESTATE_LOGGING: 'ERROR' },
    }),
  ];
  const stop = async () => {
    await Promise.all(
      children.map(
        (child) =>
          new Promise<void>((resolve) => {
            if (child.exitCode !== null) resolve();
            else child.on('exit', () => resolve()).kill('SIGKILL');
          }),
      ),
    );
  };
  try {
    await register(`http://127.0.0.1:${admin}`, `http://127.0.0.1:${own}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    async run() {
      const response = await fetch(`http://127.0.0.1:${ingress}/bench/run`, { method: 'POST' });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`Restate answered ${response.status}`);
    },
    stop,
  };
}

async function register(admin: string, uri: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await fetch(`${admin}/deployments`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ uri }),
      });
      if (response.ok) break;
      if (attempt > 150)
        throw new Error(`Restate's admin API answered ${response.status}: ${await response.text()}`);
    } catch (error) {
      if (attempt > 150) throw error;
    }
    await sleep(200);
  }
  await sleep(500);
}
