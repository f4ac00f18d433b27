import type { Secret } from '../secret.ts';

/**
 * Removes credentials from a text that a service or a library wrote: the values themselves and the forms in which they
 * travel (basic authorisation, percent-encoding).
 */
export function redact(text: string, secrets: readonly Secret[]): string {
  let result = text;
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value.length < 4) continue;
    for (const form of [value, encodeURIComponent(value), Buffer.from(value).toString('base64')]) {
      result = result.replaceAll(form, '[redacted]');
    }
  }
  return result
    .replaceAll(/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, '$1 [redacted]')
    .replaceAll(/(\/\/)[^/\s:@]+:[^/\s@]+@/g, '$1[redacted]@');
}
