import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPair, type CompatibilityMatrix } from '@provisioning/distribution';
import { parse } from 'smol-toml';
import { publishedPackages, root } from './packages.ts';

/** `compatibility.toml` of the repository. */
export function readMatrix(from: string = root): CompatibilityMatrix {
  return parse(readFileSync(join(from, 'compatibility.toml'), 'utf8')) as unknown as CompatibilityMatrix;
}

/** Versions of the two lines: that of the CLI, and that of the orchestrator (11 §1). */
export function lineVersions(): { readonly core: string; readonly platform: string } {
  const versions = new Map(publishedPackages().map(({ json }) => [json.name, json.version]));
  return {
    core: versions.get('@provisioning/cli') ?? '0.0.0',
    platform: versions.get('@provisioning/orchestrator') ?? '0.0.0',
  };
}

/** What is wrong with the matrix for the versions in this working tree; empty when nothing is. */
export function checkWorkingTree(): readonly string[] {
  const { core, platform } = lineVersions();
  const result = checkPair(readMatrix(), core, platform);
  return result.verdict === 'compatible' ? [] : [result.message];
}
