import { join } from 'node:path';

/** The folder of an infrastructure (05 §2). */
export function infraPath(context: {
  readonly workspace: { readonly path: string };
  readonly infra: string;
}): string {
  return join(context.workspace.path, 'infra', context.infra);
}
