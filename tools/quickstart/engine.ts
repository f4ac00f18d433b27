import { createInterface } from 'node:readline/promises';
import { ensureEngine, prepareImage } from '@provisioning/provider-local/engine';

const variables = process.env as Record<string, string>;

/** A container engine: the one there is, or one from the system's packages. Asks first when a person can answer. */
export async function prepareEngine({ yes }: { readonly yes: boolean }): Promise<void> {
  const interactive = process.stdin.isTTY === true && process.stdout.isTTY === true && !yes;
  const { description } = await ensureEngine({
    variables,
    interactive,
    confirm: async (question) => {
      const terminal = createInterface({ input: process.stdin, output: process.stdout });
      try {
        return /^(y|yes|)$/i.test((await terminal.question(`${question} (Y/n): `)).trim());
      } finally {
        terminal.close();
      }
    },
    onProgress: (message) => process.stdout.write(`${message}\n`),
  });
  process.stdout.write(`${description}\n`);
}

/** The image that servers are made of; built once from the machine's package mirror. */
export async function prepareBaseImage(): Promise<void> {
  await prepareImage({ variables, onProgress: (message) => process.stdout.write(`${message}\n`) });
}
