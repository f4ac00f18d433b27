import { setFlagsFromString } from 'node:v8';
import { collectYoungGarbageWith } from '@provisioning/distribution';

type Collector = (options: { readonly type: 'minor' }) => void;

/**
 * Keeps V8's young generation at its first size for the rest of this process, and lets it be collected as content passes.
 * Bytes of a transfer are garbage the moment they are written; left to itself, V8 holds on to 80 MiB of them for nothing.
 */
export function keepMemoryFlat(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  let collector: Collector | undefined;
  collectYoungGarbageWith(() => {
    collector ??= garbageCollector();
    collector({ type: 'minor' });
  });
}

/** V8's collector, which a context that is made after the flag was set can see. Looked up with the first large content. */
function garbageCollector(): Collector {
  setFlagsFromString('--expose-gc');
  const { runInNewContext } = process.getBuiltinModule('node:vm');
  return runInNewContext('gc') as Collector;
}
