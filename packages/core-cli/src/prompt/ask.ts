import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Runtime } from '../runtime.ts';

/**
 * One line from the person at the terminal, asked on standard error; `hidden` shows nothing of what is typed. End of
 * input counts as an empty answer.
 * @throws ProvisioningError `INTERRUPTED` on Ctrl-C.
 */
export async function ask(
  runtime: Runtime,
  question: string,
  options: { readonly hidden?: boolean } = {},
): Promise<string> {
  const terminal = runtime.stdin.isTTY === true;
  // An input that has ended tells nobody a second time.
  if (runtime.stdin.readableEnded) {
    runtime.stderr.write(`${question}\n`);
    return '';
  }
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = options.hidden === true ? silent : runtime.stderr;
  if (options.hidden === true) runtime.stderr.write(question);
  const reader = createInterface({ input: runtime.stdin, output, terminal });
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
      // After Ctrl-Z and fg the reader is paused; nobody else would take it up again.
      reader.on('SIGCONT', () => {
        reader.resume();
        if (options.hidden === true) runtime.stderr.write(question);
      });
      // An answer that ends with the input is told before the end, but arrives after it.
      reader.once('close', () => setImmediate(() => resolve('')));
      reader.question(options.hidden === true ? '' : question).then(resolve, reject);
    });
  } finally {
    reader.close();
    if (options.hidden === true) runtime.stderr.write('\n');
  }
}
