import { type Context, ProvisioningError } from '@provisioning/extensions-sdk';

/** How much of its processors and memory a server uses, in percent. */
export interface Load {
  readonly cpu: number;
  readonly memory: number;
}

/** A server as it is measured: memory in MB. */
export interface MeasuredServer {
  readonly hostname: string;
  readonly provider: string;
  readonly cores: number;
  readonly memory: number;
}

/**
 * Prints used processor time of one second in microseconds, its processors, used memory and all memory in bytes. A
 * container has a control group of its own, which knows better than the kernel's figures of the whole machine; 0 stands
 * for what only the provider knows.
 */
const script = `
g=/sys/fs/cgroup
field() { awk -v k="$2" '$1==k {print $2; exit}' "$1"; }
if [ -r $g/memory.current ] && [ -r $g/cpu.stat ]; then
  a=$(field $g/cpu.stat usage_usec); sleep 1; b=$(field $g/cpu.stat usage_usec)
  echo $((b - a)) 0 $(($(cat $g/memory.current) - $(field $g/memory.stat inactive_file))) 0
elif [ "$1" = container ] && [ -r $g/memory/memory.usage_in_bytes ] && [ -r $g/cpuacct/cpuacct.usage ]; then
  a=$(cat $g/cpuacct/cpuacct.usage); sleep 1; b=$(cat $g/cpuacct/cpuacct.usage)
  echo $(((b - a) / 1000)) 0 $(($(cat $g/memory/memory.usage_in_bytes) - $(field $g/memory/memory.stat total_inactive_file))) 0
else
  busy() { awk '/^cpu / {t = $2 + $3 + $4 + $7 + $8 + $9; print t; exit}' /proc/stat; }
  a=$(busy); sleep 1; b=$(busy)
  awk -v d=$((b - a)) -v hz="$(getconf CLK_TCK)" -v n="$(nproc)" \\
    '/^MemTotal:/ {t = $2} /^MemAvailable:/ {f = $2} END {printf "%d %d %.0f %.0f\\n", d * 1000000 / hz, n, (t - f) * 1024, t * 1024}' /proc/meminfo
fi`;

/**
 * Looks at a running server for a second, over its own access.
 * @throws ProvisioningError `MEASUREMENT_FAILED`, and what the connection says
 */
export async function measureLoad(context: Context, server: MeasuredServer): Promise<Load> {
  const { hostname, provider } = server;
  const { signal } = context;
  const access = await (await context.provider(provider)).getAccess({ hostname });
  const transport = await context.transports.open(access, { signal, timeout: 5 });
  const { category } = await context.providerMetadata(provider);
  const kind = category === 'local' || category === 'container' ? 'container' : 'machine';
  const { code, stdout, stderr } = await transport.run(`sh -s ${kind}`, {
    input: script,
    signal,
    timeout: 15,
  });
  const figures = stdout.trim().split(/\s+/).map(Number);
  if (code !== 0 || figures.length !== 4 || figures.some((figure) => !Number.isFinite(figure))) {
    throw new ProvisioningError({
      code: 'MEASUREMENT_FAILED',
      message: `The load of ${hostname} cannot be read: ${stderr.trim().split('\n').at(-1) || 'no figures'}`,
    });
  }
  const [busy, cores, used, all] = figures as [number, number, number, number];
  const percent = (part: number, whole: number): number =>
    Math.round(Math.min(100, Math.max(0, (part / whole) * 100)) * 10) / 10;
  return {
    cpu: percent(busy, 1_000_000 * Math.max(1, cores || server.cores)),
    memory: percent(used, all || Math.max(1, server.memory) * 1_048_576),
  };
}
