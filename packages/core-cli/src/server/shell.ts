import { join } from 'node:path';
import { type Access, ProvisioningError } from '@provisioning/extensions-sdk';
import { runProgram } from '../child/run-program.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';

/**
 * A shell on the server, or one command line. The OpenSSH client of this machine does it, bytes untouched and with a
 * terminal where there is one; where it is missing, a command still runs over our own connection.
 */
export async function runOnServer(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  access: Access,
  line: string | undefined,
): Promise<number> {
  const [program, parameters] =
    access.kind === 'ssh' ? ['ssh', sshArguments(session, access, line)] : localShell(command, line);
  try {
    return await runProgram(command, [program, ...parameters]);
  } catch (cause) {
    if (!(cause instanceof ProvisioningError) || cause.code !== 'TOOL_NOT_FOUND') throw cause;
    if (line !== undefined) return await overOwnConnection(command, session, access, line);
    throw new ProvisioningError({
      code: 'TOOL_NOT_FOUND',
      message: `Required tool not found: ${program}`,
      hint: 'Install it: sudo apt-get install openssh-client. A single command works without: provisioning server exec',
      cause,
    });
  }
}

function localShell(command: ProvisioningCommand, line: string | undefined): [string, string[]] {
  const shell = command.runtime.environment['SHELL'] ?? '/bin/sh';
  return [shell, line === undefined ? [] : ['-c', line]];
}

/** Options of OpenSSH's programs for a server: the workspace's key and known hosts. */
export function sshOptions(
  session: InfrastructureSession,
  access: Extract<Access, { kind: 'ssh' }>,
): string[] {
  const workspace = session.selection.path;
  const key = access.keyFile ?? join(workspace, 'secrets', 'ssh-keys', 'id_ed25519');
  const options = [
    `UserKnownHostsFile=${join(workspace, '.runtime', 'known_hosts')}`,
    'StrictHostKeyChecking=accept-new',
    ...(access.hostKeyAlias === undefined ? [] : [`HostKeyAlias=${access.hostKeyAlias}`]),
    'LogLevel=ERROR',
  ];
  return ['-i', key, ...options.flatMap((option) => ['-o', option])];
}

function sshArguments(
  session: InfrastructureSession,
  access: Extract<Access, { kind: 'ssh' }>,
  line?: string,
): string[] {
  return [
    '-p',
    String(access.port),
    ...sshOptions(session, access),
    `${access.user}@${access.host}`,
    ...(line === undefined ? [] : ['--', line]),
  ];
}

async function overOwnConnection(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  access: Access,
  line: string,
): Promise<number> {
  const transport = await session.project.transports.open(access, { signal: command.signal });
  const { code, stdout, stderr } = await transport.run(line, { signal: command.signal });
  command.runtime.stdout.write(stdout);
  command.runtime.stderr.write(stderr);
  return code;
}
