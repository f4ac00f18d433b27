import { createInterface } from 'node:readline/promises';
import { type Readable, Writable } from 'node:stream';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** Where questions are asked and answers come from. */
export interface QuestionStreams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stderr: Writable;
}

/**
 * One line from the person at the terminal, asked on standard error; `hidden` shows nothing of what is typed. End of
 * input counts as an empty answer.
 * @throws ProvisioningError `INTERRUPTED` on Ctrl-C.
 */
export async function ask(
  streams: QuestionStreams,
  question: string,
  options: { readonly hidden?: boolean } = {},
): Promise<string> {
  const terminal = streams.stdin.isTTY === true;
  // An input that has ended tells nobody a second time.
  if (streams.stdin.readableEnded) {
    streams.stderr.write(`${question}\n`);
    return '';
  }
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = options.hidden === true ? silent : streams.stderr;
  if (options.hidden === true) streams.stderr.write(question);
  const reader = createInterface({ input: streams.stdin, output, terminal });
  try {
    return await new Promise<string>((resolve, reject) => {
      reader.once('SIGINT', () => {
        streams.stderr.write('\n');
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
        if (options.hidden === true) streams.stderr.write(question);
      });
      // An answer that ends with the input is told before the end, but arrives after it.
      reader.once('close', () => setImmediate(() => resolve('')));
      reader.question(options.hidden === true ? '' : question).then(resolve, reject);
    });
  } finally {
    reader.close();
    if (options.hidden === true) streams.stderr.write('\n');
  }
}
