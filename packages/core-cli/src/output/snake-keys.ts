/** A result with the keys programs get (01 §5.2). What an author wrote into a manifest stays as it is. */
export function snakeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      key === 'manifest' ? (entry as unknown) : snakeKeys(entry),
    ]),
  );
}
