import { type WorkspaceTemplate, settingsFile } from './template.ts';

/** Three local servers that work together: a database, a cache, and a proxy in front of both. */
export const demo: WorkspaceTemplate = {
  name: 'demo',
  summary: 'Three local servers: PostgreSQL, Redis, and HAProxy in front of both',
  infra: 'demo',
  debug: false,
  files: (input) => [
    settingsFile(input, 'Demo', {
      wait: 20,
      defaults: 'os = "debian-12"\ncores = 1\nmemory = 512 # MB\ndisk = 10 # GB\n',
    }),
    { path: 'servers.toml', text: servers(input.infra) },
    { path: 'taskservs/haproxy.toml', text: haproxy },
    { path: 'taskservs/postgres.toml', text: postgres },
  ],
};

const servers = (infra: string): string => `# Servers of the infrastructure '${infra}'.
# Taskservs are installed in the order their dependencies ask for; 'os' comes first.

[[servers]]
hostname = "db-01"
title = "Database"
taskservs = ["os", "postgres"]

[[servers]]
hostname = "cache-01"
title = "Cache"
taskservs = ["os", "redis"]

[[servers]]
hostname = "web-01"
title = "Front end"
taskservs = ["os", "haproxy"]
# Published, so that this machine reaches both services through the proxy
allowed_ports = [5432, 6379]
`;

const haproxy = `# Configuration of the taskserv 'haproxy' in this infrastructure.
# A server is named by its hostname; its address is filled in when the taskserv is installed.

[[frontends]]
name = "postgres"
mode = "tcp"
port = 5432
backend = "postgres"

[[frontends]]
name = "redis"
mode = "tcp"
port = 6379
backend = "redis"

[[backends]]
name = "postgres"
mode = "tcp"

[[backends.servers]]
server = "db-01"
port = 5432

[[backends]]
name = "redis"
mode = "tcp"

[[backends.servers]]
server = "cache-01"
port = 6379
`;

const postgres = `# Configuration of the taskserv 'postgres' in this infrastructure.

[[databases]]
name = "app"
owner = "app"

[[users]]
name = "app"
`;
