import { type Context, ProvisioningError, type TaskservUse } from '@provisioning/extensions-sdk';
import { shellQuote } from '../transport/index.ts';
import { asRoot, openHost, type ServerReference, type ServerTarget } from './host.ts';
import { prepareTaskserv } from './observe.ts';

export const unitVerbs = ['start', 'stop', 'restart'] as const;
export type UnitVerb = (typeof unitVerbs)[number];

/**
 * Starts, stops or restarts the services of a taskserv, as systemd does: the rest of the host is left alone.
 * @throws ProvisioningError `NO_SERVICE` where it has none, `UNIT_FAILED` with systemd's words.
 */
export async function switchUnits(
  context: Context,
  target: ServerTarget,
  use: TaskservUse,
  references: readonly ServerReference[],
  verb: UnitVerb,
): Promise<readonly string[]> {
  const { name, units } = await prepareTaskserv(context, target, use, { references });
  if (units.length === 0) {
    throw new ProvisioningError({
      code: 'NO_SERVICE',
      message: `Taskserv '${name}' has no service to ${verb}`,
      hint: 'It installs programs or settings only.',
    });
  }
  const { transport, access } = await openHost(context, target);
  const { code, stderr } = await transport.run(
    `${asRoot(access)}systemctl ${verb} -- ${units.map(shellQuote).join(' ')}`,
    { signal: context.signal, timeout: 120 },
  );
  if (code === 0) return units;
  throw new ProvisioningError({
    code: 'UNIT_FAILED',
    message: `${name} on ${target.hostname} does not ${verb}: ${stderr.trim().split('\n')[0] ?? 'no message'}`,
    hint: `Look into its log: provisioning taskserv logs ${name} ${target.hostname}`,
  });
}
