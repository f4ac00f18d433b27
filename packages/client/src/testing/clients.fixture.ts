import { ProvisioningClient } from '../index.ts';
import type { ClientOptions } from '../index.ts';
import { type FakeOptions, type FakeOrchestrator, startFakeOrchestrator } from './fake-orchestrator.ts';

/** Fake orchestrators and clients of a test file; all end together. */
const ends: (() => Promise<void>)[] = [];

/** Ends everything that was made since the last call: for `afterEach`. */
export async function endAll(): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end();
}

export async function start(options: FakeOptions = {}): Promise<FakeOrchestrator> {
  const fake = await startFakeOrchestrator(options);
  ends.push(() => fake.close());
  return fake;
}

export function clientOf(fake: FakeOrchestrator, options: ClientOptions = {}): ProvisioningClient {
  const client = new ProvisioningClient({
    baseUrl: fake.url,
    retry: { baseDelay: 1 },
    reconnectInterval: 5,
    ...options,
  });
  ends.push(() => client.close());
  return client;
}

export const login = { username: 'ada', password: 'correct horse' };
export const users = { ada: 'correct horse' };

export async function until(test: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!test()) {
    if (Date.now() > end) throw new Error('not in time');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
