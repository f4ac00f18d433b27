import { execFile } from 'node:child_process';
import { type ConfigCipher, isSops } from '../cipher.ts';
import { formatOf } from '../document.ts';
import type { Surroundings } from '../surroundings.ts';

/** Files encrypted by SOPS, through its binary; the plain text comes back over a pipe and is never on disk. */
export function sopsCipher(surroundings: Surroundings): ConfigCipher {
  return {
    name: 'sops',
    detect: (bytes) => isSops(bytes),
    decrypt: (bytes, file) => run(['--decrypt', ...types(file), '/dev/stdin'], bytes, surroundings),
    describe: () => ({ format: 'sops' }),
  };
}

function types(file: string): string[] {
  const format = formatOf(file) === 'json' ? 'json' : 'yaml';
  return ['--input-type', format, '--output-type', format];
}

function run(
  parameters: readonly string[],
  input: Uint8Array,
  surroundings: Surroundings,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const options = {
      env: surroundings.env as NodeJS.ProcessEnv,
      encoding: 'buffer' as const,
      maxBuffer: 1 << 24,
      timeout: 30_000,
    };
    const child = execFile('sops', parameters, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if ((error as NodeJS.ErrnoException).code === 'ENOENT')
        reject(new Error('sops binary not found in PATH'));
      else reject(new Error(stderr.toString().trim().split('\n')[0] ?? error.message));
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
