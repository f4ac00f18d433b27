import { readdir } from 'node:fs/promises';
import { Cluster, type Component } from '../schemas/cluster.ts';
import type { Manifest } from '../schemas/manifest.ts';
import { documented, findingsOf, packaged, readYaml } from './package-groups.ts';
import { type ConformanceReport, expectThat, type GroupRecorder, ReportBuilder } from './report.ts';

/** Servers on which the kit deploys a cluster for real. */
export interface ClusterDeployment {
  /**
   * Deploys what is missing. @returns names of the components it deployed, in that order.
   * With `failAt` that component fails; the names of what was taken away again are then in `removed`, in order.
   */
  create(options?: { readonly failAt?: string }): Promise<{
    readonly deployed: readonly string[];
    readonly removed: readonly string[];
  }>;
  healthy(): Promise<boolean>;
  /** @returns names of the components it removed, in that order. */
  delete(): Promise<{ readonly removed: readonly string[] }>;
}

export interface ClusterConformanceOptions {
  /** Folder of the package, with `manifest.yaml` and `cluster.yaml`. */
  readonly folder: string;
  /** What `cluster.yaml.hbs` comes to with some settings; without it such a definition is left out. */
  readonly definition?: unknown;
  /** Servers to deploy on; without them the kit looks at the package alone and leaves the rest out. */
  readonly deployment?: ClusterDeployment;
}

/**
 * Runs a cluster through what every cluster must keep (07 §10): its package, its components and their order, and with
 * servers its deployment, rollback and removal. It needs no test runner.
 */
export async function runClusterConformance(options: ClusterConformanceOptions): Promise<ConformanceReport> {
  const { folder, definition, deployment } = options;
  const builder = new ReportBuilder();
  const manifest = await builder.group('discovered', (recorder) => packaged(recorder, folder, 'cluster'));
  await builder.group('documents', (recorder) => documented(recorder, folder));
  const cluster = await builder.group('definition', (recorder) =>
    defined(recorder, folder, manifest, definition),
  );
  if (cluster !== undefined) {
    await builder.group('components', (recorder) => composed(recorder, cluster, manifest));
    await builder.group('deployment', (recorder) => deploys(recorder, cluster, deployment));
  }
  return builder.report('cluster', manifest?.name ?? folder);
}

/** 3: `cluster.yaml`, or the manifest itself, by the schema of clusters (05 §5.1). */
async function defined(
  group: GroupRecorder,
  folder: string,
  manifest: Manifest | undefined,
  rendered: unknown,
): Promise<Cluster | undefined> {
  let cluster: Cluster | undefined;
  const names = await readdir(folder);
  const file = names.find((name) => /^cluster\.ya?ml$/.test(name));
  if (file === undefined && rendered === undefined && names.includes('cluster.yaml.hbs')) {
    group.skip(
      'the definition is valid',
      'cluster.yaml.hbs is rendered with settings: give what it comes to',
    );
    return undefined;
  }
  await group.check('the definition is valid', async () => {
    const written = (file === undefined ? (rendered ?? manifest) : await readYaml(folder, file)) as
      object | null;
    expectThat(Array.isArray((written as Partial<Cluster> | undefined)?.components), 'it has no components');
    const complete = { resources: {}, network: {}, features: {}, ...structuredClone(written) } as Cluster;
    const findings = findingsOf(Cluster, complete);
    expectThat(findings.length === 0, findings.join('; '));
    cluster = complete;
  });
  await group.check('definition and manifest name the same cluster', () => {
    expectThat(
      cluster === undefined || cluster.name === manifest?.name,
      `the definition names ${cluster?.name}`,
    );
  });
  return cluster;
}

/** 4: components that are told apart, and an order in which they can be deployed (07 §10.2). */
async function composed(
  group: GroupRecorder,
  { components }: Cluster,
  manifest: Manifest | undefined,
): Promise<void> {
  const names = components.map(({ name }) => name);
  await group.check('has components, each with a name of its own', () => {
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    expectThat(names.length > 0, 'there are none');
    expectThat(twice.length === 0, `twice: ${twice.join(', ')}`);
  });
  await group.check('every dependency is a component', () => {
    const unknown = components.flatMap(({ name, dependencies }) =>
      dependencies.filter((one) => !names.includes(one)).map((one) => `${name} needs ${one}`),
    );
    expectThat(unknown.length === 0, unknown.join('; '));
  });
  await group.check('there is an order to deploy them in', () => {
    const stuck = stuckComponents(components);
    expectThat(stuck.length === 0, `these wait for each other: ${stuck.join(', ')}`);
  });
  await group.check('the manifest depends on the taskservs it deploys', () => {
    const known = Object.keys({ ...manifest?.dependencies, ...manifest?.optional_dependencies }).flatMap(
      (entry) => entry.split('|').map((name) => name.replace(/^.*\//, '').trim()),
    );
    const missing = components
      .filter(({ type, enabled }) => type === 'taskserv' && enabled)
      .map(({ name, service = name }) => service)
      .filter((service) => !known.includes(service));
    expectThat(missing.length === 0, `dependencies lack ${[...new Set(missing)].join(', ')}`);
  });
}

/** Components that never become ready. */
function stuckComponents(components: readonly Component[]): string[] {
  const known = new Set(components.map(({ name }) => name));
  const done = new Set<string>();
  for (;;) {
    const ready = components.filter(
      ({ name, dependencies }) =>
        !done.has(name) && dependencies.every((one) => done.has(one) || !known.has(one)),
    );
    if (ready.length === 0) return [...known].filter((name) => !done.has(name));
    for (const { name } of ready) done.add(name);
  }
}

/** 5: created in order, left alone the second time, rolled back and removed in reverse (07 §10.2-10.3). */
async function deploys(
  group: GroupRecorder,
  { components }: Cluster,
  deployment: ClusterDeployment | undefined,
): Promise<void> {
  if (deployment === undefined)
    return group.skip('created, left alone, rolled back, removed', 'no servers were given');
  const enabled = components.filter((component) => component.enabled);
  const last = enabled.findLast(
    ({ name }) => !enabled.some(({ dependencies }) => dependencies.includes(name)),
  );
  await group.check('a component that fails takes back what went before it, in reverse', async () => {
    const { deployed, removed } = await deployment.create({ failAt: last!.name });
    expectThat(!deployed.includes(last!.name), `${last!.name} counts as deployed`);
    expectThat(
      [...deployed].sort().join() === [...removed].sort().join(),
      `deployed ${deployed.join(', ')}, took back ${removed.join(', ')}`,
    );
    expectOrder([...removed].reverse(), enabled);
  });
  await group.check('deploys its components in their order', async () => {
    const { deployed } = await deployment.create();
    expectThat(deployed.length === enabled.length, `deployed ${deployed.join(', ')}`);
    expectOrder(deployed, enabled);
  });
  await group.check('is healthy', async () => expectThat(await deployment.healthy(), 'it says it is not'));
  await group.check('a second run deploys nothing', async () => {
    const { deployed } = await deployment.create();
    expectThat(deployed.length === 0, `deployed ${deployed.join(', ')}`);
  });
  await group.check('is removed in reverse', async () => {
    const { removed } = await deployment.delete();
    expectThat(removed.length === enabled.length, `removed ${removed.join(', ')}`);
    expectOrder([...removed].reverse(), enabled);
  });
}

/** @throws Error unless every component stands after all it depends on. */
function expectOrder(order: readonly string[], components: readonly Component[]): void {
  for (const { name, dependencies } of components) {
    for (const dependency of dependencies) {
      const [first, second] = [order.indexOf(dependency), order.indexOf(name)];
      expectThat(first < 0 || second < 0 || first < second, `${name} stands before ${dependency}`);
    }
  }
}
