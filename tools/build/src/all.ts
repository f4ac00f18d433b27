import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type BundleResult, type BundleSpec, bundle } from './bundle.ts';
import { cliBundle } from './cli.ts';
import { providerBundles } from './provider.ts';
import { serviceBundle } from './service.ts';

export const root = new URL('../../../', import.meta.url).pathname;

/** Every bundle of the repository, in the order they are built. */
export function bundles(): readonly BundleSpec[] {
  const services = ['orchestrator', 'extension-registry', 'installer'].filter((name) =>
    existsSync(join(root, 'packages', name, 'src/main.ts')),
  );
  return [cliBundle(root), ...services.map((name) => serviceBundle(root, name)), ...providerBundles(root)];
}

/** Builds what has changed; `only` names packages. */
export async function buildAll(
  options: { readonly force?: boolean; readonly only?: readonly string[] } = {},
): Promise<readonly BundleResult[]> {
  const wanted = bundles().filter((spec) => options.only === undefined || options.only.includes(spec.name));
  // Each one is waited for: a process that ends while a bundle is made leaves half of it behind.
  const built = await Promise.allSettled(wanted.map((spec) => bundle(root, spec, options.force ?? false)));
  return built.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
