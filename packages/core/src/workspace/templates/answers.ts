import { Type, type Static } from 'typebox';
import { tomlValue } from '../../config/edit/toml-edit.ts';
import { type WorkspaceTemplate, settingsFile } from './template.ts';

/** Servers of each mode: their names (the workspace's own where none stands) and their plan (04 §5.4). */
const modes = {
  solo: { plan: '2xCPU-4GB', label: 'Solo: one server, 2 CPU, 4 GB' },
  multiuser: { plan: '4xCPU-8GB', label: 'Team: one server, 4 CPU, 8 GB' },
  cicd: { plan: '8xCPU-16GB', label: 'CI/CD: one server, 8 CPU, 16 GB' },
  enterprise: {
    plan: '16xCPU-32GB',
    label: 'Enterprise: app-01, app-02 and db-01, 16 CPU, 32 GB each',
    servers: ['app-01', 'app-02', 'db-01'],
  },
} as const satisfies Record<
  string,
  { readonly plan: string; readonly label: string; readonly servers?: readonly string[] }
>;

/** What the choices of the wizard are called where the value alone says little. */
export const modeLabels: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(modes).map(([name, { label }]) => [name, label]),
);

/** What `init --wizard` asks and keeps in `infrastructure_config.toml` (04 §5.4, S:11282). */
export const InfrastructureAnswers = Type.Object({
  workspace_name: Type.String({
    title: 'Workspace name',
    description: '3 to 32 small letters, digits and hyphens',
    pattern: '^[a-z0-9][a-z0-9-]{1,30}[a-z0-9]$',
  }),
  deployment_mode: Type.Enum(['solo', 'multiuser', 'cicd', 'enterprise'], {
    title: 'Deployment mode',
    default: 'solo',
  }),
  provider: Type.Enum(['upcloud', 'aws', 'hetzner', 'local'], { title: 'Provider', default: 'upcloud' }),
  taskservs: Type.Array(Type.Enum(['kubernetes', 'cilium', 'postgres', 'redis', 'prometheus', 'etcd']), {
    title: 'Taskservs',
    default: [],
  }),
  enable_monitoring: Type.Boolean({ title: 'Monitoring with Prometheus and Grafana', default: true }),
  enable_backup: Type.Boolean({ title: 'Backups', default: true }),
  backup_retention_days: Type.Optional(
    Type.Integer({ title: 'Days a backup is kept', minimum: 1, default: 7 }),
  ),
  email: Type.String({
    title: 'Mail address of the administrator',
    description: 'An address such as admin@example.com',
    pattern: '^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\\.[a-zA-Z]{2,}$',
  }),
});
export type InfrastructureAnswers = Static<typeof InfrastructureAnswers>;

/** The definition that the answers of the wizard stand for; `deploy --from-config` and `server create` expand them. */
export function templateOfAnswers(answers: InfrastructureAnswers): WorkspaceTemplate {
  const mode = modes[answers.deployment_mode];
  const servers = 'servers' in mode ? mode.servers : [answers.workspace_name];
  const [first] = servers;
  const taskservs = [
    ...new Set(['os', ...answers.taskservs, ...(answers.enable_monitoring ? ['prometheus', 'grafana'] : [])]),
  ];
  return {
    name: 'answers',
    summary: 'What the wizard asked for',
    infra: 'main',
    files: (input) => [
      settingsFile(input, `Infrastructure of ${input.workspace}`, {
        defaults: `plan = "${mode.plan}"\nbackup_enabled = ${answers.enable_backup}\n`,
      }),
      {
        path: 'servers.toml',
        text: `# Servers of the infrastructure '${input.infra}', from the answers to: provisioning init --wizard\n${servers
          .map((hostname) => serverText(hostname, taskservs, answers))
          .join('')}`,
      },
      ...(answers.enable_monitoring
        ? [{ path: 'taskservs/grafana.toml', text: grafana(first, answers.email) }]
        : []),
    ],
  };
}

function serverText(
  hostname: string,
  taskservs: readonly string[],
  { enable_backup, backup_retention_days = 7 }: InfrastructureAnswers,
): string {
  const backups = `\n[[servers.storage.backups]]\nfrequency = "daily"\nretention_days = ${backup_retention_days}\n`;
  return `
[[servers]]
hostname = "${hostname}"
taskservs = ${tomlValue(taskservs)}
${enable_backup ? backups : ''}`;
}

/** Dashboards of what Prometheus of the first server measures; the administrator is who the wizard asked. */
function grafana(server: string, email: string): string {
  return `# Configuration of the taskserv 'grafana' in this infrastructure.
admin_email = "${email}"

[[datasources]]
name = "prometheus"
server = "${server}"
`;
}
