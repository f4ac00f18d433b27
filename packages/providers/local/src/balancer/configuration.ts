import type { LoadBalancerListener, LoadBalancerWish } from '@provisioning/extensions-sdk';

/** A server behind a load balancer. */
export interface BalancerTarget {
  readonly hostname: string;
  readonly id: string;
  readonly address: string;
  /** 1 to 100. */
  readonly weight: number;
}

/** What a load balancer is made from; its configuration file carries it. */
export interface BalancerState {
  readonly wish: LoadBalancerWish;
  readonly targets: readonly BalancerTarget[];
}

const socket = '/run/haproxy.sock';

/** Asks HAProxy for its statistics as CSV; Perl is in every base image. */
export const askStatistics: readonly string[] = [
  'perl',
  '-MIO::Socket::UNIX',
  '-e',
  `my $s = IO::Socket::UNIX->new(Peer => '${socket}') or die $!; print $s "show stat\\n"; print while <$s>`,
];

const head = '# ';

/** The configuration of HAProxy. Its first line is the state, so that nothing else has to keep it. */
export function configurationOf(state: BalancerState): string {
  const { wish, targets } = state;
  return [
    head + JSON.stringify(state),
    'global',
    `  stats socket ${socket} mode 600`,
    'defaults',
    '  timeout connect 5s',
    '  timeout client 1m',
    '  timeout server 1m',
    ...wish.listeners.flatMap((listener) => section(listener, wish, targets)),
    '',
  ].join('\n');
}

/** The state that a configuration carries. */
export function stateOf(configuration: string): BalancerState {
  return JSON.parse(configuration.split('\n', 1)[0]!.slice(head.length)) as BalancerState;
}

function section(
  { port, target_port: target, protocol = 'tcp' }: LoadBalancerListener,
  { health_check: check = {} }: LoadBalancerWish,
  targets: readonly BalancerTarget[],
): string[] {
  const { path = '/health', interval = 30, timeout = 5, healthy = 2, unhealthy = 3 } = check;
  const web = protocol === 'http';
  return [
    `listen port-${port}`,
    `  bind :${port}`,
    `  mode ${web ? 'http' : 'tcp'}`,
    '  balance roundrobin',
    `  timeout check ${timeout}s`,
    ...(web ? [`  option httpchk GET ${path}`, '  http-check expect rstatus ^[23]'] : []),
    ...targets.map(
      ({ hostname, address, weight }, index) =>
        `  server ${index}-${hostname} ${address}:${target} weight ${weight} check inter ${interval}s rise ${healthy} fall ${unhealthy}`,
    ),
  ];
}

/** How many servers are up on every port, by the statistics of HAProxy as CSV. */
export function healthyServers(statistics: string): number {
  const [header = '', ...rows] = statistics.replace(/^# /, '').trim().split('\n');
  const columns = header.split(',');
  const at = (name: string): number => columns.indexOf(name);
  const up = new Map<string, boolean>();
  for (const row of rows) {
    const cells = row.split(',');
    // Type 2 is a server; 0 and 1 are the sides of a section.
    if (cells[at('type')] !== '2') continue;
    const name = cells[at('svname')]!;
    up.set(name, up.get(name) !== false && cells[at('status')]!.startsWith('UP'));
  }
  return [...up.values()].filter(Boolean).length;
}
