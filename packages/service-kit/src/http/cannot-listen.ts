import { ProvisioningError } from '@provisioning/extensions-sdk';

/** Why a service does not listen where it was told to: the port is taken, below 1024, or the address is not its own. */
export function cannotListen(
  host: string,
  port: number,
  cause: NodeJS.ErrnoException,
  hint = 'Choose another port, or stop the program that listens there',
): ProvisioningError {
  const taken = cause.code === 'EADDRINUSE';
  return new ProvisioningError({
    code: taken ? 'PORT_TAKEN' : 'CANNOT_LISTEN',
    kind: 'conflict',
    message: `Cannot listen on ${host}:${port}: ${taken ? 'the port is taken' : cause.message}`,
    hint,
    cause,
  });
}
