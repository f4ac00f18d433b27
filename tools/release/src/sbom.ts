import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { npm } from './npm.ts';
import { publishedPackages, root } from './packages.ts';

interface Component {
  readonly 'bom-ref': string;
  name: string;
}

interface Dependency {
  readonly ref: string;
  readonly dependsOn?: readonly string[];
}

interface Sbom {
  components: readonly Component[];
  dependencies: readonly Dependency[];
  serialNumber?: string;
  readonly metadata: { timestamp?: string; readonly component: Component };
}

/**
 * Writes the bill of materials of everything that ships (CycloneDX, from the lock file). Without the random serial number
 * and with `SOURCE_DATE_EPOCH` as its time, two builds of one tree give one file.
 * @returns number of components.
 */
export async function writeSbom(file: string, epochSeconds: number): Promise<number> {
  const words = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--workspaces'];
  const sbom = JSON.parse(await npm(words, { cwd: root })) as Sbom;
  const { component } = sbom.metadata;
  // Told to omit what is for development, npm omits too much: also what one package needs and another one only tests with.
  const shipped = neededBy(
    publishedPackages().map(({ json }) => `${json.name}@${json.version}`),
    sbom,
  );
  const isShipped = (ref: string): boolean => ref === component['bom-ref'] || shipped.has(ref);
  sbom.components = sbom.components.filter((one) => isShipped(one['bom-ref']));
  sbom.dependencies = sbom.dependencies
    .filter(({ ref }) => isShipped(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter(isShipped) }));
  delete sbom.serialNumber;
  sbom.metadata.timestamp = new Date(epochSeconds * 1000).toISOString();
  // npm calls the product as its folder is called, which is another one on every machine.
  const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly name: string };
  component.name = name;
  await writeFile(file, `${JSON.stringify(sbom, null, 2)}\n`);
  return sbom.components.length;
}

/** References of components, and of all that they need. */
function neededBy(refs: readonly string[], { dependencies }: Sbom): ReadonlySet<string> {
  const direct = new Map(dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn]));
  const found = new Set<string>();
  const open = [...refs];
  for (let ref = open.pop(); ref !== undefined; ref = open.pop()) {
    if (found.has(ref)) continue;
    found.add(ref);
    open.push(...(direct.get(ref) ?? []));
  }
  return found;
}
