import { ProvisioningError } from '@provisioning/extensions-sdk';
import { closestNames } from '../extensions/closest.ts';
import { type ExtensionKind, kinds } from '../extensions/kinds.ts';
import type { LayerResolver, Resolution } from './resolve.ts';

/** One value with everything that was beneath it, the winner first (`layer explain MODULE.KEY`). */
export interface KeyExplanation {
  readonly module: string;
  readonly key: string;
  readonly chain: readonly {
    readonly layer: string;
    readonly file: string;
    readonly line?: number;
    readonly value: unknown;
    readonly wins: boolean;
  }[];
}

/** A module by name in the kind that knows it: taskservs first. @throws ProvisioningError `MODULE_UNKNOWN`, exit 5. */
export async function resolveModule(resolver: LayerResolver, name: string): Promise<Resolution> {
  const order: readonly ExtensionKind[] = ['taskserv', 'provider', 'cluster'];
  const known: ExtensionKind[] = [];
  for (const kind of order)
    if ((await resolver.places.catalogue.find(kind, name)) !== undefined) known.push(kind);
  for (const kind of known.length > 0 ? known : order) {
    try {
      return await resolver.resolve(kind, name);
    } catch (error) {
      if (!(error instanceof ProvisioningError) || error.code !== 'MODULE_UNKNOWN') throw error;
    }
  }
  const names = (await Promise.all(kinds.map((kind) => resolver.places.catalogue.list(kind)))).flat();
  const close = closestNames(
    name,
    names.map((record) => record.name),
  );
  throw new ProvisioningError({
    code: 'MODULE_UNKNOWN',
    kind: 'not-found',
    message: `Module '${name}' not found`,
    hint:
      close.length > 0 ? `Did you mean ${close.join(', ')}?` : "Run 'provisioning module discover taskserv'.",
  });
}

/** Where the values below a key come from. @throws ProvisioningError `KEY_NOT_FOUND`, exit 5. */
export async function explainKey(resolver: LayerResolver, path: string): Promise<readonly KeyExplanation[]> {
  const [module = '', ...keys] = path.split('.');
  const key = keys.join('.');
  const { provenance } = await resolveModule(resolver, module);
  const leaves = provenance.filter(
    (leaf) => leaf.path === key || leaf.path.startsWith(`${key}.`) || key === '',
  );
  if (leaves.length === 0) {
    const close = closestNames(
      key,
      provenance.map((leaf) => leaf.path),
    );
    throw new ProvisioningError({
      code: 'KEY_NOT_FOUND',
      kind: 'not-found',
      message: `Key not found: ${path}`,
      hint:
        close.length > 0 ? `Did you mean ${module}.${close[0]}?` : `Run 'provisioning layer test ${module}'.`,
    });
  }
  return leaves.map(({ path: leaf, layer, file, line, value, shadowed }) => ({
    module,
    key: leaf,
    chain: [
      { layer, file, ...(line === undefined ? {} : { line }), value, wins: true },
      ...shadowed.map((lost) => ({ ...lost, wins: false })),
    ],
  }));
}
