import { join } from 'node:path';
import type { Cluster, Component, Context, Server } from '@provisioning/extensions-sdk';
import { definedServer } from '@provisioning/extensions-sdk/testing';
import localProvider from '@provisioning/provider-local';
import { TaskservBed, type TestHost } from '../../../../../tools/testing/taskserv-bed.ts';
import { loadCluster } from '../definition.ts';
import { type ClusterPlanOptions, planCluster } from '../plan.ts';
import { ExtensionCatalogue } from '../../extensions/discover.ts';
import type { Infrastructure } from '../../infra/index.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Project } from '../../project/project.ts';
import { runGraph } from '../../execution/operations.ts';
import type { NodeResult } from '../../execution/run-graph.ts';

/** Real servers with an infrastructure around them, for clusters. */
export class ClusterBed implements AsyncDisposable {
  readonly bed: TaskservBed;
  readonly hosts = new Map<string, TestHost>();
  readonly #catalogue: ExtensionCatalogue;

  private constructor(bed: TaskservBed) {
    this.bed = bed;
    this.#catalogue = new ExtensionCatalogue({
      workspacePath: bed.workspacePath,
      moduleUrls: [import.meta.url],
    });
  }

  static async make(hostnames: readonly string[]): Promise<ClusterBed> {
    const bed = new ClusterBed(await TaskservBed.make());
    await Promise.all(hostnames.map((hostname) => bed.add(hostname)));
    return bed;
  }

  async add(hostname: string, overrides: Parameters<TaskservBed['host']>[1] = {}): Promise<TestHost> {
    const host = await this.bed.host(hostname, overrides);
    this.hosts.set(hostname, host);
    return host;
  }

  /** The output of a script on a server. */
  sh(hostname: string, script: string): Promise<string> {
    return this.hosts.get(hostname)!.sh(script);
  }

  /** The servers as a definition has them: larger than they are, as their limits are not what is tested. */
  infrastructure(changes: Partial<Infrastructure> = {}): Infrastructure {
    return {
      name: 'demo',
      path: join(this.bed.workspacePath, 'infra/demo'),
      environment: 'development',
      settings: { cluster_admin_host: '', server_defaults: {} },
      servers: [...this.hosts.keys()]
        .sort()
        .map((hostname): Server => definedServer({ hostname, provider: 'local', memory: 8192, cores: 4 })),
      taskservs: {},
      clusters: {},
      auto_scaling: {},
      ...changes,
    } as Infrastructure;
  }

  context(): Context {
    return this.bed.context({ providerMetadata: () => Promise.resolve(localProvider.metadata()) });
  }

  load(name: string, clusters: Infrastructure['clusters'] = {}): Promise<Cluster> {
    return loadCluster(name, {
      catalogue: this.#catalogue,
      infrastructure: this.infrastructure({ clusters }),
    });
  }

  async plan(cluster: Cluster, options: ClusterPlanOptions = {}): Promise<Plan> {
    return planCluster(this.context(), this.infrastructure(), cluster, options);
  }

  /** The graph runner needs nothing of a project but contexts. */
  run(plan: Plan, rollback = false): Promise<readonly NodeResult[]> {
    const project = { context: () => this.context() } as unknown as Project;
    return runGraph(project, plan.graph, { runId: `test-${Date.now()}`, rollback });
  }

  /** Runs a plan that has to succeed. */
  async carryOut(plan: Plan): Promise<void> {
    const failed = (await this.run(plan)).find(({ status }) => status !== 'completed');
    if (failed !== undefined)
      throw new Error(`${failed.name} ${failed.status}: ${failed.error?.message ?? ''}`);
  }

  /** Waits until a script on a server prints what is expected. */
  async eventually(hostname: string, script: string, expected: string | RegExp): Promise<void> {
    let seen = '';
    for (let attempt = 0; attempt < 160; attempt += 1) {
      seen = (await this.sh(hostname, `{ ${script}\n} 2>&1 || true`)).trim();
      if (typeof expected === 'string' ? seen === expected : expected.test(seen)) return;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    throw new Error(`${hostname}: expected ${String(expected)}, last seen: ${seen}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.bed[Symbol.asyncDispose]();
  }
}

export function component(
  name: string,
  dependencies: readonly string[] = [],
  values: Partial<Component> & { readonly servers?: string | readonly string[] } = {},
): Component {
  return { name, type: 'taskserv', enabled: true, dependencies: [...dependencies], config: {}, ...values };
}

export function clusterOf(components: readonly Component[], name = 'chain'): Cluster {
  return {
    name,
    version: '1.0.0',
    description: '',
    components: [...components],
    resources: { min_nodes: 1, cpu_per_node: '1', memory_per_node: '512Mi', storage_per_node: '1Gi' },
    network: { cluster_cidr: '', service_cidr: '', dns_domain: '' },
    features: { monitoring: false, logging: false, ingress: false, storage: false },
  };
}
