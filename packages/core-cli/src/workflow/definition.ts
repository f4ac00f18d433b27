import { dirname, resolve } from 'node:path';
import { readDocument } from '@provisioning/core';
import type { OperationDefinition, WorkflowDefinition } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** Workflows inside workflows, at most this deep (12 §5). */
const deepest = 8;

/**
 * A workflow file in TOML, YAML, JSON, TypeScript or Nickel; `workflow` and `batch_workflow` wrappers are taken off
 * (12 §3).
 * @param depth of nesting; workflows that name files are read with them
 * @throws ProvisioningError `FILE_NOT_FOUND` (exit 5), `WORKFLOW_INVALID`, and what the parser says.
 */
export async function readWorkflow(file: string, cwd: string, depth = 1): Promise<WorkflowDefinition> {
  const path = resolve(cwd, file);
  if (depth > deepest) {
    throw new ProvisioningError({
      code: 'WORKFLOW_INVALID',
      message: `Workflow nesting too deep: ${path} is level ${depth}, at most ${deepest}`,
    });
  }
  const document = await readDocument(path);
  if (!document) {
    throw new ProvisioningError({
      code: 'FILE_NOT_FOUND',
      kind: 'not-found',
      message: `Workflow file not found: ${file}`,
      location: { file: path },
    });
  }
  const value: Record<string, unknown> = document.value;
  const inner = (value['batch_workflow'] ?? value['workflow'] ?? value) as WorkflowDefinition;
  if (!Array.isArray(inner.operations)) return inner;
  const folder = dirname(path);
  return {
    ...inner,
    operations: await Promise.all(inner.operations.map((one) => withNested(one, folder, depth))),
  };
}

/** An operation of type `batch` that names a file gets the workflow in it; paths are relative to the file that names it. */
async function withNested(
  operation: OperationDefinition,
  folder: string,
  depth: number,
): Promise<OperationDefinition> {
  const written = operation as OperationDefinition & { file?: unknown };
  const file = written.file ?? written.config?.['file'];
  if (operation.type !== 'batch' || typeof file !== 'string') return operation;
  return { ...operation, workflow: await readWorkflow(file, folder, depth + 1) } as OperationDefinition;
}

/** Types of operations that take something away; a file with one asks before it is submitted. */
export function destructiveOperations(workflow: WorkflowDefinition): string[] {
  return (workflow.operations ?? [])
    .filter((operation) => {
      const action = (operation.config?.['action'] ??
        (operation as Record<string, unknown>)['action']) as unknown;
      return /(delete|destroy|stop|rollback)/i.test(
        `${operation.type} ${typeof action === 'string' ? action : ''}`,
      );
    })
    .map(({ id, type }) => `${id} (${type})`);
}
