import { writeFile } from 'node:fs/promises';
import { npm } from './npm.ts';
import { root } from './packages.ts';

interface Sbom {
  readonly components?: readonly unknown[];
  serialNumber?: string;
  metadata?: { timestamp?: string };
}

/**
 * Writes the bill of materials of everything that ships (CycloneDX, from the lock file). Without the random serial number
 * and with `SOURCE_DATE_EPOCH` as its time, two builds of one tree give one file.
 * @returns number of components.
 */
export async function writeSbom(file: string, epochSeconds: number): Promise<number> {
  const words = [
    'sbom',
    '--sbom-format',
    'cyclonedx',
    '--omit',
    'dev',
    '--package-lock-only',
    '--workspaces',
  ];
  const sbom = JSON.parse(await npm(words, { cwd: root })) as Sbom;
  delete sbom.serialNumber;
  if (sbom.metadata !== undefined) sbom.metadata.timestamp = new Date(epochSeconds * 1000).toISOString();
  await writeFile(file, `${JSON.stringify(sbom, null, 2)}\n`);
  return sbom.components?.length ?? 0;
}
