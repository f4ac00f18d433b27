import { type Issue, ProvisioningError } from '@provisioning/extensions-sdk';

/** `file:line:column` of a finding, as far as it is known. */
export function placeOf(issue: Issue): string {
  const at = issue.location;
  if (at === undefined) return '';
  return `${at.file}${at.line === undefined ? '' : `:${at.line}${at.column === undefined ? '' : `:${at.column}`}`}`;
}

/** All findings as one error; a single one keeps its own code and message. */
export function throwIssues(issues: readonly Issue[], summary: (count: number) => string): void {
  const [first] = issues;
  if (first === undefined) return;
  const single = issues.length === 1;
  const place = placeOf(first);
  throw new ProvisioningError({
    code: single ? (first.code ?? 'CONFIG_INVALID') : 'CONFIG_INVALID',
    kind: 'configuration',
    message: single ? `${place === '' ? '' : `${place}: `}${first.message}` : summary(issues.length),
    ...(single && first.hint !== undefined ? { hint: first.hint } : {}),
    ...(first.location === undefined ? {} : { location: first.location }),
    issues,
  });
}

export function invalidConfiguration(count: number): string {
  return `The configuration has ${count} errors`;
}
