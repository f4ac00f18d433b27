import { Controller, Inject } from '@nestjs/common';
import { chooseSize } from '@provisioning/core';
import { ProvisioningError, type Server } from '@provisioning/extensions-sdk';
import { Answer, type ApiInput, Endpoint, Input, requireMatch } from '@provisioning/service-kit';
import type { Static } from 'typebox';
import { clusterNodes } from '../resources/cluster-nodes.ts';
import { workflowOf } from '../resources/deployment.ts';
import type { OpenedInfrastructure, Place } from '../resources/infrastructures.ts';
import { definedServer, serverNodes } from '../resources/server-nodes.ts';
import { taskservNodes } from '../resources/taskserv-nodes.ts';
import { ApiService } from './api-service.ts';
import { type ListQuery, paged, pageOf } from './paging.ts';
import { ResourceWork } from './resource-work.ts';
import { type CreateServer, resourceRoutes } from './routes/resources.ts';

type Query = Place & ListQuery & { readonly provider?: string; readonly server?: string };
type CreateServer = Static<typeof CreateServer>;

/** Servers, taskservs and clusters as resources (13 §6). Reading asks nobody; changes are workflows. */
@Controller()
export class ResourcesController {
  readonly #api: ApiService;
  readonly #work: ResourceWork;

  constructor(@Inject(ApiService) api: ApiService) {
    this.#api = api;
    this.#work = new ResourceWork(api);
  }

  @Endpoint(resourceRoutes.listServers)
  async servers(@Input() input: ApiInput<unknown, Query>) {
    const { provider } = input.query;
    const all = await this.#api.inventory.servers(input.query);
    return listed(
      all.filter((server) => provider === undefined || server.provider === provider),
      input,
    );
  }

  @Endpoint(resourceRoutes.createServer)
  async createServer(@Input() input: ApiInput<CreateServer>) {
    const { body } = input;
    if (input.level === 'v3' && 'operations' in body) return this.#work.batch(input);
    const name = body.name?.trim() ?? '';
    if (name === '') throw invalid('/name', 'Name cannot be empty');
    const { infra, workspace, workflow_options: options, provider, plan } = body;
    await using opened = await this.#api.infrastructures.open({
      infra,
      workspace,
      environment: input.environment,
    });
    const zone = body.zone ?? 'auto';
    const server = definedServer(
      opened.definition,
      {
        name,
        zone,
        ...(plan === undefined ? {} : { plan }),
        ...(provider === undefined ? {} : { provider }),
      },
      '',
    );
    await checkPlan(opened, server);
    const nodes = serverNodes(opened.definition, await opened.state(), { verb: 'create', servers: [server] });
    const definition = workflowOf(opened, 'server', `server create ${server.hostname}`, nodes, {
      check_mode: body.check_mode,
      ...(options?.retry_count === undefined
        ? {}
        : { retry_policy: { max_attempts: options.retry_count + 1 } }),
    });
    const defined = opened.definition.servers.some(({ hostname }) => hostname === server.hostname);
    const warnings = [
      `${server.hostname} is not in the definition of '${opened.definition.name}': the next deploy deletes it. Add it there to keep it`,
    ];
    const facts = { id: server.hostname, name: server.hostname, plan: server.plan, zone: server.zone };
    return this.#work.submit(definition, input, {
      data: (id) => ({
        ...(input.level === 'v1' ? { ...facts, created_at: new Date().toISOString() } : {}),
        ...(input.level === 'v3' ? { batch_id: id, operations: nodes.map((node) => ({ id: node.id })) } : {}),
        ...(defined ? {} : { warnings }),
      }),
      status: input.level === 'v1' ? 'pending' : 'queued',
      done: async () => new Answer(await this.#api.inventory.server(server.hostname, body), { status: 201 }),
    });
  }

  @Endpoint(resourceRoutes.getServer)
  server(@Input() { params, query }: ApiInput<unknown, Query>) {
    return this.#api.inventory.server(params['id']!, query);
  }

  @Endpoint(resourceRoutes.getServerStatus)
  async serverStatus(@Input() { params, query }: ApiInput<unknown, Query>) {
    const { id, status, ip_addresses, taskservs } = await this.#api.inventory.server(params['id']!, query);
    const failed = taskservs.some((taskserv) => taskserv.status === 'failed');
    const health = status !== 'running' ? 'unhealthy' : failed ? 'degraded' : 'healthy';
    return { id, status, health, ip_addresses, taskservs };
  }

  @Endpoint(resourceRoutes.updateServer)
  async updateServer(@Input() input: ApiInput<Record<string, unknown>, Query>) {
    const { hostname, infra, workspace } = await this.#api.inventory.server(input.params['id']!, input.query);
    await using opened = await this.#api.infrastructures.open({
      infra,
      workspace,
      environment: input.environment,
    });
    const server = definedServer(opened.definition, { ...input.body, hostname }, '');
    await checkPlan(opened, server);
    const nodes = serverNodes(opened.definition, await opened.state(), { verb: 'update', servers: [server] });
    return this.#work.submit(workflowOf(opened, 'server', `server update ${hostname}`, nodes, {}), input, {
      done: async () => new Answer(await this.#api.inventory.server(hostname, { infra, workspace })),
    });
  }

  @Endpoint(resourceRoutes.deleteServer)
  async deleteServer(@Input() input: ApiInput<unknown, Query & { keep_storage?: boolean; force?: boolean }>) {
    const server = await this.#api.inventory.server(input.params['id']!, input.query);
    await requireMatch(input.headers, async () => server);
    const { hostname, infra, workspace } = server;
    await using opened = await this.#api.infrastructures.open({
      infra,
      workspace,
      environment: input.environment,
    });
    const { keep_storage: keepStorage, force } = input.query;
    const work = { verb: 'delete', servers: [hostname], keepStorage, force } as const;
    const nodes = serverNodes(opened.definition, await opened.state(), work);
    return this.#work.submit(workflowOf(opened, 'server', `server delete ${hostname}`, nodes, {}), input, {
      done: async () => new Answer('Server deleted successfully', { status: 200 }),
    });
  }

  @Endpoint(resourceRoutes.listTaskservs)
  async taskservs(@Input() input: ApiInput<unknown, Query>) {
    const { server } = input.query;
    const all = await this.#api.inventory.taskservs(input.query);
    return listed(
      all.filter((taskserv) => server === undefined || taskserv.server === server),
      input,
    );
  }

  @Endpoint(resourceRoutes.createTaskserv)
  async createTaskserv(
    @Input()
    input: ApiInput<
      Place & {
        taskserv: string;
        servers?: string[];
        version?: string;
        config?: Record<string, unknown>;
        check_mode?: boolean;
      }
    >,
  ) {
    const { body } = input;
    await using opened = await this.#api.infrastructures.open({
      infra: body.infra,
      workspace: body.workspace,
      environment: input.environment,
    });
    const nodes = await taskservNodes(opened, { ...body, operation: 'create', names: [body.taskserv] });
    const name = `taskserv create ${body.taskserv}`;
    return this.#work.submit(
      workflowOf(opened, 'taskserv', name, nodes, { check_mode: body.check_mode }),
      input,
    );
  }

  @Endpoint(resourceRoutes.getTaskserv)
  taskserv(@Input() { params, query }: ApiInput<unknown, Query>) {
    return this.#api.inventory.taskserv(params['id']!, query, query.server);
  }

  @Endpoint(resourceRoutes.getTaskservStatus)
  async taskservStatus(@Input() { params, query }: ApiInput<unknown, Query>) {
    const { name, version, status } = await this.#api.inventory.taskserv(params['id']!, query, query.server);
    return { service: name, version, status, health: status === 'installed' ? 'healthy' : 'unhealthy' };
  }

  @Endpoint(resourceRoutes.deleteTaskserv)
  async deleteTaskserv(@Input() input: ApiInput<unknown, Query>) {
    const { params, query } = input;
    const found = await this.#api.inventory.taskserv(params['id']!, query, query.server);
    await requireMatch(input.headers, async () => found);
    await using opened = await this.#api.infrastructures.open({
      infra: found.infra,
      workspace: found.workspace,
      environment: input.environment,
    });
    const work = { operation: 'delete', names: [found.name], servers: [found.server] } as const;
    const name = `taskserv delete ${found.name}`;
    const nodes = await taskservNodes(opened, work);
    return this.#work.submit(workflowOf(opened, 'taskserv', name, nodes, {}), input);
  }

  @Endpoint(resourceRoutes.listClusters)
  async clusters(@Input() input: ApiInput<unknown, Query>) {
    return listed(await this.#api.inventory.clusters(input.query), input);
  }

  @Endpoint(resourceRoutes.createCluster)
  async createCluster(
    @Input() input: ApiInput<Place & { name: string; version?: string; check_mode?: boolean }>,
  ) {
    const { name, infra, workspace, version, check_mode } = input.body;
    await using opened = await this.#api.infrastructures.open({
      infra,
      workspace,
      environment: input.environment,
    });
    const nodes = await clusterNodes(opened, { operation: 'create', cluster: name, version });
    return this.#work.submit(
      workflowOf(opened, 'cluster', `cluster create ${name}`, nodes, { check_mode }),
      input,
    );
  }

  @Endpoint(resourceRoutes.getCluster)
  cluster(@Input() { params, query }: ApiInput<unknown, Query>) {
    return this.#api.inventory.cluster(params['id']!, query);
  }

  @Endpoint(resourceRoutes.scaleCluster)
  scaleCluster(@Input() input: ApiInput<{ component: string; replicas: number }, Query>) {
    return this.#cluster(input, { operation: 'scale', ...input.body });
  }

  @Endpoint(resourceRoutes.deleteCluster)
  async deleteCluster(@Input() input: ApiInput<unknown, Query & { force?: boolean }>) {
    await requireMatch(input.headers, () => this.#api.inventory.cluster(input.params['id']!, input.query));
    return this.#cluster(input, { operation: 'delete', force: input.query.force });
  }

  async #cluster(input: ApiInput<unknown, Query>, work: Omit<Parameters<typeof clusterNodes>[1], 'cluster'>) {
    const { name, infra, workspace } = await this.#api.inventory.cluster(input.params['id']!, input.query);
    await using opened = await this.#api.infrastructures.open({
      infra,
      workspace,
      environment: input.environment,
    });
    const nodes = await clusterNodes(opened, { ...work, cluster: name });
    return this.#work.submit(
      workflowOf(opened, 'cluster', `cluster ${work.operation} ${name}`, nodes, {}),
      input,
    );
  }
}

/** @throws ProvisioningError `INVALID_PLAN` (422) */
async function checkPlan({ context }: OpenedInfrastructure, server: Server): Promise<void> {
  const provider = await context.provider(server.provider);
  const { category } = await context.providerMetadata(server.provider);
  chooseSize(server, await provider.listPlans(), category !== 'cloud');
}

/** A page of records, newest first unless sorted by a field. */
function listed<T extends { readonly status: string }>(all: readonly T[], input: ApiInput<unknown, Query>) {
  const page = pageOf(input.query);
  const field = input.query.sort?.replace(/^-/, '');
  const wanted = input.query.status?.toLowerCase().split(',');
  const matching = all.filter(({ status }) => wanted === undefined || wanted.includes(status.toLowerCase()));
  const value = (record: T): string => String((record as Record<string, unknown>)[field ?? ''] ?? '');
  if (field !== undefined) matching.sort((a, b) => value(a).localeCompare(value(b), 'en', { numeric: true }));
  if (page.descending && field !== undefined) matching.reverse();
  return paged(matching.slice(page.offset, page.offset + page.limit), matching.length, page, input);
}

function invalid(path: string, message: string): ProvisioningError {
  return new ProvisioningError({
    code: 'VALIDATION_FAILED',
    kind: 'usage',
    message,
    details: [{ path, message }],
  });
}
