import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { processSurroundings } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { Output } from './output.ts';
import { runInstaller } from './run.ts';

/** The program `provisioning-installer` (04 §7). */
async function main(): Promise<number> {
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  const output = new Output(process.stdout, process.stderr, process.env);
  const interrupted = new AbortController();
  const stop = (): void => {
    const reason = { code: 'INTERRUPTED', kind: 'interrupted', message: 'Operation interrupted' } as const;
    interrupted.abort(new ProvisioningError(reason));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    return await runInstaller(process.argv.slice(2), {
      surroundings: processSurroundings(folder),
      folder,
      version,
      output,
      signal: interrupted.signal,
      stdin: process.stdin,
      stderr: process.stderr,
    });
  } catch (error) {
    output.error(error);
    return ProvisioningError.from(error).exitCode;
  }
}

process.exitCode = await main();
// A connection that stays open for a while must not keep the program.
process.exit();
