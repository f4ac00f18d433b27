import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ConfigCipher, isSops } from '../cipher.ts';
import { formatOf } from '../document.ts';
import type { Surroundings } from '../surroundings.ts';
import { ageKeyFiles } from './key-files.ts';

/**
 * Files encrypted by SOPS, through its binary; the plain text comes back over a pipe and is never on disk. An age key is
 * looked for where those of age files are, unless the environment says where SOPS finds one.
 */
export function sopsCipher(surroundings: Surroundings, keyPlaces: readonly string[] = []): ConfigCipher {
  return {
    name: 'sops',
    detect: (bytes) => isSops(bytes),
    async decrypt(bytes, file) {
      const env = { ...(await ageKeyVariable(surroundings, keyPlaces)), ...surroundings.env };
      // SOPS opens its input by name, which a pipe of ours has none of; what is encrypted may stand in a file.
      const folder = await mkdtemp(path.join(tmpdir(), 'sops-'));
      try {
        const input = path.join(folder, path.basename(file));
        await writeFile(input, bytes, { mode: 0o600 });
        return await run(['--decrypt', ...types(file), input], env);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    describe: () => ({ format: 'sops' }),
  };
}

/** SOPS knows no TOML: such a file is encrypted as a whole (`binary`). */
function types(file: string): string[] {
  const known = formatOf(file);
  const format = known === 'json' ? 'json' : known === 'toml' ? 'binary' : 'yaml';
  return ['--input-type', format, '--output-type', format];
}

function run(parameters: readonly string[], env: Surroundings['env']): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const options = {
      env: env as NodeJS.ProcessEnv,
      encoding: 'buffer' as const,
      maxBuffer: 1 << 24,
      timeout: 30_000,
    };
    execFile('sops', parameters, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if ((error as NodeJS.ErrnoException).code === 'ENOENT')
        reject(new Error('sops binary not found in PATH. Install SOPS to read this file'));
      else reject(new Error(reasonOf(stderr.toString()) ?? error.message));
    });
  });
}

/** The first line that says something; SOPS lists every key it tried below it. */
function reasonOf(stderr: string): string | undefined {
  return stderr
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '');
}

const keyVariables = ['SOPS_AGE_KEY', 'SOPS_AGE_KEY_FILE', 'SOPS_AGE_KEY_CMD'];

/** `SOPS_AGE_KEY_FILE` for the first key file there is, unless the environment says where SOPS finds a key. */
export async function ageKeyVariable(
  surroundings: Surroundings,
  places: readonly string[],
): Promise<Record<string, string>> {
  if (keyVariables.some((name) => (surroundings.env[name] ?? '') !== '')) return {};
  const first = (await ageKeyFiles(surroundings, places)).find(({ found }) => found);
  return first === undefined ? {} : { SOPS_AGE_KEY_FILE: first.file };
}
