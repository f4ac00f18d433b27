import type { ExtensionCatalogue } from '../extensions/discover.ts';
import type { ExtensionRecord } from '../extensions/record.ts';
import { moduleClosure } from '../modules/closure.ts';

/**
 * Finds an extension with everything it depends on, for a frozen version (03 §11.2).
 * @throws ProvisioningError `MODULE_NOT_FOUND` (exit 5), `MODULE_DEPENDENCY`
 */
export function usedByFrozen(
  catalogue: ExtensionCatalogue,
): (kind: 'provider' | 'taskserv' | 'cluster', name: string) => Promise<readonly ExtensionRecord[]> {
  return async (kind, name) => {
    const closure = await moduleClosure({
      catalogue,
      kind,
      names: [name],
      pick: (of, wanted) => catalogue.get(of, wanted).catch(() => undefined),
      available: new Map(),
      withDependencies: true,
    });
    return closure.map(({ record }) => record);
  };
}
