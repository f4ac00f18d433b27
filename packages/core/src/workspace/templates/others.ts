import { type TemplateInput, type WorkspaceTemplate, settingsFile } from './template.ts';

const head = (input: TemplateInput): string => `# Servers of the infrastructure '${input.infra}'.\n`;

/** Several servers and modules, ready for production. */
export const full: WorkspaceTemplate = {
  name: 'full',
  summary: 'Database, cache, two web servers and monitoring',
  infra: 'main',
  files: (input) => [
    settingsFile(input, 'Production', {
      wait: 60,
      defaults: 'backup_enabled = true\nmonitoring_enabled = true\n',
    }),
    {
      path: 'servers.toml',
      text: `${head(input)}
[[servers]]
hostname = "db-01"
title = "Database"
plan = "4xCPU-8GB"
cores = 4
memory = 8192
disk = 100
taskservs = ["os", "postgres", "node-exporter"]

[[servers]]
hostname = "cache-01"
title = "Cache"
plan = "2xCPU-4GB"
taskservs = ["os", "redis", "node-exporter"]

[[servers]]
hostname = "web"
title = "Web servers"
plan = "2xCPU-4GB"
count = 2
allowed_ports = [80, 443]
taskservs = ["os", "nginx", "node-exporter"]

[[servers]]
hostname = "monitor-01"
title = "Monitoring"
plan = "2xCPU-4GB"
taskservs = ["os", "prometheus", "alertmanager", "node-exporter"]
`,
    },
    {
      path: 'network.toml',
      text: '[vpc]\ncidr = "10.0.0.0/16"\n\n[subnets]\npublic = ["10.0.1.0/24"]\nprivate = ["10.0.10.0/24"]\n',
    },
  ],
};

/** A small demonstration with comments. */
export const example: WorkspaceTemplate = {
  name: 'example',
  summary: 'Two commented servers',
  infra: 'example',
  files: (input) => [
    settingsFile(input, 'Example'),
    {
      path: 'servers.toml',
      text: `${head(input)}
# A server needs a hostname; everything else has a default.
[[servers]]
hostname = "app-01"
title = "Application"
memory_gb = 2 # the same as memory = 2048
disk = 20
tags = ["example"]
labels = "role: app, tier: front"
# Names, or tables with profile, version and config
taskservs = ["os", { name = "nginx", profile = "default" }]

# A group: two servers named worker-01 and worker-02
[[servers]]
hostname = "worker"
count = 2
taskservs = ["os"]
`,
    },
  ],
};

const kubernetesServers = (input: TemplateInput, workerProvider?: string): string => `${head(input)}
[[servers]]
hostname = "control-01"
title = "Control plane"
plan = "2xCPU-4GB"
disk = 50
allowed_ports = [6443]
taskservs = ["os", "containerd", "etcd", "kubernetes", "cilium"]

[[servers]]
hostname = "worker"
title = "Workers"${workerProvider === undefined ? '' : `\nprovider = "${workerProvider}"`}
plan = "4xCPU-8GB"
cores = 4
memory = 8192
disk = 100
count = 2
taskservs = ["os", "containerd", "kubernetes"]
`;

/** One control plane and two workers. */
export const kubernetes: WorkspaceTemplate = {
  name: 'kubernetes',
  summary: 'A Kubernetes cluster: one control plane, two workers',
  infra: 'cluster',
  files: (input) => [
    settingsFile(input, 'Kubernetes', { defaults: '' }),
    { path: 'servers.toml', text: kubernetesServers(input) },
    {
      path: 'clusters/main.toml',
      text: 'description = "The cluster itself"\ncontrol_plane_count = 1\nworker_count = 2\nservices = ["kubernetes", "cilium"]\n',
    },
  ],
};

/** The same over two providers. */
export const multiCloud: WorkspaceTemplate = {
  name: 'multi-cloud',
  summary: 'A control plane at one provider, workers at another',
  infra: 'multi',
  providers: ['upcloud', 'aws'],
  files: (input) => [
    settingsFile({ ...input, provider: 'upcloud' }, 'Two providers'),
    { path: 'servers.toml', text: kubernetesServers(input, 'aws') },
  ],
};

/** For work on one machine. */
export const developer: WorkspaceTemplate = {
  name: 'developer',
  summary: 'One local server, environment dev, debug on',
  infra: 'dev',
  debug: true,
  files: (input) => [
    settingsFile({ ...input, provider: 'local' }, 'Development', {
      wait: 20,
      defaults: 'cores = 1\nmemory = 512\ndisk = 10\n',
    }),
    {
      path: 'servers.toml',
      text: `${head(input)}\n[[servers]]\nhostname = "dev-01"\ntitle = "Development"\ntaskservs = ["os"]\n`,
    },
  ],
};
