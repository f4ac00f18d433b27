import { elapsed, noteOf } from './render.ts';
import type { OperationView } from './view.ts';

/** `[12s] web-01: Pending -> Running (attempt 2)`; without times where none are given. */
export function changeLine(operation: OperationView, from: string, milliseconds: number | undefined): string {
  const took =
    milliseconds !== undefined && operation.endedAt !== undefined && operation.startedAt !== undefined
      ? ` (${elapsed(operation.endedAt - operation.startedAt)})`
      : operation.attempt > 1
        ? ` (attempt ${operation.attempt})`
        : '';
  const note = noteOf(operation);
  const state =
    from === operation.status ? `${operation.status} ${operation.phase}` : `${from} -> ${operation.status}`;
  const suffix = note === '' || note === operation.phase ? '' : `: ${note}`;
  return `${clock(milliseconds)}${operation.name} ${state}${took}${suffix}`;
}

/** A line of the workflow's log. */
export function logLine(
  message: string,
  operation: string | undefined,
  milliseconds: number | undefined,
): string {
  return `${clock(milliseconds)}${operation === undefined ? '' : `${operation}: `}${message}`;
}

/** How long it goes on already, before a line. */
export function clock(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '' : `[${elapsed(milliseconds)}] `;
}
