import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { Task, WorkflowRecord } from './records.ts';
import { Submission, ValidationResult } from './workflow.ts';

/** Records that answers are made of, by operation. */
const records: Readonly<Record<string, TSchema>> = {
  getTaskStatus: Task,
  getWorkflow: WorkflowRecord,
  submitWorkflow: Submission,
  validateWorkflow: ValidationResult,
};

/**
 * What differs between an answer and its schema, for the client's option `validateResponses` (14 §1). It is given to the
 * client rather than built in, so that a page that does not want it does not load the schemas.
 */
export function checkResponse(operation: string, data: unknown): readonly string[] {
  const schema = records[operation];
  if (schema === undefined || Value.Check(schema, data)) return [];
  return Value.Errors(schema, data).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
}
