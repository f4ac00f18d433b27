import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadInfrastructure, planDeploy } from '@provisioning/core';
import type { Context, ProviderInstance, ProviderMetadata } from '@provisioning/extensions-sdk';
import { type BenchSuite, median, row, timed } from './suite.ts';

const taskservsEach = 20;

/** Twenty small taskserv packages, each depending on the one before it. */
async function packages(root: string): Promise<void> {
  for (let index = 0; index < taskservsEach; index++) {
    const folder = path.join(root, 'taskservs', `ts-${index}`);
    await mkdir(path.join(folder, 'schema'), { recursive: true });
    const needs = index === 0 ? '{}' : `{ ts-${index - 1}: '>=1.0.0' }`;
    await writeFile(
      path.join(folder, 'manifest.yaml'),
      `name: ts-${index}\ntype: taskserv\nversion: 1.0.0\ndescription: bench\ncategory: misc\ndependencies: ${needs}\n`,
    );
    const schema = { type: 'object', properties: { port: { type: 'integer', default: 1000 + index } } };
    await writeFile(path.join(folder, 'schema', 'config.json'), JSON.stringify(schema));
  }
}

/** A definition of `servers` servers in groups; every group says its taskservs itself. */
async function definition(root: string, servers: number, groups: number): Promise<string> {
  const workspace = path.join(root, `w${servers}-${groups}`);
  const folder = path.join(workspace, 'infra', 'main');
  await mkdir(folder, { recursive: true });
  const taskservs = Array.from({ length: taskservsEach }, (_unused, index) => `"ts-${index}"`).join(', ');
  const entries = Array.from(
    { length: groups },
    (_unused, group) =>
      `[[servers]]\nhostname = "group-${group}"\nprovider = "bench"\ncount = ${servers / groups}\ntaskservs = [${taskservs}]\n`,
  );
  await writeFile(path.join(folder, 'servers.toml'), entries.join('\n'));
  return workspace;
}

/** A provider that knows no server yet: the plan is to make all of them. */
const provider = {
  listServers: () => Promise.resolve([]),
  listPlans: () => Promise.resolve([]),
  listZones: () => Promise.resolve([]),
} as unknown as ProviderInstance;

function contextOf(root: string, workspace: string): Context {
  return {
    workspace: { name: 'bench', path: workspace },
    infra: 'main',
    environment: 'local',
    config: () => undefined,
    provider: () => Promise.resolve(provider),
    providerMetadata: () =>
      Promise.resolve({ name: 'bench', category: 'local' } as unknown as ProviderMetadata),
    extension: (_kind: string, name: string) => Promise.resolve(path.join(root, 'taskservs', name)),
    report: () => undefined,
    signal: new AbortController().signal,
    idempotencyKey: 'bench',
    now: Date.now,
    step: <T>(_name: string, work: () => Promise<T>) => work(),
  } as unknown as Context;
}

const suite: BenchSuite = {
  title: `Plan: load the definition and plan every server with ${taskservsEach} taskservs`,
  async run(say) {
    const root = await mkdtemp(path.join(tmpdir(), 'bench-plan-'));
    try {
      await packages(root);
      const measure = async (servers: number, runs: number, groups = 100): Promise<number> => {
        const workspace = await definition(root, servers, groups);
        const context = contextOf(root, workspace);
        let nodes = 0;
        const times = await timed(
          runs,
          async () => {
            const infrastructure = await loadInfrastructure({ workspacePath: workspace, infra: 'main' });
            const plan = await planDeploy(context, infrastructure, { readOnly: true });
            nodes = plan.graph.length;
          },
          1,
        );
        say(`${servers} servers: ${nodes} operations`);
        return median(times);
      };
      const small = await measure(1000, 7);
      const large = await measure(10_000, 5);
      const single = await measure(10_000, 5, 10_000);
      const memory = process.resourceUsage().maxRSS / 1024;
      return {
        rows: [
          row('plan of 10,000 servers × 20 taskservs', 'ms', large, 2000, 'limit'),
          row('the same, every server written out', 'ms', single, 2000, 'limit'),
          row('peak memory', 'MiB', memory, 1024, 'limit'),
          row('10,000 against ten times 1,000', 'ms', large, small * 10, 'ten times 1,000 servers'),
        ],
      };
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  },
};
export default suite;
