/** What must never leave this machine inside a package; each pattern is specific enough not to hit documentation. */
const patterns: readonly (readonly [string, RegExp])[] = [
  ['private key', /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\s+[A-Za-z0-9+/=:\s-]{40}/],
  ['age identity', /AGE-SECRET-KEY-1[0-9A-Z]{58}/],
  ['AWS access key', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['GitHub token', /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b/],
  ['GitLab token', /\bglpat-[A-Za-z0-9_-]{20,}\b/],
  ['npm token', /\bnpm_[A-Za-z0-9]{36}\b/],
  ['Slack token', /\bxox[abprs]-[A-Za-z0-9-]{10,}\b/],
  ['payment provider key', /\bsk_live_[A-Za-z0-9]{20,}\b/],
];

/** The kind of secret a file's content shows, `undefined` when it shows none. Binary content is not searched. */
export function findSecret(content: Uint8Array): string | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (bytes.subarray(0, 8192).includes(0)) return undefined;
  const text = bytes.toString('latin1');
  return patterns.find(([, pattern]) => pattern.test(text))?.[0];
}

/** A text with everything the scan would find replaced, for what is meant to be handed on. */
export function maskSecrets(text: string): string {
  return patterns.reduce(
    (shown, [name, pattern]) => shown.replaceAll(new RegExp(pattern, 'g'), `[${name} redacted]`),
    text,
  );
}
