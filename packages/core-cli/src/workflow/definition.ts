import { resolve } from 'node:path';
import { readDocument } from '@provisioning/core';
import type { WorkflowDefinition } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/**
 * A workflow file in TOML, YAML, JSON, TypeScript or Nickel; `workflow` and `batch_workflow` wrappers are taken off
 * (12 §3).
 * @throws ProvisioningError `FILE_NOT_FOUND` (exit 5), and what the parser says.
 */
export async function readWorkflow(file: string, cwd: string): Promise<WorkflowDefinition> {
  const path = resolve(cwd, file);
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
  const inner = value['batch_workflow'] ?? value['workflow'] ?? value;
  return inner as WorkflowDefinition;
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
