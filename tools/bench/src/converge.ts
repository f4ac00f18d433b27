import { type Floor, openFloor } from './converge/floor.ts';
import { type Ansible, makeAnsible } from './converge/ansible.ts';
import { Fleet, type FleetShape } from './converge/fleet.ts';
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

/** The first deploy and the one that finds nothing to do, beside Ansible and beside plain SSH on the same servers. */
const suite: BenchSuite = {
  title: 'converge: deploy with nothing to change, against Ansible and plain multiplexed SSH',
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
  await using fleet = await Fleet.make(shape);
  say(`${shape.title}: first deploy`);
  const [first] = await timed(1, () => fleet.deploy());
  say(`${shape.title}: preparing Ansible and plain SSH on the same servers`);
  const hosts = await fleet.hosts();
  const ansible = await makeAnsible(fleet.folder, hosts);
  const floor = await openFloor(fleet.folder, hosts);
  try {
    return [
      row(`first deploy, ${shape.title}`, 'ms', first!, null, 'none'),
      ...(await compare(shape, fleet, ansible, floor, say)),
    ];
  } finally {
    await floor.close();
    await ansible?.close();
  }
}

/** One after the other, round by round, so that a busy moment of the machine hits all alike. */
async function compare(
  shape: FleetShape,
  fleet: Fleet,
  ansible: Ansible | undefined,
  floor: Floor,
  say: (message: string) => void,
): Promise<BenchRow[]> {
  await fleet.deploy();
  await ansible?.run();
  await floor.run();
  const times: Record<'ours' | 'plan' | 'ansible' | 'floor', number[]> = {
    ours: [],
    plan: [],
    ansible: [],
    floor: [],
  };
  for (let round = 1; round <= rounds; round += 1) {
    times.ours.push(...(await timed(1, () => fleet.deploy())));
    times.plan.push(...(await timed(1, () => fleet.plan())));
    times.floor.push(...(await timed(1, () => floor.run())));
    if (ansible !== undefined) times.ansible.push(...(await timed(1, () => ansible.run())));
    say(`${shape.title}: round ${round} of ${rounds}`);
  }
  const ours = median(times.ours);
  const plan = median(times.plan);
  const peer = ansible === undefined ? null : median(times.ansible);
  return [
    row(`deploy with nothing to change, ${shape.title}`, 'ms', ours, peer, 'ansible-playbook'),
    row(`plan with nothing to change, ${shape.title}`, 'ms', plan, peer, 'ansible-playbook'),
    row(
      `deploy over the SSH floor, ${shape.title}`,
      'ms',
      ours,
      median(times.floor),
      'multiplexed ssh, one command a taskserv',
    ),
  ];
}
