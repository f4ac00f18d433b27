import type { ServiceOptions } from '../program/start.ts';

/** A command on the records or on a workflow file: what it is asked, and what it answers. */
export type OfflineCommand = (
  request: Readonly<Record<string, unknown>>,
  options: ServiceOptions,
) => Promise<unknown>;
