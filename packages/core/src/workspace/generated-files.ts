import { stringify } from 'yaml';
import type { WorkspaceTemplate } from './templates/index.ts';
import { ignored } from './layout.ts';

export interface NewWorkspace {
  readonly name: string;
  readonly path: string;
  readonly description: string;
  readonly infra: string | undefined;
  readonly providers: readonly string[];
  readonly template: WorkspaceTemplate;
  readonly created: string;
  readonly version: string;
  readonly dependency: string;
}

/** Files of a new workspace outside its infrastructure, by relative path (03 §4.2.5). */
export function workspaceFiles(workspace: NewWorkspace): Record<string, string> {
  const files: Record<string, string> = {
    'config/provisioning.toml': mainFile(workspace),
    'config/kms.toml': kmsFile,
    'config/environments/dev.toml': overlays.dev,
    'config/environments/test.toml': overlays.test,
    'config/environments/prod.toml': overlays.prod,
    '.gitignore': `${ignored.join('\n')}\n`,
    'README.md': readme(workspace),
    '.provisioning/metadata.yaml': metadata(workspace),
  };
  for (const provider of workspace.providers)
    files[`config/providers/${provider}.toml`] = providerFile(provider);
  for (const kind of ['taskservs', 'providers', 'clusters'])
    files[`.manifest/${kind}.yaml`] = manifest(kind, workspace.created);
  return files;
}

function mainFile(workspace: NewWorkspace): string {
  const active = workspace.providers.map((provider) => JSON.stringify(provider)).join(', ');
  return `# Configuration of the workspace '${workspace.name}'.
# Precedence and sources: provisioning config show --hierarchy

[workspace]
name = "${workspace.name}"
version = "1.0.0"
created = "${workspace.created}"
description = ${JSON.stringify(workspace.description)}
${workspace.infra === undefined ? '' : `\n[infra]\ndefault = "${workspace.infra}"\n`}
[paths]
infra = "{{workspace.path}}/infra"

[core]
version = "1.0.0"
name = "provisioning"

[debug]
enabled = ${workspace.template.debug === true ? 'true' : 'false'}
log_level = "${workspace.template.debug === true ? 'debug' : 'info'}"

[providers]
active = [${active}]
default = ${JSON.stringify(workspace.providers[0] ?? 'local')}

[dependencies.core]
source = "${workspace.dependency}"
`;
}

/** Main file of a workspace that `init project` writes: TOML, what must be there and nothing else. */
export function projectFile(workspace: { readonly name: string; readonly created: string }): string {
  return `# Configuration of the workspace '${workspace.name}'.

[workspace]
name = ${JSON.stringify(workspace.name)}
version = "1.0.0"
created = "${workspace.created}"

[paths]
infra = "{{workspace.path}}/infra"

[providers]
active = ["local"]
default = "local"
`;
}

const kmsFile = `# Encryption of configuration and secrets. Set enabled = true once a key exists.
enabled = false
backend = "age"

[encryption]
algorithm = "AES-256-GCM"
key_rotation_days = 90
`;

function providerFile(provider: string): string {
  return `# Settings of the provider '${provider}'. Credentials do not belong here: they come from the provider's own places.

[provider]
name = "${provider}"
enabled = true
`;
}

/** Overlays that \`init config <env>\` writes too (02 §6). */
export const overlays: Readonly<Record<'dev' | 'test' | 'prod', string>> = {
  dev: `# Applied in the environment 'dev'.

[debug]
enabled = true
log_level = "debug"

[providers]
default = "local"

[cache]
enabled = false

[notifications]
enabled = false
`,
  test: `# Applied in the environment 'test': nothing is changed for real.

[debug]
check = true

[infrastructure]
auto_cleanup = true
resource_prefix = "test-{{git.branch || 'local'}}-"
`,
  prod: `# Applied in the environment 'prod'.

[debug]
log_level = "warn"

[providers]
default = "aws"

[security]
require_approval = true
audit_logging = true
encrypt_backups = true

[notifications]
critical_only = true
`,
};

function manifest(kind: string, created: string): string {
  return stringify({ [`loaded_${kind}`]: [], last_updated: created.slice(0, 19).replace('T', ' ') });
}

function metadata(workspace: NewWorkspace): string {
  return stringify({
    workspace: { name: workspace.name, path: workspace.path },
    version: { provisioning: workspace.version, schema: '1.0.0', workspace_format: '2.0.0' },
    created: workspace.created,
    last_updated: workspace.created,
    migration_history: [],
    compatibility: { min_provisioning_version: '0.1.0', min_schema_version: '1.0.0' },
  });
}

function readme(workspace: NewWorkspace): string {
  const infra = workspace.infra ?? '<infra>';
  return `# ${workspace.name}

${workspace.description === '' ? 'A workspace of provisioning.' : workspace.description}

- \`config/\` configuration; \`config/environments/\` what differs by environment
- \`infra/\` one folder for each infrastructure
- \`extensions/\` providers, taskservs and clusters of this workspace

\`\`\`sh
provisioning plan --infra ${infra}
provisioning deploy --infra ${infra}
\`\`\`
`;
}
