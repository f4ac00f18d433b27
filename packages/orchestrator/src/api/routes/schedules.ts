import { Schedule, ScheduleRequest } from '@provisioning/client';
import type { RouteSpec } from '@provisioning/service-kit';
import { Type } from 'typebox';
import { Empty } from './shapes.ts';

/** The routes of schedules. */
export const scheduleRoutes = {
  listSchedules: {
    operationId: 'listSchedules',
    method: 'GET',
    path: '/schedules',
    tag: 'schedules',
    summary: 'Workflows that are submitted at set times, by name',
    data: Type.Array(Schedule),
  },
  getSchedule: {
    operationId: 'getSchedule',
    etag: true,
    method: 'GET',
    path: '/schedules/{name}',
    tag: 'schedules',
    summary: 'A schedule with its next and its last run',
    data: Schedule,
  },
  putSchedule: {
    operationId: 'putSchedule',
    method: 'PUT',
    path: '/schedules/{name}',
    tag: 'schedules',
    summary: 'Make a schedule, or replace the one of that name',
    body: ScheduleRequest,
    data: Schedule,
  },
  pauseSchedule: {
    operationId: 'pauseSchedule',
    method: 'POST',
    path: '/schedules/{name}/pause',
    tag: 'schedules',
    summary: 'Submit nothing until it goes on',
    body: Empty,
    bodyOptional: true,
    data: Schedule,
  },
  resumeSchedule: {
    operationId: 'resumeSchedule',
    method: 'POST',
    path: '/schedules/{name}/resume',
    tag: 'schedules',
    summary: 'Go on with a paused schedule; what it has missed is not made up for',
    body: Empty,
    bodyOptional: true,
    data: Schedule,
  },
  deleteSchedule: {
    operationId: 'deleteSchedule',
    method: 'DELETE',
    path: '/schedules/{name}',
    tag: 'schedules',
    summary: 'Remove a schedule; its workflows stay',
    status: 204,
    mfa: 'always',
  },
} as const satisfies Record<string, RouteSpec>;
