import { createInterface } from 'node:readline/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Runtime } from '../runtime.ts';

/**
 * One line from the person at the terminal, asked on standard error. End of input counts as an empty answer.
 * @throws ProvisioningError `INTERRUPTED` on Ctrl-C.
 */
export async function ask(runtime: Runtime, question: string): Promise<string> {
  const terminal = runtime.stdin.isTTY === true;
  const reader = createInterface({ input: runtime.stdin, output: runtime.stderr, terminal });
  try {
    return await new Promise<string>((resolve, reject) => {
      reader.once('SIGINT', () => {
        runtime.stderr.write('\n');
        reject(
          new ProvisioningError({
            code: 'INTERRUPTED',
            kind: 'interrupted',
            message: 'Operation interrupted',
          }),
        );
      });
      reader.once('close', () => resolve(''));
      reader.question(question).then(resolve, reject);
    });
  } finally {
    reader.close();
  }
}
