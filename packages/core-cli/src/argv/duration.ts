import { ProvisioningError } from '@provisioning/extensions-sdk';

const units: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  sec: 1,
  second: 1,
  seconds: 1,
  m: 60,
  min: 60,
  minute: 60,
  minutes: 60,
  h: 3600,
  hr: 3600,
  hour: 3600,
  hours: 3600,
  d: 86_400,
  day: 86_400,
  days: 86_400,
  w: 604_800,
  week: 604_800,
  weeks: 604_800,
};

/**
 * Seconds of a duration: `30min`, `2hr`, `1hr 30min`, `3600sec`, `24h`, `7d` (01 §1.7). A bare number is in `unit`
 * seconds (default 1).
 */
export function parseDuration(text: string, name: string, unit = 1): number {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed) * unit;
  const parts = [...trimmed.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)\s*/gi)];
  const known = parts.every((part) => units[part[2]!.toLowerCase()] !== undefined);
  if (parts.length === 0 || !known || parts.map((part) => part[0]).join('') !== trimmed) {
    throw new ProvisioningError({
      code: 'INVALID_DURATION',
      kind: 'usage',
      message: `Invalid value for --${name}: ${text}. Expected a duration such as 30min, 2hr or 7d`,
    });
  }
  return parts.reduce((sum, part) => sum + Number(part[1]) * units[part[2]!.toLowerCase()]!, 0);
}
