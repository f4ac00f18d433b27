/** Endings of the languages in which extensions were written before; nothing here can load them (09 §2). */
const foreign = /\.(?:nu|k)$/;

/** Why an entry point of a manifest cannot be loaded, `undefined` when all can. */
export function foreignEntryPoint(manifest: Readonly<Record<string, unknown>>): string | undefined {
  const points = Object.values((manifest.entry_points ?? {}) as Record<string, unknown>);
  const found = points.find((point) => typeof point === 'string' && foreign.test(point));
  return found === undefined
    ? undefined
    : `Entry point ${String(found)} cannot be loaded (unsupported language)`;
}
