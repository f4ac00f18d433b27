import { type ContainerPlan, imageName } from './containers.ts';
import { comesLater, type Installation } from './resolve.ts';

/** The plan as people read it; no secret is in it. */
export function planLines(
  installation: Installation,
  platform: string,
  containers: readonly ContainerPlan[],
): readonly string[] {
  const { name, mode, provider, domain, resources, services } = installation;
  const byService = new Map(containers.map((container) => [container.service, container]));
  const own = services.filter(({ reason }) => reason !== 'needed');
  const added = services.filter(({ reason }) => reason === 'needed');
  const row = ({ service, port, neededBy }: (typeof services)[number]): string => {
    const container = byService.get(service.name);
    const image = container === undefined ? comesLater : imageName(container);
    const why = neededBy === undefined ? '' : `  (added: ${neededBy} needs it)`;
    return `  ${service.name.padEnd(20)} ${String(port).padEnd(6)} ${image}${why}`;
  };
  return [
    `Installation ${name}: ${mode} mode on ${platform}, provider ${provider}, domain ${domain}`,
    `Resources: ${resources.millicores} millicores, ${resources.memoryMb} MB of memory, ${resources.diskGb} GB of disk`,
    `Services (${own.length}):`,
    ...own.map(row),
    ...(added.length === 0 ? [] : ['Besides:', ...added.map(row)]),
  ];
}
