/**
 * Commands that the product's documentation names and that come with later versions. They are absent from help and
 * completion; typing one says so instead of `Unknown command`.
 */
const planned = new Set(
  (
    'mode setup platform services dns daemon auth mfa kms secrets break-glass compliance ' +
    'audit cedar policy admin gitops service test alerts detect ' +
    'complete ifc rules ai mcp monitoring ' +
    'login logout whoami encrypt decrypt platform'
  ).split(' '),
);

/** Whether these words name a command of a later version. */
export function isPlanned(id: string): boolean {
  return planned.has(id.split(' ')[0]!);
}
