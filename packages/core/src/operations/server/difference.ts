import type { AttributeChange, Change, ObservedServer, Plan, Server } from '@provisioning/extensions-sdk';
import { chooseSize } from './specification.ts';

/** What a provider reports against what is defined: one line of a plan. */
export function serverChange(
  server: Server,
  observed: ObservedServer | undefined,
  options: {
    readonly plans: readonly Plan[];
    readonly sizesFreely: boolean;
    /** The state cache knows this server: its absence is drift. */
    readonly known: boolean;
    /** A creation that was begun has not come to its end. */
    readonly unfinished?: boolean;
  },
): Change {
  const size = chooseSize(server, options.plans, options.sizesFreely);
  const base = { kind: 'server', name: server.hostname } as const;
  if (observed === undefined || observed.status === 'deleted') {
    return {
      ...base,
      action: 'create',
      attributes: [
        { attribute: 'provider', after: server.provider },
        ...(size.plan === '' ? [] : [{ attribute: 'plan', after: size.plan }]),
        { attribute: 'cores', after: size.cores },
        { attribute: 'memory', after: size.memory },
        { attribute: 'os', after: server.os },
      ],
      ...(options.known ? { drift: true, reasons: ['the server is gone at the provider'] } : {}),
    };
  }
  const attributes: AttributeChange[] = [];
  if (observed.cores !== size.cores)
    attributes.push({ attribute: 'cores', before: observed.cores, after: size.cores });
  if (observed.memory !== size.memory)
    attributes.push({ attribute: 'memory', before: observed.memory, after: size.memory });
  if (size.plan !== '' && observed.plan !== size.plan) {
    attributes.push({ attribute: 'plan', before: observed.plan, after: size.plan });
  }
  const down =
    observed.status !== 'running' && observed.status !== 'starting' && observed.status !== 'creating';
  const immutable: AttributeChange[] = [];
  if (observed.os !== server.os) immutable.push({ attribute: 'os', before: observed.os, after: server.os });
  if (server.zone !== 'auto' && observed.zone !== server.zone) {
    immutable.push({ attribute: 'zone', before: observed.zone, after: server.zone });
  }
  if (immutable.length > 0) {
    return {
      ...base,
      action: 'replace',
      attributes: [...immutable, ...attributes],
      reasons: ['requires recreate'],
    };
  }
  if (options.unfinished === true || observed.status === 'creating') {
    return { ...base, action: 'update', attributes, drift: true, reasons: ['its creation was not finished'] };
  }
  if (attributes.length === 0 && !down) return { ...base, action: 'unchanged' };
  return {
    ...base,
    action: 'update',
    attributes,
    ...(down ? { drift: true, reasons: [`the server is ${observed.status}`] } : {}),
  };
}
