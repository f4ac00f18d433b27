import type { Surroundings } from '@provisioning/core';
import type { Output } from './output.ts';

/** What the program stands in; tests give their own. */
export interface Run {
  readonly surroundings: Surroundings;
  /** Folder of the package. */
  readonly folder: string;
  readonly version: string;
  readonly output: Output;
  readonly signal: AbortSignal;
  readonly stdin: NodeJS.ReadStream;
  readonly stderr: NodeJS.WriteStream;
}
