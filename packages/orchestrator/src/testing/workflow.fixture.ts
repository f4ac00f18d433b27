import type { WorkflowDefinition } from '@provisioning/client';

/** A workflow of `file.create` operations; `edges` maps an operation to those it waits for. */
export function fileWorkflow(
  edges: Readonly<Record<string, readonly string[]>>,
  more: Partial<WorkflowDefinition> = {},
): WorkflowDefinition {
  return {
    name: 'test',
    version: '1.0.0',
    ...more,
    operations: Object.entries(edges).map(([id, dependencies]) => ({
      id,
      type: 'file.create',
      dependencies: [...dependencies],
    })),
  };
}
