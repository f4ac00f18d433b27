import { ProvisioningError } from '@provisioning/extensions-sdk';

export interface Failed<K> {
  readonly item: K;
  readonly provider: string;
  readonly error: ProvisioningError;
}

/** Results in the order of the items; one provider failing leaves the others' results. */
export interface Dispatched<K, R> {
  readonly ok: readonly { readonly item: K; readonly provider: string; readonly result: R }[];
  readonly failed: readonly Failed<K>[];
}

/**
 * Runs a call for each item at its provider (06 §5.3, S:28218-28260): providers side by side, the items of one with at
 * most `parallel` at once.
 */
export async function dispatch<K, R>(
  items: readonly K[],
  providerOf: (item: K) => string,
  call: (provider: string, item: K) => Promise<R>,
  options: { readonly parallel?: number } = {},
): Promise<Dispatched<K, R>> {
  const { parallel = 5 } = options;
  const outcomes = new Array<{ result: R } | { error: ProvisioningError }>(items.length);
  const groups = new Map<string, number[]>();
  items.forEach((item, index) => {
    const name = providerOf(item);
    groups.set(name, [...(groups.get(name) ?? []), index]);
  });
  await Promise.all(
    [...groups].map(async ([provider, indexes]) => {
      const queue = [...indexes];
      const worker = async () => {
        for (let index = queue.shift(); index !== undefined; index = queue.shift()) {
          try {
            outcomes[index] = { result: await call(provider, items[index] as K) };
          } catch (error) {
            outcomes[index] = { error: ProvisioningError.from(error) };
          }
        }
      };
      await Promise.all(Array.from({ length: Math.min(parallel, indexes.length) }, worker));
    }),
  );
  const ok: { item: K; provider: string; result: R }[] = [];
  const failed: Failed<K>[] = [];
  items.forEach((item, index) => {
    const outcome = outcomes[index];
    const provider = providerOf(item);
    if (outcome === undefined) return;
    if ('result' in outcome) ok.push({ item, provider, result: outcome.result });
    else failed.push({ item, provider, error: outcome.error });
  });
  return { ok, failed };
}
