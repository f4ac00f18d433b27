import { type Context, ProvisioningError } from '@provisioning/extensions-sdk';
import { recordFolder } from './facts.ts';
import { asRoot, openHost, type ServerTarget } from './host.ts';

/**
 * Taskservs that were installed on a server, with the version asked for, as the server itself remembers them.
 * @throws ProvisioningError `TRANSPORT_*` when it cannot be reached.
 */
export async function installedOn(
  context: Context,
  target: ServerTarget,
  connectTimeout = 10,
): Promise<ReadonlyMap<string, string>> {
  const { transport, access } = await openHost(context, target, connectTimeout);
  const { code, stdout, stderr } = await transport.run(`${asRoot(access)}sh -s`, {
    input: `cd ${recordFolder} 2>/dev/null || exit 0\nfor f in *; do [ -f "$f" ] && read -r v _ <"$f" && echo "$f $v"; done\nexit 0\n`,
    signal: context.signal,
    timeout: 60,
  });
  if (code !== 0) {
    throw new ProvisioningError({
      code: 'HOST_FAILED',
      message: `${target.hostname} cannot be examined: ${stderr.trim().split('\n').at(-1) ?? 'no message'}`,
      hint: `Try: provisioning server ssh ${target.hostname}`,
    });
  }
  return new Map(
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' ') as [string, string]),
  );
}

/** Taskservs of a host that cannot do without `name`: nothing else there stands for it (07 §6.1.2). */
export function dependentsOf(
  name: string,
  installed: ReadonlySet<string>,
  catalogue: ReadonlyMap<
    string,
    { readonly dependencies: Readonly<Record<string, string>>; readonly provides: readonly string[] }
  >,
): readonly string[] {
  const answers = (one: string, entry: string): boolean =>
    one === entry || (catalogue.get(one)?.provides.includes(entry) ?? false);
  return [...installed].filter((dependent) => {
    if (dependent === name) return false;
    return Object.keys(catalogue.get(dependent)?.dependencies ?? {}).some((entry) => {
      const wanted = entry.split('|').map((option) => option.trim());
      const able = [...installed].filter((one) => wanted.some((option) => answers(one, option)));
      return able.includes(name) && able.every((one) => one === name);
    });
  });
}
