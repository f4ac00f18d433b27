import { readFileSync } from 'node:fs';
import { compareVersions, satisfies } from './version.ts';

/** What this installation is: product version and the platform of the machine. */
export interface Product {
  readonly version: string;
}

let version: string | undefined;

/** Version of the product: that of the core package. */
export function productVersion(): string {
  version ??= findVersion();
  return version;
}

function findVersion(): string {
  for (const path of ['../../package.json', '../package.json', './package.json']) {
    try {
      const text = readFileSync(new URL(path, import.meta.url), 'utf8');
      const { version: found } = JSON.parse(text) as { version?: string };
      if (found !== undefined) return found;
    } catch {
      continue;
    }
  }
  return '0.0.0';
}

/** Why an extension does not fit this version of the product; `undefined` when it does (08 §3.3). */
export function incompatibility(
  manifest: Readonly<Record<string, unknown>>,
  product: Product,
): string | undefined {
  const release = product.version.replace(/[-+].*$/, '');
  const minimum = manifest.min_provisioning_version;
  if (typeof minimum === 'string' && compareVersions(release, minimum) < 0) {
    return `needs provisioning ${minimum} or newer, this is ${product.version}`;
  }
  const range = (manifest.compatibility as { provisioning?: unknown } | undefined)?.provisioning;
  if (typeof range === 'string' && !satisfies(release, range)) {
    return `needs provisioning ${range}, this is ${product.version}`;
  }
  return undefined;
}
