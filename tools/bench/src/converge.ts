import { type Floor, openFloor } from './converge/floor.ts';
import { type Ansible, makeAnsible } from './converge/ansible.ts';
import { Fleet, type FleetShape } from './converge/fleet.ts';
import { makePyinfra, type Pyinfra } from './converge/pyinfra.ts';
import { type BenchRow, type BenchSuite, median, row, timed } from './suite.ts';

const demo: FleetShape = { title: '3 servers, 6 taskservs', template: 'demo', files: {} };

const large: FleetShape = {
  title: '10 servers x 5 taskservs',
  template: 'demo',
  files: {
    'servers.toml': Array.from(
      { length: 10 },
      (_, index) =>
        `[[servers]]\nhostname = "node-${index}"\ntaskservs = ["os", "redis", "nginx", "haproxy", "node-exporter"]\n`,
    ).join('\n'),
    'taskservs/haproxy.toml':
      '[[frontends]]\nname = "redis"\nport = 16379\nbackend = "redis"\n\n[[backends]]\nname = "redis"\n\n[[backends.servers]]\nserver = "node-0"\nport = 6379\n',
  },
};

const rounds = 5;

/** The first deploy and the one that finds nothing to do, beside Ansible, pyinfra and plain SSH on the same servers. */
const suite: BenchSuite = {
  title: 'converge: first install and nothing to change, against Ansible, pyinfra and plain multiplexed SSH',
  async run(say) {
    const only = process.env.BENCH_CONVERGE;
    const shapes = [demo, large].filter(({ title }) => only === undefined || title.startsWith(only));
    const rows: BenchRow[] = [];
    for (const shape of shapes) rows.push(...(await measure(shape, say)));
    return { rows };
  },
};
export default suite;

async function measure(shape: FleetShape, say: (message: string) => void): Promise<BenchRow[]> {
  const theirs = await firstWithAnsible(shape, say);
  await using fleet = await Fleet.make(shape);
  await fleet.createServers();
  say(`${shape.title}: first deploy`);
  const [first] = await timed(1, () => fleet.deploy());
  say(`${shape.title}: preparing the others on the same servers`);
  const hosts = await fleet.hosts();
  const ansible = await makeAnsible(fleet.folder, hosts);
  const pyinfra = await makePyinfra(fleet.folder, hosts, say);
  const floor = await openFloor(fleet.folder, hosts);
  try {
    return [
      row(`first install, ${shape.title}`, 'ms', first!, theirs, 'ansible-playbook on servers of its own'),
      ...(await compare(shape, fleet, { ansible, pyinfra, floor }, say)),
    ];
  } finally {
    await floor.close();
    await ansible?.close();
  }
}

/** Ansible's first install, on servers that have nothing but Python yet. */
async function firstWithAnsible(shape: FleetShape, say: (message: string) => void): Promise<number | null> {
  await using fleet = await Fleet.make(shape);
  await fleet.createServers();
  const ansible = await makeAnsible(fleet.folder, await fleet.hosts());
  if (ansible === undefined) return null;
  say(`${shape.title}: first install with Ansible`);
  try {
    const [first] = await timed(1, () => ansible.install());
    return first!;
  } finally {
    await ansible.close();
  }
}

interface Peers {
  readonly ansible: Ansible | undefined;
  readonly pyinfra: Pyinfra | undefined;
  readonly floor: Floor;
}

/** One after the other, round by round, so that a busy moment of the machine hits all alike. */
async function compare(
  shape: FleetShape,
  fleet: Fleet,
  { ansible, pyinfra, floor }: Peers,
  say: (message: string) => void,
): Promise<BenchRow[]> {
  const work = {
    ours: () => fleet.deploy(),
    plan: () => fleet.plan(),
    floor: () => floor.run(),
    ...(ansible === undefined ? {} : { ansible: () => ansible.run() }),
    ...(pyinfra === undefined ? {} : { pyinfra: () => pyinfra.run() }),
  };
  const times = new Map<string, number[]>(Object.keys(work).map((name) => [name, []]));
  for (const one of Object.values(work)) await one();
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, one] of Object.entries(work)) times.get(name)!.push(...(await timed(1, one)));
    say(`${shape.title}: round ${round} of ${rounds}`);
  }
  const middle = (name: string): number | null => {
    const list = times.get(name);
    return list === undefined ? null : median(list);
  };
  const [ours, plan] = [middle('ours')!, middle('plan')!];
  const nothing = `deploy with nothing to change, ${shape.title}`;
  return [
    row(nothing, 'ms', ours, middle('ansible'), 'ansible-playbook'),
    row(`${nothing}, against pyinfra`, 'ms', ours, middle('pyinfra'), pyinfra?.version ?? 'pyinfra'),
    row(`plan with nothing to change, ${shape.title}`, 'ms', plan, middle('ansible'), 'ansible-playbook'),
    row(
      `deploy over the SSH floor, ${shape.title}`,
      'ms',
      ours,
      middle('floor'),
      'multiplexed ssh, one command a taskserv',
    ),
  ];
}
