import type { ContainerPlan } from '../plan/containers.ts';

/** systemd units that start the containers of Podman with the machine, by file name; Docker does it by itself. */
export function podmanUnits(containers: readonly ContainerPlan[]): Readonly<Record<string, string>> {
  const unitOf = new Map(containers.map(({ service, container }) => [service, `${container}.service`]));
  return Object.fromEntries(
    containers.map((plan) => {
      const needs = plan.needs.map((service) => unitOf.get(service)!);
      const lines = [
        '[Unit]',
        `Description=${plan.service} of the provisioning platform`,
        `After=${['network-online.target', ...needs].join(' ')}`,
        ...(needs.length === 0 ? [] : [`Requires=${needs.join(' ')}`]),
        'Wants=network-online.target',
        '',
        '[Service]',
        `ExecStart=/usr/bin/podman start --attach ${plan.container}`,
        `ExecStop=/usr/bin/podman stop --time 30 ${plan.container}`,
        'Restart=on-failure',
        'TimeoutStopSec=40',
        '',
        '[Install]',
        'WantedBy=default.target',
      ];
      return [unitOf.get(plan.service)!, `${lines.join('\n')}\n`];
    }),
  );
}
