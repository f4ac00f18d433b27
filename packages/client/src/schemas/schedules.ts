import { type Static, Type } from 'typebox';
import type { WorkflowDefinition } from './workflow.ts';

const overlap = Type.Union([Type.Literal('skip'), Type.Literal('allow')], {
  description: 'What happens when the run before has not ended: `skip` leaves this one out',
});

/** What a schedule is made of. */
export const ScheduleRequest = Type.Object(
  {
    cron: Type.String({
      minLength: 1,
      description: 'Five fields, or six with seconds first; also `@hourly`, `@daily`, `@weekly`, `@monthly`',
    }),
    timezone: Type.Optional(Type.String({ description: 'IANA name; default UTC' })),
    overlap: Type.Optional(overlap),
    paused: Type.Optional(Type.Boolean()),
    workflow: Type.Unsafe<WorkflowDefinition>(Type.Object({}, { additionalProperties: true })),
  },
  { $id: 'ScheduleRequest' },
);
export type ScheduleRequest = Static<typeof ScheduleRequest>;

/** Submits a workflow at the times of a cron expression. */
export const Schedule = Type.Object(
  {
    name: Type.String(),
    cron: Type.String(),
    timezone: Type.String(),
    overlap,
    paused: Type.Boolean(),
    workflow: Type.Unsafe<WorkflowDefinition>(Type.Object({}, { additionalProperties: true })),
    created_by: Type.String(),
    created_at: Type.String(),
    /** Absent when it is paused, or when no time is left. */
    next_run: Type.Optional(Type.String()),
    last_run: Type.Optional(Type.String()),
    last_workflow_id: Type.Optional(Type.String()),
    /** Runs submitted, and runs left out because the one before had not ended. */
    runs: Type.Integer(),
    skipped: Type.Integer(),
    /** Why the newest run could not be submitted; it is tried again. */
    error: Type.Optional(Type.String()),
  },
  { $id: 'Schedule' },
);
export type Schedule = Static<typeof Schedule>;
