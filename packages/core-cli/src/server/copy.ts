import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { type Access, ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { accessOf } from './access.ts';
import { sshOptions } from './shell.ts';

interface Place {
  readonly host?: string;
  readonly path: string;
}

/**
 * Copies over OpenSSH's `scp` (05 §7.4); between two servers by way of this machine.
 * @throws ProvisioningError `COPY_PLACES` (2), `COPY_FAILED`, `TOOL_NOT_FOUND`.
 */
export async function copyBetween(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  source: string,
  target: string,
): Promise<void> {
  const [from, to] = [placeOf(source), placeOf(target)];
  if (from.host === undefined && to.host === undefined) {
    throw new ProvisioningError({
      code: 'COPY_PLACES',
      kind: 'usage',
      message: 'One side has to be on a server: host:path',
      hint: 'provisioning server copy site.tar web-01:/srv/',
    });
  }
  if (from.host === undefined || to.host === undefined) {
    await copy(command, session, from, to);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'server-copy-'));
  try {
    const between = join(folder, basename(from.path));
    await copy(command, session, from, { path: between });
    await copy(command, session, { path: between }, to);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `web-01:/srv` is on a server; `./a:b` and `/a:b` are not. */
function placeOf(text: string): Place {
  const match = /^([a-z0-9][a-z0-9-]*):(.+)$/.exec(text);
  return match === null ? { path: text } : { host: match[1]!, path: match[2]! };
}

async function copy(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  from: Place,
  to: Place,
): Promise<void> {
  const access = await accessOf(session, (from.host ?? to.host)!, {});
  const side = ({ host, path }: Place): string =>
    host === undefined || access.kind !== 'ssh'
      ? resolve(command.runtime.cwd, path)
      : `${access.user}@${access.host}:${path}`;
  const [program, parameters] =
    access.kind === 'ssh'
      ? ['scp', ['-r', '-q', '-P', String(access.port), ...sshOptions(session, access), side(from), side(to)]]
      : ['cp', ['-r', side(from), side(to)]];
  await run(program as string, parameters as readonly string[], access, command.signal);
}

function run(
  program: string,
  parameters: readonly string[],
  access: Access,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((done, reject) => {
    const child = spawn(program, parameters, { stdio: ['ignore', 'ignore', 'pipe'], signal });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === 'ENOENT'
          ? new ProvisioningError({
              code: 'TOOL_NOT_FOUND',
              message: `Required tool not found: ${program}`,
              hint: 'Install it: sudo apt-get install openssh-client',
              cause,
            })
          : cause,
      ),
    );
    child.on('close', (code) => {
      if (code === 0) done();
      else
        reject(
          new ProvisioningError({
            code: 'COPY_FAILED',
            message: `Copying failed: ${stderr.trim().split('\n').at(-1) || `${program} ended with ${String(code)}`}`,
            hint: access.kind === 'ssh' ? `Look at the server: provisioning server ssh` : undefined,
          }),
        );
    });
  });
}
