import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProviderError } from '@provisioning/extensions-sdk';

/** Waits until sshd itself greets on the port; an open port alone is only the engine's forwarder. */
export async function waitForSsh(
  hostname: string,
  port: number,
  options: { readonly signal?: AbortSignal; readonly timeout: number },
): Promise<void> {
  const limit = performance.now() + options.timeout;
  let delay = 15;
  while (!(await greets(port))) {
    options.signal?.throwIfAborted();
    if (performance.now() > limit) {
      throw new ProviderError({
        provider: 'local',
        operation: 'wait',
        code: 'timeout',
        message: `Timeout waiting for server ${hostname} to reach running: SSH does not answer on 127.0.0.1:${port}`,
        help: `See the log of the container, or delete the server and create it again`,
      });
    }
    await sleep(delay, undefined, { signal: options.signal });
    delay = Math.min(delay * 1.5, 200);
  }
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const finish = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(2_000, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => resolve(false));
    socket.once('data', (data) => finish(data.toString('latin1').startsWith('SSH-')));
  });
}
