import { type Configuration, secretName } from '@provisioning/core';
import { maskSecrets } from '@provisioning/distribution';
import { Secret } from '@provisioning/extensions-sdk';
import { redact } from '@provisioning/extensions-sdk/http';

/** A text that leaves this machine without what must stay here (24.A17). */
export type Scrub = (text: string) => string;

/**
 * Takes out of a text: the values of secret variables and settings wherever they stand, what looks like a key or token
 * of a known kind, and whatever is assigned to a secret name.
 */
export function scrubber(
  environment: Readonly<Record<string, string | undefined>>,
  configuration?: Configuration,
): Scrub {
  const values = new Set<string>();
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && secretName.test(name)) values.add(value);
  if (configuration !== undefined) collect(configuration.data(), [], configuration, values);
  // Longer ones first: one secret may contain another.
  const secrets = [...values]
    .filter((value) => value.length >= 4)
    .sort((left, right) => right.length - left.length)
    .map((value) => new Secret(value));
  return (text) => maskSecrets(redact(text, secrets)).replaceAll(assignment, '$1$2[redacted]');
}

/** `password = "…"`, `API_TOKEN: …`, `"secret": "…"`. */
const assignment =
  /((?:[\w-]*(?:password|passwd|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|credential)s?)["']?)(\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;}"']+)/gi;

function collect(
  value: unknown,
  path: readonly string[],
  configuration: Configuration,
  into: Set<string>,
): void {
  if (value instanceof Secret) into.add(value.reveal());
  else if (typeof value === 'string') {
    if (configuration.isSecret([...path])) into.add(value);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) collect(inner, [...path, key], configuration, into);
  }
}
