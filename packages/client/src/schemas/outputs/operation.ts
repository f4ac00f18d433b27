import { CheckOutput, OperationOutput } from './named.ts';
import { either } from './parts.ts';

/** What a command that changes servers or services prints: what it did, or with `--check` what it would do. */
export const operation = either(OperationOutput, CheckOutput);
