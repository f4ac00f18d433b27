import { ProvisioningError } from '@provisioning/extensions-sdk';

const units: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds of an age such as `30d`. @throws ProvisioningError `INVALID_AGE`, exit 2. */
export function parseAge(text: string): number {
  const match = /^(\d+)([smhdw])$/.exec(text);
  if (match !== null) return Number(match[1]) * units[match[2]!]!;
  throw new ProvisioningError({
    code: 'INVALID_AGE',
    kind: 'usage',
    message: `${text} is no age; write a number with s, m, h, d or w, such as 30d`,
  });
}
