import { setFlagsFromString } from 'node:v8';
import { collectYoungGarbageWith } from '@provisioning/distribution';

type Collector = (options: { readonly type: 'minor' }) => void;

/**
 * Keeps V8's young generation at its size for the rest of this process once large content passes, and lets it be
 * collected meanwhile. Bytes of a transfer are garbage the moment they are written; left to itself, V8 holds on to 80 MiB
 * of them for nothing. Not before the first large content: with a changed flag, V8 takes no code from a cache any more.
 */
export function keepMemoryFlat(): void {
  let collector: Collector | undefined;
  collectYoungGarbageWith(() => {
    collector ??= garbageCollector();
    collector({ type: 'minor' });
  });
}

/** V8's collector, which a context that is made after the flag was set can see. */
function garbageCollector(): Collector {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--expose-gc');
  const { runInNewContext } = process.getBuiltinModule('node:vm');
  return runInNewContext('gc') as Collector;
}
