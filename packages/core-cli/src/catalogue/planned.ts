/**
 * Commands that the product's documentation names and that come with later versions. They are absent from help and
 * completion; typing one says so instead of `Unknown command`.
 */
const planned = new Set(
  (
    'mode setup platform services dns daemon auth mfa kms secrets break-glass compliance ' +
    'audit cedar policy admin gitops service alerts detect ' +
    'complete ifc rules ai mcp monitoring ' +
    'login logout whoami encrypt decrypt platform'
  ).split(' '),
);

/** The same below words that have commands already. */
const plannedBelow: Readonly<Record<string, string>> = {
  config: 'encrypt-all encryption-info init-encryption rotate-keys scan-sensitive validate-encryption',
  backup: 'status retention restore',
  gitea: 'start stop restart status logs install user auth workspace extension',
};

/** Whether these words name a command of a later version. */
export function isPlanned(id: string): boolean {
  const [first, second] = id.split(' ') as [string, string | undefined];
  return planned.has(first) || (plannedBelow[first]?.split(' ').includes(second!) ?? false);
}
