import type { Infrastructure } from '../infra/index.ts';

/**
 * A workflow file to start from (08 §8, 12 §3), without a finding of strict validation. It creates the servers of an
 * infrastructure and installs their taskservs; where there are no servers it runs a command.
 */
export function workflowText(
  name: string,
  infrastructure: Pick<Infrastructure, 'name' | 'servers'> | undefined,
): string {
  const servers = infrastructure?.servers ?? [];
  const taskservs = new Set(
    servers.flatMap((server) =>
      server.taskservs.filter(({ enabled }) => enabled).map(({ name: taskserv }) => taskserv),
    ),
  );
  const operations =
    servers.length === 0
      ? [operation('hello', 'command', { command: 'echo', args: ['Hello'] })]
      : [
          operation('servers', 'server_batch', { servers: servers.map(({ hostname }) => hostname) }),
          ...(taskservs.size === 0
            ? []
            : [
                operation('taskservs', 'taskserv_batch', {
                  dependencies: ['servers'],
                  taskservs: [...taskservs],
                }),
              ]),
        ];
  return `# Check it: provisioning workflow validate --strict ${name}.toml
# Run it:   provisioning workflow submit ${name}.toml --wait

name = "${name}"
version = "1.0.0"
description = ""
${infrastructure === undefined ? '' : `infra = "${infrastructure.name}"\n`}# What a failure does: stop, rollback or continue.
on_failure = "stop"
parallel_limit = 5
${operations.join('')}`;
}

function operation(id: string, type: string, fields: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(fields).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  return `
[[operations]]
id = "${id}"
type = "${type}"
${lines.join('')}retry_policy = { max_attempts = 3, initial_delay_seconds = 5 }
resource_limits = { cpu_cores = 1 }
`;
}
