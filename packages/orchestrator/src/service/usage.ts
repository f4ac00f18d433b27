/** Text of `--help` (12 §15). */
export const usage = `provisioning-orchestrator - durable workflows for Provisioning

Usage: provisioning-orchestrator [flags]
       provisioning-orchestrator worker [flags]   run operations for an orchestrator elsewhere
       provisioning-orchestrator validate|plan|show|list|repair|migrate-store [flags]
                                                  a request on stdin, its answer on stdout; no server

  --host <address>          address to listen on (127.0.0.1)
  --port <number>           port to listen on (9090)
  --data-dir <folder>       journal, logs and lock
  --storage-type <type>     sqlite, postgres, surrealdb-embedded or surrealdb-server
  --postgres-url <url>      of the store postgres
  --surrealdb-url <url>     of the store surrealdb-server; also --surrealdb-username, --surrealdb-password
  --dispatcher <type>       embedded or bullmq
  --redis-url <url>         of the dispatcher bullmq
  --mode <mode>             solo, multiuser, cicd or enterprise
  --log-level <level>       debug, info, warn or error
  --daemon                  start in the background, print the process id when it listens
  --show-config             print the settings with their origins and end
  --version                 print the version and end
`;
