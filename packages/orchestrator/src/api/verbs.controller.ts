import { Controller, Inject } from '@nestjs/common';
import type { WorkflowDefinition } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Answer } from '@provisioning/service-kit';
import { type ApiInput, Endpoint, Input } from '@provisioning/service-kit';
import type { Static } from 'typebox';
import { requireValid } from '../validation/validate.ts';
import { clusterNodes, clusterOperations } from '../resources/cluster-nodes.ts';
import { deploymentNodes, workflowOf } from '../resources/deployment.ts';
import { type ServerVerb, serverNodes, serverVerbs } from '../resources/server-nodes.ts';
import { taskservNodes, type TaskservOperation, taskservOperations } from '../resources/taskserv-nodes.ts';
import { ApiService } from './api-service.ts';
import { formerServerBody } from './former-bodies.ts';
import type { ServerWorkflow } from './routes/verbs.ts';
import {
  type ClusterWorkflow,
  type ProvisionRequest,
  type TaskservWorkflow,
  type UpdateWorkflow,
  verbRoutes,
} from './routes/verbs.ts';

/** Workflows by verb (13 §4): a definition becomes operations, the answer comes before anything runs. */
@Controller()
export class VerbsController {
  readonly #api: ApiService;

  constructor(@Inject(ApiService) api: ApiService) {
    this.#api = api;
  }

  @Endpoint(verbRoutes.createServerWorkflow)
  createServers(@Input() input: ApiInput<unknown>) {
    return this.#servers(input, 'create');
  }

  @Endpoint(verbRoutes.changeServersWorkflow)
  changeServers(@Input() input: ApiInput<unknown>) {
    const verb = input.params['verb']!;
    if ((serverVerbs as readonly string[]).includes(verb)) return this.#servers(input, verb as ServerVerb);
    throw unsupported(verb);
  }

  @Endpoint(verbRoutes.createTaskservWorkflow)
  async taskserv(@Input() input: ApiInput<Static<typeof TaskservWorkflow>>) {
    const { body } = input;
    const operation = supported(body.operation ?? 'create', taskservOperations);
    await using opened = await this.#api.infrastructures.open(body);
    const nodes = await taskservNodes(opened, {
      operation: operation as TaskservOperation,
      names: [body.taskserv],
      servers: body.servers,
      version: body.version,
      config: body.config,
      cleanupData: body.cleanup_data,
    });
    const name = `taskserv ${operation} ${body.taskserv}`;
    return this.#submit(workflowOf(opened, 'taskserv', name, nodes, body), input);
  }

  @Endpoint(verbRoutes.createClusterWorkflow)
  async cluster(@Input() input: ApiInput<Static<typeof ClusterWorkflow>>) {
    const { body } = input;
    const operation = supported(body.operation ?? 'create', clusterOperations);
    const cluster = body.cluster_type ?? body.cluster;
    if (cluster === undefined) throw missing('/cluster_type', 'cluster_type is needed');
    await using opened = await this.#api.infrastructures.open(body);
    const nodes = await clusterNodes(opened, { ...body, operation, cluster });
    const name = `cluster ${operation} ${cluster}`;
    return this.#submit(workflowOf(opened, 'cluster', name, nodes, body), input);
  }

  @Endpoint(verbRoutes.createUpdateWorkflow)
  async update(@Input() input: ApiInput<Static<typeof UpdateWorkflow>>) {
    const { body } = input;
    await using opened = await this.#api.infrastructures.open(body);
    const defined = opened.definition.servers.flatMap(({ taskservs }) => taskservs.map(({ name }) => name));
    const names = body.taskservs ?? [...new Set(defined)];
    const nodes =
      names.length === 0 ? [] : await taskservNodes(opened, { ...body, operation: 'update', names });
    const parallel_limit = body.parallel ? (body.batch_size ?? 3) : 1;
    const name = `update ${opened.definition.name}`;
    return this.#submit(workflowOf(opened, 'update', name, nodes, { ...body, parallel_limit }), input);
  }

  @Endpoint(verbRoutes.provisionWorkspace)
  async provision(@Input() input: ApiInput<Static<typeof ProvisionRequest>>) {
    await using opened = await this.#api.infrastructures.open(input.body);
    const nodes = await deploymentNodes(opened);
    const definition = workflowOf(opened, 'custom', `deploy ${opened.definition.name}`, nodes, input.body);
    return this.#api.submit(this.#valid(definition), input, (id) => ({ task_id: id, workflow_id: id }));
  }

  async #servers(input: ApiInput<unknown>, verb: ServerVerb): Promise<Answer<unknown>> {
    const body = formerServerBody(input.body) as Static<typeof ServerWorkflow>;
    if (verb === 'resize' && body.plan === undefined) throw missing('/plan', 'a resize needs a plan');
    await using opened = await this.#api.infrastructures.open(body);
    const { servers, plan, keep_storage: keepStorage, force } = body;
    const nodes = serverNodes(opened.definition, await opened.state(), {
      verb,
      servers,
      plan,
      keepStorage,
      force,
    });
    const name = `server ${verb} ${opened.definition.name}`;
    return this.#submit(workflowOf(opened, 'server', name, nodes, body), input);
  }

  #submit(definition: WorkflowDefinition, input: ApiInput<unknown, unknown>): Promise<Answer<unknown>> {
    return this.#api.submit(this.#valid(definition), input, (id, status) =>
      input.level === 'v1' ? id : { task_id: id, workflow_id: id, status },
    );
  }

  #valid(definition: WorkflowDefinition): WorkflowDefinition {
    return requireValid(definition, this.#api.validation()).definition;
  }
}

function supported<T extends string>(operation: string, known: readonly T[]): T {
  if ((known as readonly string[]).includes(operation)) return operation as T;
  throw unsupported(operation);
}

function unsupported(operation: string): ProvisioningError {
  return missing('/operation', `Unsupported operation: ${operation}`);
}

function missing(path: string, message: string): ProvisioningError {
  return new ProvisioningError({
    code: 'VALIDATION_FAILED',
    kind: 'usage',
    message,
    details: [{ path, message }],
  });
}
