import type { TSchema } from 'typebox';
import { Health, Task, WorkflowRecord } from '../records.ts';
import { Schedule } from '../schedules.ts';
import { Submission, ValidationResult } from '../workflow.ts';
import { either, fields, flag, list, maybe, number, oneOf, orNull, record, text } from './parts.ts';
import { rollbackOutcome, statistics, workflowPlan } from './shapes.ts';

/* What commands about workflows and the orchestrator print with `--out json`. */

/** Schema of the JSON each of these commands prints, by command. */
export const orchestrationOutputs: Readonly<Record<string, TSchema>> = {
  'batch cancel': either(fields({ cancelled: list(text) }), fields({ id: text, cancelled: flag })),
  'batch list': list(
    fields({
      id: text,
      name: text,
      kind: text,
      status: text,
      phase: text,
      infra: maybe(text),
      priority: number,
      progress: number,
      created_at: text,
      started_at: maybe(text),
      completed_at: maybe(text),
      updated_at: text,
    }),
  ),
  'batch monitor': WorkflowRecord,
  'batch rollback': either(
    fields({ check_mode: flag, order: list(text), irreversible: list(text) }),
    rollbackOutcome,
    fields({ success: flag, operations_executed: number }),
  ),
  'batch stats': statistics,
  'batch status': WorkflowRecord,
  'batch submit': either(workflowPlan, Submission, WorkflowRecord),
  'orchestrator checkpoint create': fields({ id: text, name: text }),
  'orchestrator checkpoint delete': fields({ id: text, deleted: flag }),
  'orchestrator checkpoint list': list(
    fields({ id: text, name: text, created_at: text, size: text, description: text }),
  ),
  'orchestrator checkpoint restore': fields({ id: text, restored: flag }),
  'orchestrator checkpoint show': record,
  'orchestrator health': Health,
  'orchestrator info': fields({
    health: text,
    version: orNull(text),
    mode: orNull(text),
    store: text,
    dispatcher: orNull(text),
    pid: orNull(number),
    uptime: orNull(text),
    endpoint: text,
    data_dir: text,
  }),
  'orchestrator logs': list(text),
  'orchestrator metrics': record,
  'orchestrator migrate-store': record,
  'orchestrator monitor': WorkflowRecord,
  'orchestrator repair': fields({
    inconsistencies_found: number,
    repairs_applied: number,
    repaired_at: text,
    findings: list(text),
  }),
  'orchestrator restart': fields({
    endpoint: text,
    pid: maybe(number),
    status: oneOf('degraded', 'healthy', 'unhealthy'),
    version: text,
  }),
  'orchestrator rollback': either(
    fields({ check_mode: flag, order: list(text), irreversible: list(text) }),
    rollbackOutcome,
  ),
  'orchestrator start': fields({
    already_running: flag,
    endpoint: text,
    pid: maybe(number),
    status: oneOf('degraded', 'healthy', 'unhealthy'),
    version: text,
  }),
  'orchestrator stop': fields({ stopped: flag }),
  'orchestrator submit': either(workflowPlan, Submission, WorkflowRecord),
  'orchestrator task cancel': either(
    fields({ cancelled: list(text) }),
    fields({ id: text, cancelled: flag }),
  ),
  'orchestrator task logs': list(text),
  'orchestrator task retry': Submission,
  'orchestrator task status': Task,
  'orchestrator tasks': list(
    fields({
      task_id: text,
      name: text,
      status: text,
      priority: number,
      created_at: text,
      updated_at: text,
      progress: number,
    }),
  ),
  'orchestrator validate': ValidationResult,
  'workflow cancel': either(fields({ cancelled: list(text) }), fields({ id: text, cancelled: flag })),
  'workflow checkpoint': record,
  'workflow cleanup': fields({ deleted: number }),
  'workflow dry-run': workflowPlan,
  'workflow logs': list(text),
  'workflow monitor': WorkflowRecord,
  'workflow orchestrator': Health,
  'workflow resume': Submission,
  'workflow rollback': either(
    fields({ check_mode: flag, order: list(text), irreversible: list(text) }),
    rollbackOutcome,
    fields({ success: flag, operations_executed: number }),
  ),
  'workflow schedule create': either(workflowPlan, Schedule),
  'workflow schedule delete': fields({ name: text, deleted: flag }),
  'workflow schedule list': list(Schedule),
  'workflow schedule pause': Schedule,
  'workflow schedule resume': Schedule,
  'workflow stats': statistics,
  'workflow submit': either(workflowPlan, Submission, WorkflowRecord),
  'workflow validate': ValidationResult,
};
