import type { WorkflowDefinition } from '@provisioning/client';
import type { OperationNode } from '@provisioning/extensions-sdk';
import type { WorkflowView } from '../live/view.ts';

export interface Work {
  /** What the workflow is called: `deploy demo`. */
  readonly name: string;
  readonly kind: NonNullable<WorkflowDefinition['kind']>;
  /** Dotted id of the command, for the choice of the mode. */
  readonly command: string;
  readonly nodes: readonly OperationNode[];
  /** Return as soon as the workflow is accepted. */
  readonly background?: boolean;
  /** A failure undoes what was done, in reverse order. Default: what succeeded stays. */
  readonly rollback?: boolean;
  /** Operations at once. */
  readonly parallel?: number;
  /** Ends the work; default that of the command. A lost workspace lock aborts it. */
  readonly signal?: AbortSignal;
  /** The log tells the story of the work: all of it is shown. */
  readonly story?: boolean;
}

/** What happened to the work; `submitted` means that it goes on without us. */
export interface Execution {
  readonly mode: 'direct' | 'orchestrated';
  readonly state: 'completed' | 'submitted' | 'detached';
  readonly workflowId?: string;
  readonly view?: WorkflowView;
}
