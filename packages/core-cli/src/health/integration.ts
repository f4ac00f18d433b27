import type { TaskservStatus } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { testNetwork } from '../network/check.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { lookAt } from '../taskserv/look.ts';
import { reportHealth } from './show.ts';

/** One test of the whole infrastructure. */
export interface IntegrationTest {
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly message: string;
}

interface Step {
  readonly name: string;
  /** What there is none of when nothing can be tested. */
  readonly subject: string;
  readonly good: string;
  /** Reasons of failures, or `undefined` when there is nothing to test. */
  run(): Promise<readonly string[] | undefined>;
}

/** Tests an infrastructure as a whole; a failing test does not stop the rest (05 §9.9). */
export async function integrationTests(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  say: (line: string) => void,
): Promise<readonly IntegrationTest[]> {
  const list = await steps(command, session);
  const results: IntegrationTest[] = [];
  for (const [index, { name, subject, good, run }] of list.entries()) {
    say(`[${index + 1}/${list.length}] ${name}...`);
    const reasons = await run().catch((error: Error) => [error.message]);
    if (reasons === undefined) results.push({ name, status: 'skipped', message: `no ${subject}` });
    else if (reasons.length === 0) results.push({ name, status: 'passed', message: good });
    else results.push({ name, status: 'failed', message: reasons.join('; ') });
  }
  return results;
}

async function steps(command: ProvisioningCommand, session: InfrastructureSession): Promise<readonly Step[]> {
  const { servers } = session.infrastructure;
  const used = [...new Set(servers.flatMap(({ taskservs }) => taskservs.map(({ name }) => name)))];
  const known = await session.project.extensions.list('taskserv');
  const databases = used.filter((name) =>
    known.some((record) => record.name === name && record.category === 'databases'),
  );
  const whole = reportHealth(command, session, ['servers', 'clusters']);
  const taskservs = async (names: readonly string[]): Promise<readonly string[] | undefined> =>
    names.length === 0 ? undefined : (await lookAt(command, names, {})).flatMap(failureOf);
  const unhealthy = (
    items: readonly { name: string; healthy: boolean; reason?: string; status: string }[],
  ) =>
    items.length === 0
      ? undefined
      : items
          .filter(({ healthy }) => !healthy)
          .map(({ name, reason, status }) => `${name}: ${reason ?? status}`);
  return [
    {
      ...{ name: 'Server connectivity', subject: 'servers', good: 'All servers reachable' },
      run: async () => unhealthy((await whole).servers),
    },
    {
      ...{ name: 'Kubernetes health', subject: 'kubernetes', good: 'kubernetes healthy on all nodes' },
      run: () => taskservs(used.filter((name) => name === 'kubernetes')),
    },
    {
      ...{ name: 'Network connectivity', subject: 'servers', good: 'All services reachable' },
      run: async () => {
        const results = await testNetwork(session);
        if (results.length === 0) return undefined;
        return results
          .filter(({ ok }) => !ok)
          .map(({ server, check, reason }) => `${server} ${check}: ${reason}`);
      },
    },
    {
      ...{ name: 'Database connectivity', subject: 'databases', good: `${databases.join(', ')} responsive` },
      run: () => taskservs(databases),
    },
    {
      ...{ name: 'Application health', subject: 'clusters', good: 'All applications healthy' },
      run: async () => unhealthy((await whole).clusters),
    },
  ];
}

function failureOf({ service, target, health }: TaskservStatus): string[] {
  if (health?.healthy === true) return [];
  const failed = health?.checks.find(({ status }) => status !== 'passed');
  return [`${service} on ${target}: ${failed?.message ?? 'not installed'}`];
}
