import { secretMask, secretName } from '@provisioning/core';
import type { WorkflowPlan } from '../engine/plan.ts';

/** Replaces the secrets of one workflow's payload wherever they turn up again. */
export type Redact = <T>(value: T) => T;

/** Shorter values would blot out ordinary words. */
const shortest = 4;
const nothing: Redact = (value) => value;
const redactors = new WeakMap<WorkflowPlan, Redact>();

/**
 * What operations say about themselves (results, errors, log lines, progress) without the secrets that they were given
 * (13.A20). Secrets are the values of keys that are named so, and of command-line options that are.
 */
export function redactorOf(plan: WorkflowPlan): Redact {
  let redact = redactors.get(plan);
  if (redact === undefined) redactors.set(plan, (redact = redactorFor(plan)));
  return redact;
}

function redactorFor(plan: WorkflowPlan): Redact {
  const secrets = new Set<string>();
  collect(plan.configuration, secrets);
  for (const operation of plan.operations) collect(operation.input, secrets);
  if (secrets.size === 0) return nothing;
  // The longest first: one secret may begin with another.
  const ordered = [...secrets].sort((a, b) => b.length - a.length);
  const clean = (text: string): string =>
    ordered.reduce((rest, secret) => rest.replaceAll(secret, secretMask), text);
  const redact = (value: unknown): unknown => {
    if (typeof value === 'string') return clean(value);
    if (Array.isArray(value)) return value.map(redact);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [clean(key), redact(item)]));
  };
  return redact as Redact;
}

function collect(value: unknown, secrets: Set<string>): void {
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      collect(item, secrets);
      option(item, value[index + 1], secrets);
    });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      if (secretName.test(key)) add(item, secrets);
      else collect(item, secrets);
    }
  }
}

/** `--password x` and `--password=x`. */
function option(item: unknown, next: unknown, secrets: Set<string>): void {
  const [, name, value] = typeof item === 'string' ? (/^--?([\w-]+)(?:=(.*))?$/s.exec(item) ?? []) : [];
  if (name === undefined || !secretName.test(name)) return;
  add(value ?? next, secrets);
}

function add(value: unknown, secrets: Set<string>): void {
  if (typeof value === 'string' || typeof value === 'number') {
    const text = String(value);
    if (text.length < shortest) return;
    secrets.add(text);
    // As it stands inside a JSON text.
    secrets.add(JSON.stringify(text).slice(1, -1));
  } else if (Array.isArray(value)) value.forEach((item) => add(item, secrets));
  else if (typeof value === 'object' && value !== null)
    Object.values(value).forEach((item) => add(item, secrets));
}
