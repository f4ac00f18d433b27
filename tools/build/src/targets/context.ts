import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readConfig } from '../../../release/src/config.ts';
import { describeVersion } from '../lines/version.ts';
import type { Flags } from './flags.ts';

/** What a target works with. */
export interface Context {
  readonly root: string;
  readonly flags: Flags;
  readonly environment: NodeJS.ProcessEnv;
  /** A line of the result. */
  readonly print: (line: string) => void;
  /** A line about what is going on. */
  readonly say: (line: string) => void;
}

/** Something `npm run <name>` does; answers its exit code. */
export interface Target {
  readonly summary: string;
  run(context: Context): Promise<number>;
}

/** Where packages go unless `--output-dir` says otherwise. */
export function packagesFolder({ root, flags }: Context): string {
  return resolve(root, flags.text('output-dir') ?? 'distribution/packages');
}

/** Folder of finished packages, for what is made of them. */
export function distFolder({ root, flags }: Context): string {
  return resolve(root, flags.text('dist-dir') ?? 'distribution/packages');
}

export function versionOf({ root, flags }: Context): string {
  return flags.text('version') ?? describeVersion(root);
}

/** The content of the file that a flag names, as an option of that name. */
export async function fileFlag<Name extends string>(
  { flags }: Context,
  flag: 'compatibility' | 'release-key',
  name: Name,
): Promise<Partial<Record<Name, string>>> {
  const file = flags.text(flag);
  if (file === undefined) return {};
  return { [name]: await readFile(resolve(file), 'utf8') } as Record<Name, string>;
}

/** Where this product's releases are and what packages say about it: `PROVISIONING_RELEASES_URL` and `release.toml`. */
export function productOf({ root, environment }: Context): {
  readonly releases?: string;
  readonly homepage?: string;
  readonly maintainer?: string;
} {
  const { releases, product } = readConfig(root);
  const url = environment['PROVISIONING_RELEASES_URL'] || releases?.url;
  return { ...product, ...(url === undefined ? {} : { releases: url }) };
}
