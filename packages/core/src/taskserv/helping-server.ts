import { type Context, ProvisioningError } from '@provisioning/extensions-sdk';
import { exported } from '../transport/remote-command.ts';
import type { DesiredTaskserv } from './desired.ts';
import { asRoot, openHost, type ServerReference, type ServerTarget } from './host.ts';

type HelperScript = 'helper-before' | 'helper-after' | 'helper-remove';

/**
 * Runs a script of a taskserv on the server that helps, with the environment of the server that is helped.
 * @returns Exports of the lines `NAME=value` it printed; they may be secrets, so they are neither logged nor kept.
 * @throws ProvisioningError `HELPER_FAILED`, `TRANSPORT_*`.
 */
export async function askHelper(
  context: Context,
  target: ServerTarget,
  desired: DesiredTaskserv,
  references: readonly ServerReference[],
  script: HelperScript,
): Promise<string> {
  const text = desired.scripts.get(script);
  if (desired.helper === undefined || text === undefined) return '';
  const { helper } = desired;
  const other = references.find((one) => typeof one !== 'string' && one.hostname === helper);
  const place = typeof other === 'object' ? other : { hostname: helper, provider: target.provider };
  const { transport, access } = await openHost(context, place);
  const { code, stdout, stderr } = await transport.run(`${asRoot(access)}sh -eu -s`, {
    input: `main() {\n${desired.environment}${text}\n}\nmain </dev/null\n`,
    timeout: desired.timeout,
    signal: context.signal,
  });
  if (code !== 0) {
    throw new ProvisioningError({
      code: 'HELPER_FAILED',
      message: `${helper} cannot help ${target.hostname} with ${desired.name}: ${stderr.trim().split('\n').at(-1) || `exit ${code}`}`,
      hint: `See how it stands: provisioning server ssh ${helper}`,
    });
  }
  return stdout
    .split('\n')
    .map((line) => /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line))
    .flatMap((found) => (found === null ? [] : [`${exported(found[1]!, found[2]!)}\n`]))
    .join('');
}
