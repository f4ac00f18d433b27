import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BundleEntry,
  checkBundle,
  type CompatibilityMatrix,
  gzip,
  writeTar,
} from '@provisioning/distribution';
import { parse, stringify } from 'smol-toml';

export interface BundleInput {
  readonly id: string;
  readonly name?: string;
  readonly core: string;
  readonly platform: string;
  readonly workspace?: string;
  /** `name@version`. */
  readonly extensions: readonly string[];
  readonly ltsUntil?: string;
  /** Day of the release, `2026-01-31`. */
  readonly today: string;
  /** `compatibility.toml` that gets the entry. */
  readonly matrixFile: string;
  /** Folder in which a file of every part must be, `<version>/` below it or flat. */
  readonly distDir: string;
  readonly outputDir: string;
}

/**
 * Writes a bundle: its entry in the matrix and `provisioning-bundle-<id>.tar.gz` with the digests of its parts (11 §2).
 * @throws ProvisioningError `INCOMPATIBLE_BUNDLE`; Error for a bundle that exists or a part that does not.
 * @returns path of the package.
 */
export async function createBundle(input: BundleInput): Promise<string> {
  const text = await readFile(input.matrixFile, 'utf8');
  const matrix = parse(text) as unknown as CompatibilityMatrix;
  if (matrix.bundles?.[input.id] !== undefined)
    throw new Error(`Bundle ${input.id} exists; a bundle is never changed, choose another id`);
  checkBundle(matrix, input);
  const parts: readonly (readonly [string, string])[] = [
    ['core', input.core],
    ['platform', input.platform],
    ...(input.workspace === undefined ? [] : [['templates', input.workspace] as const]),
    ...input.extensions.map((one): readonly [string, string] => {
      const at = one.lastIndexOf('@');
      if (at < 1) throw new Error(`Extension without a version: ${one}; expected name@version`);
      return [`ext-${one.slice(0, at)}`, one.slice(at + 1)];
    }),
  ];
  const lock: Record<string, { readonly version: string; readonly file: string; readonly sha256: string }> =
    {};
  for (const [part, version] of parts) {
    const file = `provisioning-${part}-${version}.tar.gz`;
    const path = [join(input.distDir, file), join(input.distDir, version, file)].find((one) =>
      existsSync(one),
    );
    if (path === undefined) throw new Error(`${file} is not in ${input.distDir}: build or publish it first`);
    lock[part] = {
      version,
      file,
      sha256: createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    };
  }
  const entry: BundleEntry = {
    name: input.name ?? input.id,
    'release-date': input.today,
    core: input.core,
    platform: input.platform,
    ...(input.workspace === undefined ? {} : { workspace: input.workspace }),
    ...(input.extensions.length === 0 ? {} : { extensions: input.extensions }),
    ...(input.ltsUntil === undefined ? {} : { 'lts-until': input.ltsUntil }),
  };
  const content = Buffer.from(`${JSON.stringify({ id: input.id, ...entry, lock }, undefined, 2)}\n`);
  await mkdir(input.outputDir, { recursive: true });
  const target = join(input.outputDir, `provisioning-bundle-${input.id}.tar.gz`);
  await writeFile(target, gzip(writeTar([{ path: 'bundle.json', content, executable: false }])));
  // Comments of the file are for people, so the entry is added to the text.
  await writeFile(input.matrixFile, `${text.trimEnd()}\n\n${stringify({ bundles: { [input.id]: entry } })}`);
  return target;
}
