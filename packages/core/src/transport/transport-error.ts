import { ProvisioningError } from '@provisioning/extensions-sdk';

/** Codes of everything that can go wrong between us and a host. */
export type TransportErrorCode =
  | 'TRANSPORT_UNREACHABLE'
  | 'TRANSPORT_AUTH'
  | 'TRANSPORT_HOST_KEY'
  | 'TRANSPORT_LOST'
  | 'TRANSPORT_TIMEOUT'
  | 'TRANSPORT_PROTOCOL';

/** The host did not answer, or refused the connection; trying again later may help. */
export function unreachable(name: string, reason: string, cause?: unknown): ProvisioningError {
  return new ProvisioningError({
    code: 'TRANSPORT_UNREACHABLE',
    kind: 'unavailable',
    message: `Cannot connect to ${name}: ${reason}`,
    hint: 'Check that the server is running, that its SSH port is open to this machine, and run the command again.',
    retryable: true,
    cause,
  });
}

/** The host answered and refused who we are. */
export function authenticationRefused(name: string, tried: string, cause?: unknown): ProvisioningError {
  return new ProvisioningError({
    code: 'TRANSPORT_AUTH',
    kind: 'permission',
    message: `${name} refused the SSH login with ${tried}`,
    hint: `Add the public half of ${tried} to ~/.ssh/authorized_keys of that user, or name another key.`,
    cause,
  });
}

/** Nothing to log in with. */
export function noKey(name: string, places: readonly string[]): ProvisioningError {
  return new ProvisioningError({
    code: 'TRANSPORT_AUTH',
    kind: 'permission',
    message: `There is no SSH key to log in to ${name} with`,
    hint:
      places.length === 0
        ? 'Name a key file for the server, or start an SSH agent that holds one.'
        : `None of these exists: ${places.join(', ')}. Name a key file, or start an SSH agent that holds one.`,
  });
}

/** A key file that cannot be used at all. */
export function keyUnusable(file: string, reason: string, cause?: unknown): ProvisioningError {
  return new ProvisioningError({
    code: 'TRANSPORT_AUTH',
    kind: 'permission',
    message: `SSH key ${file} cannot be used: ${reason}`,
    hint: `Give an unencrypted OpenSSH private key readable by you alone (chmod 600 ${file}), or load it into an SSH agent.`,
    cause,
  });
}

/** The host key is not the one remembered (05 §7.4). */
export function hostKeyChanged(options: {
  readonly host: string;
  readonly address: string;
  readonly entry: string;
  readonly knownHostsFile: string;
  readonly fingerprint: string;
}): ProvisioningError {
  return new ProvisioningError({
    code: 'TRANSPORT_HOST_KEY',
    kind: 'permission',
    message: `Host key verification failed for ${options.host}; run 'ssh-keygen -R ${options.address}'`,
    hint:
      `The host offers ${options.fingerprint}, which is not the key remembered in ${options.knownHostsFile}. ` +
      `If the server was made anew, run: ssh-keygen -f ${options.knownHostsFile} -R '${options.entry}'`,
  });
}

/** The connection broke while a command was running; whether the command finished is unknown. */
export function connectionLost(name: string, cause?: Error): ProvisioningError {
  return new ProvisioningError({
    code: 'TRANSPORT_LOST',
    kind: 'unavailable',
    message: `Connection to ${name} was lost while a command was running${cause === undefined ? '' : `: ${cause.message}`}`,
    hint: 'Run the command again: steps that were finished are recognised and skipped.',
    retryable: true,
    cause,
  });
}

/** The other side does not speak SSH as we do. */
export function protocolFailure(name: string, reason: string, cause?: unknown): ProvisioningError {
  return new ProvisioningError({
    code: 'TRANSPORT_PROTOCOL',
    message: `SSH with ${name} failed: ${reason}`,
    hint: 'Check that an OpenSSH server of version 7 or newer answers on that port.',
    cause,
  });
}

/** The command ran longer than it may; its process group was killed. */
export function commandTimedOut(name: string, seconds: number): ProvisioningError {
  return new ProvisioningError({
    code: 'TRANSPORT_TIMEOUT',
    message: `Command on ${name} did not finish within ${seconds} s and was stopped`,
    hint: 'Give it a longer limit, or look on the host for what it waits for.',
  });
}

/** The caller gave up. */
export function interrupted(name: string, cause?: unknown): ProvisioningError {
  return new ProvisioningError({
    code: 'INTERRUPTED',
    kind: 'interrupted',
    message: `Stopped while working on ${name}`,
    cause,
  });
}
