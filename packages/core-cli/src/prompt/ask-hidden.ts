import { Writable } from 'node:stream';
import { createInterface } from 'node:readline/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Runtime } from '../runtime.ts';

/**
 * One line from the person at the terminal that is not shown while it is typed.
 * @throws ProvisioningError `INTERRUPTED` on Ctrl-C.
 */
export async function askHidden(runtime: Runtime, question: string): Promise<string> {
  runtime.stderr.write(question);
  // readline echoes into its output; an output that swallows everything keeps the secret off the screen.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: runtime.stdin, output: silent, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      reader.once('SIGINT', () =>
        reject(
          new ProvisioningError({
            code: 'INTERRUPTED',
            kind: 'interrupted',
            message: 'Operation interrupted',
          }),
        ),
      );
      reader.once('close', () => resolve(''));
      reader.question('').then(resolve, reject);
    });
  } finally {
    reader.close();
    runtime.stderr.write('\n');
  }
}
