/** Bytes that pass between two collections. */
const interval = 8 * 1024 * 1024;

let collect: (() => void) | undefined;
let passed = 0;

/**
 * Names what collects young garbage while large content passes through this process. Buffers of a transfer lie outside
 * of the heap, where V8 lets up to 64 MiB of them gather before it looks; a program that promises flat memory collects
 * them sooner. A library decides nothing of that kind: without a call of this, nothing is collected.
 */
export function collectYoungGarbageWith(collector: (() => void) | undefined): void {
  collect = collector;
}

/** Called as content passes. */
export function bytesPassed(count: number): void {
  passed += count;
  if (passed < interval) return;
  passed = 0;
  collect?.();
}
