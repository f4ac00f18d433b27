import { ProviderError } from '@provisioning/extensions-sdk';
import type { Declaration, OperationDeclaration } from './schema.ts';

const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** What is called when a declaration says nothing (S:16271-16289). */
const defaultOperations: Readonly<Record<string, OperationDeclaration>> = {
  listServers: { method: 'GET', path: '/servers', items: 'servers' },
  getServer: { method: 'GET', path: '/servers/{{id}}', item: 'server' },
  createServer: {
    method: 'POST',
    path: '/servers',
    body: {
      name: '{{server.hostname}}',
      plan: '{{server.plan}}',
      zone: '{{server.zone}}',
      image: '{{server.os}}',
      ssh_keys: '{{server.ssh_public_keys}}',
      tags: '{{tags}}',
    },
    item: 'server',
  },
  deleteServer: { method: 'DELETE', path: '/servers/{{id}}' },
  'setState.running': { method: 'POST', path: '/servers/{{id}}/start' },
  'setState.stopped': { method: 'POST', path: '/servers/{{id}}/stop' },
  'setState.rebooted': { method: 'POST', path: '/servers/{{id}}/reboot' },
  listPlans: { method: 'GET', path: '/plans', items: 'plans' },
  listZones: { method: 'GET', path: '/zones', items: 'zones' },
  listImages: { method: 'GET', path: '/images', items: 'images' },
  account: { method: 'GET', path: '/account' },
  health: { method: 'GET', path: '/health' },
};

/** The operation a declaration gives, else the default; `undefined` for those without a default. */
export function operationOf(declaration: Declaration, key: string): OperationDeclaration | undefined {
  return declaration.operations?.[key] ?? defaultOperations[key];
}

/** Whether the declaration itself names the operation. */
export function declares(declaration: Declaration, key: string): boolean {
  return declaration.operations?.[key] !== undefined;
}

/** @throws ProviderError `invalid` with the first thing that is wrong. */
export function checkMethods(provider: string, declaration: Declaration): void {
  for (const { method } of Object.values(declaration.operations ?? {})) {
    if (methods.has(method.toUpperCase())) continue;
    throw new ProviderError({
      provider,
      operation: 'init',
      code: 'invalid',
      message: `Unsupported HTTP method: ${method}`,
      help: `Methods are ${[...methods].join(', ')}.`,
    });
  }
}
