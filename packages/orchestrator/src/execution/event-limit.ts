import { ProvisioningError } from '@provisioning/extensions-sdk';

/** An event of the journal is at most 1 MiB (12 §10); a little of it is not the result. */
const largest = 1024 * 1024 - 16 * 1024;
/** Characters of a large output that stay in the record; the whole is in the log (12 §18). */
const kept = 64 * 1024;

/**
 * An output as it goes into the journal.
 * @param tell gets the whole of one that is too large, in pieces
 */
export function outputWithin(output: unknown, tell: (text: string) => void): unknown {
  const text = textOf(output);
  if (text === undefined) return output;
  for (let at = 0; at < text.length; at += kept) tell(text.slice(at, at + kept));
  return { output_truncated: true, bytes: Buffer.byteLength(text), tail: text.slice(-kept) };
}

/** @throws ProvisioningError `STEP_TOO_LARGE`: a later attempt reads the result of a step, so it cannot be cut */
export function requireStepWithin(step: string, result: unknown): void {
  const text = textOf(result);
  if (text === undefined) return;
  throw new ProvisioningError({
    code: 'STEP_TOO_LARGE',
    message: `The result of step '${step}' has ${Buffer.byteLength(text)} bytes; an event of the journal holds at most ${largest}`,
    hint: 'Keep the result elsewhere and return where it is',
    retryable: false,
  });
}

/** What is too large for an event, as text. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return Buffer.byteLength(value) > largest ? value : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const text = JSON.stringify(value);
  return text.length > largest / 4 && Buffer.byteLength(text) > largest ? text : undefined;
}
