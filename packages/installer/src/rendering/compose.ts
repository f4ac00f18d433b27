import { stringify } from 'yaml';
import { type ContainerPlan, imageName } from '../plan/containers.ts';

/** The containers as a compose file, to look at and to keep under version control; it holds no secret. */
export function composeFile(name: string, containers: readonly ContainerPlan[]): string {
  const services = containers.map((plan) => [
    plan.service,
    {
      image: imageName(plan),
      container_name: plan.container,
      network_mode: 'host',
      restart: 'unless-stopped',
      cap_drop: ['ALL'],
      ...(plan.command === undefined ? {} : { command: plan.command }),
      environment: plan.environment,
      volumes: [
        `${plan.volume}:${plan.data}`,
        ...plan.files.map(({ path }) => `./${plan.service}/${path.split('/').at(-1)!}:${path}:ro`),
      ],
      depends_on: plan.needs,
    },
  ]);
  const volumes = containers.map(({ volume }) => [volume, {}]);
  return stringify({ name, services: Object.fromEntries(services), volumes: Object.fromEntries(volumes) });
}
