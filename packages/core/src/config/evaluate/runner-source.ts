/**
 * The program that runs in the child process: imports a definition, calls it when it is a function, and prints what
 * it exports after a marker, so that what the definition itself prints cannot be mistaken for it. It is text because
 * it must run from the source tree and from a bundle alike.
 */
export const runnerSource = `
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
const { file, context, marker } = JSON.parse(process.argv[1]);
const bad = (value, path, seen) => {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') return path || 'default';
  if (typeof value !== 'object' || value === null) return undefined;
  if (seen.has(value)) return path || 'default';
  seen.add(value);
  for (const [key, item] of Object.entries(value)) {
    const found = bad(item, path === '' ? key : path + '.' + key, seen);
    if (found !== undefined) return found;
  }
  seen.delete(value);
};
const answer = (result) => {
  const bytes = Buffer.from('\\n' + marker + JSON.stringify(result) + '\\n');
  for (let sent = 0; sent < bytes.length; ) {
    try {
      sent += writeSync(1, bytes, sent);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
};
try {
  const module = await import(pathToFileURL(file).href);
  let value = module.default;
  if (typeof value === 'function') value = await value(context);
  const key = bad(value, '', new Set());
  answer(key === undefined ? { value, cacheable: module.cacheable === true } : { unserializable: key });
} catch (error) {
  answer({ error: String(error?.message ?? error), stack: String(error?.stack ?? '') });
}
process.exit(0);
`;
