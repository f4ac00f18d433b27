import { text } from 'node:stream/consumers';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ServiceOptions } from '../program/start.ts';
import type { OfflineCommand } from './command.ts';

/**
 * Runs a command of the program without a server: the request is JSON on standard input, the answer JSON on standard
 * output. The command line asks this way what it must not know itself (12 §16).
 */
export async function runOffline(name: string, options: ServiceOptions): Promise<void> {
  const command = await load(name);
  let answer: object;
  try {
    const request = JSON.parse((await text(process.stdin)) || '{}') as Record<string, unknown>;
    answer = { success: true, data: await command(request, options) };
  } catch (error) {
    answer = { success: false, error: ProvisioningError.from(error).toJSON() };
  }
  await new Promise((resolve) => process.stdout.write(`${JSON.stringify(answer)}\n`, resolve));
  // Providers and drivers may hold connections open; the answer is all there is to wait for.
  process.exit(0);
}

async function load(name: string): Promise<OfflineCommand> {
  if (name === 'show') return (await import('./show.ts')).show;
  if (name === 'list') return (await import('./show.ts')).list;
  if (name === 'migrate-store') return (await import('./migrate-store.ts')).migrateStore;
  if (name === 'repair') return (await import('./migrate-store.ts')).repair;
  const { plan, validate } = await import('./plan.ts');
  return name === 'plan' ? plan : validate;
}
