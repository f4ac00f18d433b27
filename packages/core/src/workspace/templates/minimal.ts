import { type WorkspaceTemplate, settingsFile } from './template.ts';

export const minimal: WorkspaceTemplate = {
  name: 'minimal',
  summary: 'One example server',
  infra: 'main',
  files: (input) => [
    settingsFile(input, 'Main infrastructure'),
    {
      path: 'servers.toml',
      text: `# Servers of the infrastructure '${input.infra}'. Fields: provisioning config schema server --format md
[[servers]]
hostname = "server-01"
title = "Basic Server"
cores = 1
memory = 1024 # MB
disk = 10 # GB
user = "admin"
taskservs = ["os"]

[servers.network]
public_ip = true
`,
    },
  ],
};
