import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DesiredTaskserv } from '../../../../packages/core/src/taskserv/desired.ts';
import type { FleetHost } from './fleet.ts';
import { execute, sshOptions } from './process.ts';

export interface Ansible {
  /** Brings the hosts to the wanted state, whatever they have. */
  install(): Promise<void>;
  /** The same where nothing is to be changed. @throws when something was. */
  run(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Ansible doing the same: for each taskserv the same packages, files, units and facts, as its own modules, tuned as its
 * users tune it (pipelining, persistent connections, no fact gathering, all hosts at once).
 * @returns `undefined` where there is no Ansible.
 */
export async function makeAnsible(folder: string, hosts: readonly FleetHost[]): Promise<Ansible | undefined> {
  const installed = await execute('ansible-playbook', ['--version']).then(
    () => true,
    () => false,
  );
  if (!installed) return undefined;
  // Ansible's modules are Python; ours need nothing on the host.
  await Promise.all(hosts.map(installPython));
  const playbook = join(folder, 'playbook.json');
  const inventory = join(folder, 'inventory.json');
  const control = join(folder, 'cp');
  await writeFile(playbook, JSON.stringify(plays(hosts)));
  await writeFile(
    inventory,
    JSON.stringify({ all: { hosts: Object.fromEntries(hosts.map(inventoryEntry)) } }),
  );
  await writeFile(
    join(folder, 'ansible.cfg'),
    [
      '[defaults]',
      `forks = ${hosts.length}`,
      'gathering = explicit',
      'host_key_checking = False',
      'retry_files_enabled = False',
      'interpreter_python = /usr/bin/python3',
      'strategy = free',
      '[ssh_connection]',
      'pipelining = True',
      `control_path_dir = ${control}`,
      'ssh_args = -F none -o ControlMaster=auto -o ControlPersist=300s -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR',
      '',
    ].join('\n'),
  );
  const environment = {
    ...process.env,
    ANSIBLE_CONFIG: join(folder, 'ansible.cfg'),
    HOME: folder,
    LC_ALL: 'C.UTF-8',
  };
  const install = (): Promise<string> =>
    execute('ansible-playbook', ['-i', inventory, playbook], { environment, folder });
  const run = async (): Promise<void> => {
    const said = await install();
    // A peer that changes something measures something else.
    if (/changed=[1-9]/.test(said))
      throw new Error(`Ansible finds something to change:\n${said.slice(-4000)}`);
  };
  return {
    install: async () => void (await install()),
    run,
    close: async () => {
      const ended = `for s in ${control}/*; do ssh -o ControlPath="$s" -O exit x 2>/dev/null; done; :`;
      await execute('sh', ['-c', ended]);
    },
  };
}

async function installPython({ access }: FleetHost): Promise<void> {
  const words = [...sshOptions(access), `${access.user}@${access.host}`, 'sh -s'];
  await execute('ssh', words, {
    // Package lists are as they were before: whoever installs next fetches its own.
    input: [
      'export DEBIAN_FRONTEND=noninteractive',
      'fresh=$(find /var/lib/apt/lists -name "*_Packages*" | head -n 1)',
      'if [ -z "$fresh" ]; then apt-get update -qq; fi </dev/null',
      'apt-get install -y -qq --no-install-recommends python3-minimal python3-apt >/dev/null </dev/null',
      // Container servers may not allow the mounts that haproxy's unit asks for; ours finds that out by itself.
      'd=/etc/systemd/system/haproxy.service.d; mkdir -p "$d"',
      '[ -e "$d/90-provisioning.conf" ] || printf "[Service]\\nBindReadOnlyPaths=\\n" >"$d/90-provisioning.conf"',
      'if [ -z "$fresh" ]; then rm -rf /var/lib/apt/lists/* && touch -d @0 /var/lib/apt/lists; fi',
      '',
    ].join('\n'),
  });
}

function inventoryEntry({ hostname, access }: FleetHost): [string, Record<string, unknown>] {
  return [
    hostname,
    {
      ansible_host: access.host,
      ansible_port: access.port,
      ansible_user: access.user,
      ansible_ssh_private_key_file: access.keyFile,
    },
  ];
}

/** As an Ansible user writes it: a play for each role over all hosts that have it; plays over the same hosts are one. */
function plays(hosts: readonly FleetHost[]): Record<string, unknown>[] {
  const roles = new Map<string, { readonly hosts: string[]; readonly tasks: Record<string, unknown>[] }>();
  for (const { hostname, taskservs } of hosts) {
    for (const desired of taskservs) {
      const list = tasks(desired);
      // The host's own name and address do not make it another role.
      const key = JSON.stringify(list).replace(/export SERVER_(HOSTNAME|IP)=.*?\\n/g, '');
      const role = roles.get(key);
      if (role === undefined) roles.set(key, { hosts: [hostname], tasks: list });
      else role.hosts.push(hostname);
    }
  }
  const merged = new Map<string, Record<string, unknown>[]>();
  for (const role of roles.values()) {
    const names = role.hosts.join(',');
    merged.set(names, [...(merged.get(names) ?? []), ...role.tasks]);
  }
  return [...merged].map(([names, list]) => ({ hosts: names, gather_facts: false, tasks: list }));
}

function tasks(desired: DesiredTaskserv): Record<string, unknown>[] {
  const check = desired.scripts.get('check');
  const changed = `changed_${desired.name.replaceAll('-', '_')}`;
  return [
    ...(desired.packages.length === 0
      ? []
      : [
          {
            name: `${desired.name} packages`,
            apt: {
              name: desired.packages,
              state: 'present',
              install_recommends: false,
              update_cache: true,
              cache_valid_time: 86_400,
            },
          },
        ]),
    ...desired.files.map((file, index) => ({
      name: file.path,
      copy: {
        // Braces mean something to Ansible's own templates.
        content: `{% raw %}${file.content}{% endraw %}`,
        dest: file.path,
        owner: file.owner,
        group: file.group,
        mode: `0${file.mode}`,
      },
      register: `${changed}_${index}`,
    })),
    ...(check === undefined ? [] : facts(desired, check)),
    ...desired.units.map((unit) => ({
      name: `${unit} runs`,
      systemd: { name: unit, state: stateOf(desired, changed), enabled: true },
    })),
  ];
}

/** A file that was changed asks for a restart. */
function stateOf(desired: DesiredTaskserv, changed: string): string {
  const any = desired.files.map((_, index) => `${changed}_${index}.changed`).join(' or ');
  return any === '' ? 'started' : `{{ 'restarted' if ${any} else 'started' }}`;
}

/** What the taskserv's own script tells, and its installation where something lacks. */
function facts(desired: DesiredTaskserv, check: string): Record<string, unknown>[] {
  const shell = (name: string, script: string, more: Record<string, unknown>): Record<string, unknown> => ({
    name: `${desired.name} ${name}`,
    command: { argv: ['sh', '-s'], stdin: `{% raw %}${desired.environment}${script}{% endraw %}` },
    ...more,
  });
  const told = `facts_${desired.name.replaceAll('-', '_')}`;
  const wanted = JSON.stringify(desired.facts.map((line) => line.replaceAll('\t', ' ')));
  const lacking = `${wanted} | difference(${told}.stdout | replace('\t', ' ') | split('\n')) | length > 0`;
  const scripts = (['install', 'configure'] as const).flatMap((name) => {
    const script = desired.scripts.get(name);
    return script === undefined ? [] : [shell(name, `export WORK=/tmp\n${script}`, { when: lacking })];
  });
  return [shell('facts', check, { changed_when: false, register: told }), ...scripts];
}
