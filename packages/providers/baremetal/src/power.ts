import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { promisify } from 'node:util';
import { type ProviderContext, ProviderError } from '@provisioning/extensions-sdk';
import type { InventoryServer, Power } from './config.ts';
import { name } from './inventory.ts';

const run = promisify(execFile);
export type PowerOrder = 'start' | 'stop' | 'reboot';

/** Switches a machine the way its inventory entry says. @throws ProviderError `unsupported` when it has no way. */
export async function switchPower(
  context: ProviderContext,
  host: InventoryServer,
  order: PowerOrder,
  options: { readonly force: boolean; readonly signal?: AbortSignal },
): Promise<void> {
  const power: Power = host.power ?? { type: 'none' };
  if (power.type === 'wol' && order === 'start') return wake(power);
  if (power.type === 'ipmi') return ipmi(context, host, power, order, options);
  const command = power.type === 'command' ? power[order] : undefined;
  if (command === undefined) throw unsupported(host, order);
  const [program = '', ...args] = command;
  await execute(context, host, order, program, args, {}, options.signal);
}

function unsupported(host: InventoryServer, order: PowerOrder): ProviderError {
  return new ProviderError({
    provider: name,
    operation: 'setServerState',
    code: 'unsupported',
    message: `Provider 'baremetal' does not support ${order} of ${host.hostname}`,
    help: `Give ${host.hostname} a power entry in the inventory: ipmi, wol (start only) or command.`,
  });
}

async function ipmi(
  context: ProviderContext,
  host: InventoryServer,
  power: Extract<Power, { type: 'ipmi' }>,
  order: PowerOrder,
  options: { readonly force: boolean; readonly signal?: AbortSignal },
): Promise<void> {
  const words = {
    start: 'on',
    stop: options.force ? 'off' : 'soft',
    reboot: options.force ? 'reset' : 'cycle',
  };
  const password = context.secrets.IPMI_PASSWORD;
  if (password === undefined) {
    throw new ProviderError({
      provider: name,
      operation: 'setServerState',
      code: 'auth',
      message: 'IPMI_PASSWORD environment variable is required',
      help: `It is the password of ${power.user} at ${power.host}.`,
    });
  }
  // The password goes through the environment: arguments are visible to everybody on the machine.
  const args = ['-I', 'lanplus', '-H', power.host, '-U', power.user, '-E', 'chassis', 'power', words[order]];
  await execute(context, host, order, 'ipmitool', args, { IPMI_PASSWORD: password.reveal() }, options.signal);
}

async function execute(
  context: ProviderContext,
  host: InventoryServer,
  order: PowerOrder,
  program: string,
  args: readonly string[],
  secrets: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const env = { PATH: context.environment.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', ...secrets };
    await run(program, [...args], { timeout: 60_000, signal, env });
  } catch (error) {
    signal?.throwIfAborted();
    const { code, stderr = '' } = error as { code?: string | number; stderr?: string };
    const missing = code === 'ENOENT';
    const line = stderr.trim().split('\n').at(-1) ?? '';
    throw new ProviderError({
      provider: name,
      operation: 'setServerState',
      code: missing ? 'invalid' : 'unknown',
      message: missing
        ? `${program} not found; it is needed to ${order} ${host.hostname}`
        : `Power ${order} of ${host.hostname} failed: ${line === '' ? `${program} ended with ${String(code)}` : line}`,
      help: missing
        ? `Install ${program}, or change the power entry.`
        : 'Check the power entry in the inventory.',
    });
  }
}

/** A magic packet: six times ff, then sixteen times the address. */
async function wake(power: Extract<Power, { type: 'wol' }>): Promise<void> {
  const { mac, broadcast = '255.255.255.255', port = 9 } = power;
  const address = Buffer.from(mac.replaceAll(':', ''), 'hex');
  const packet = Buffer.concat([Buffer.alloc(6, 0xff), ...Array<Buffer>(16).fill(address)]);
  const socket = createSocket('udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, () => {
        socket.setBroadcast(true);
        socket.send(packet, port, broadcast, (error) => (error === null ? resolve() : reject(error)));
      });
    });
  } finally {
    socket.close();
  }
}
