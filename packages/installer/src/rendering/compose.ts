import { stringify } from 'yaml';
import { type ContainerPlan, imageName } from '../plan/containers.ts';

const head = `# What provisioning-installer runs, to look at. It puts files with secrets into the containers itself, so start them
# with it, not with this file.
`;

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
      volumes: [`${plan.volume}:${plan.data}`],
      depends_on: plan.needs,
    },
  ]);
  const volumes = containers.map(({ volume }) => [volume, {}]);
  return (
    head + stringify({ name, services: Object.fromEntries(services), volumes: Object.fromEntries(volumes) })
  );
}
