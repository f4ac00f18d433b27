import type { WorkflowDefinition } from '@provisioning/client';
import type { Answer } from '@provisioning/service-kit';
import { type ApiInput } from '@provisioning/service-kit';
import { requireValid } from '../validation/validate.ts';
import type { ApiService } from './api-service.ts';
import { acceptBatch } from './batches.ts';

export interface WorkAnswer {
  /** Fields of the answer beside task_id, workflow_id and status. */
  readonly data?: (id: string) => object;
  readonly status?: string;
  /** The answer when the work ended well within the wait of `Prefer` (13 §1). */
  readonly done?: () => Promise<Answer<unknown>>;
}

/** Longest wait of `Prefer: wait=N` in seconds, below the time limits of proxies. */
const longestWait = 60;

/** Changes of resources: a workflow is accepted, and waited for where the client prefers that. */
export class ResourceWork {
  readonly #api: ApiService;

  constructor(api: ApiService) {
    this.#api = api;
  }

  async submit(
    definition: WorkflowDefinition,
    input: ApiInput<unknown, unknown>,
    { data, status = 'queued', done }: WorkAnswer = {},
  ): Promise<Answer<unknown>> {
    const valid = requireValid(definition, this.#api.validation()).definition;
    let id = '';
    const accepted = await this.#api.submit(valid, input, (workflow) => {
      id = workflow;
      return { task_id: workflow, workflow_id: workflow, status, ...data?.(workflow) };
    });
    const wait = preferredWait(input.headers['prefer']);
    if (wait === 0 || !done) return accepted;
    const ended = await this.#ended(id, wait);
    return ended === 'Completed' ? done() : accepted;
  }

  /** A batch body at `POST /servers` of level v3 (13 §1). */
  batch(input: ApiInput<unknown, unknown>): Promise<Answer<unknown>> {
    return acceptBatch(this.#api, input, false, (batch) => ({
      task_id: batch.batch_id,
      workflow_id: batch.batch_id,
      ...batch,
      status: 'queued',
    }));
  }

  async #ended(id: string, seconds: number): Promise<string | undefined> {
    const limit = Date.now() + seconds * 1000;
    for (;;) {
      const { status } = (await this.#api.workflows.live(id)).state;
      if (!['Pending', 'Running'].includes(status)) return status;
      if (Date.now() >= limit) return undefined;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function preferredWait(header: string | string[] | undefined): number {
  const seconds = /(?:^|[,;\s])wait=(\d+)/.exec([header ?? ''].flat().join(','))?.[1];
  return Math.min(Number(seconds ?? 0), longestWait);
}
