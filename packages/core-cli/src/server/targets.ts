import type { InfrastructureSession } from '../session/infrastructure.ts';
import { findServer } from './find.ts';

/**
 * The servers a command line names, by argument, `--name` or `--servers` (01 §1.6); nothing means all.
 * @throws ProvisioningError `SERVER_NOT_FOUND` for a name that is neither defined nor there.
 */
export async function targetsOf(
  session: InfrastructureSession,
  names: readonly string[] | undefined,
  flags: { readonly name?: string; readonly servers?: readonly string[] },
): Promise<readonly string[] | undefined> {
  const all = [...(names ?? []), ...(flags.name === undefined ? [] : [flags.name]), ...(flags.servers ?? [])];
  if (all.length === 0) return undefined;
  for (const name of all) if (!name.includes('*')) await findServer(session, name);
  return [...new Set(all)];
}
