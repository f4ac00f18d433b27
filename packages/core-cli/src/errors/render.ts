import type { Issue, ProvisioningError, SourceLocation } from '@provisioning/extensions-sdk';
import type { Style } from '../output/style.ts';

export interface ErrorView {
  readonly style: Style;
  readonly machine: boolean;
  readonly debug: boolean;
  /** Page of the documentation that says more; shown with `--debug`. */
  readonly page?: string;
}

/**
 * An error as it is shown (01 §7): `✗ title`, what is known about the place, `→ hint`. In a machine format one line of
 * JSON. The stack comes only with `--debug`.
 */
export function renderError(error: ProvisioningError, view: ErrorView): string {
  if (view.machine) return `${JSON.stringify({ error: machineError(error) })}\n`;
  const { style } = view;
  const bullet = style.colour ? '•' : '-';
  const [title = '', ...more] = titleOf(error).split('\n');
  const lines = [
    `${style.mark('error')} ${style.strong(title)}`,
    ...more.map((line) => (line === '' ? '' : `  ${line.replace(/^ {2}[-•] /, `  ${bullet} `)}`)),
  ];
  if (error.location && !title.includes(showLocation({ ...error.location, key: undefined })))
    lines.push(`  at ${showLocation(error.location)}`);
  const issues = error.issues.slice(0, view.debug ? undefined : 20);
  for (const [index, issue] of issues.entries()) {
    // One finding is what the title says already.
    if (error.issues.length === 1 && error.message.includes(issue.message)) {
      lines.push(...frameLines(issue, style));
      continue;
    }
    const place = issue.location ? `${showLocation(issue.location)}: ` : '';
    lines.push(`  ${style.bad(bullet)} ${place}${issue.message.split('\n').join('\n    ')}`);
    if (index < framesShown) lines.push(...frameLines(issue, style));
    if (issue.hint !== undefined)
      lines.push(...`→ ${issue.hint}`.split('\n').map((line) => `    ${style.dim(line)}`));
  }
  if (issues.length < error.issues.length)
    lines.push(`  … and ${error.issues.length - issues.length} more (--debug)`);
  if (error.hint !== undefined) {
    const arrow = style.colour ? '→' : '->';
    const [first = '', ...rest] = error.hint.split('\n');
    lines.push(`  ${style.note(`${arrow} `)}${first}`, ...rest.map((line) => `  ${line}`));
  }
  if (error.kind === 'bug') lines.push(...bugLines(style));
  if (view.debug && view.page !== undefined) lines.push(`  See: provisioning docs ${view.page}`);
  if (view.debug) lines.push('', ...stackOf(error).map((line) => style.dim(line)));
  return `${lines.join('\n')}\n`;
}

/** With many findings the first source lines are enough to see where they are. */
const framesShown = 3;

function frameLines({ frame }: Issue, style: Style): string[] {
  return frame === undefined ? [] : frame.split('\n').map((line) => `    ${style.dim(line)}`);
}

/** The object behind `{"error": …}` (01 §5.5). */
export function machineError(error: ProvisioningError): Record<string, unknown> {
  return {
    code: error.code,
    message: error.message,
    hint: error.hint ?? null,
    exit_code: error.exitCode,
    details: error.details ?? (error.issues.length > 0 ? { issues: error.issues } : null),
    ...(error.location ? { location: error.location } : {}),
  };
}

function titleOf(error: ProvisioningError): string {
  if (error.code === 'WORKSPACE_REQUIRED') return 'Workspace Required\nNo active workspace is configured.';
  if (error.kind === 'bug') return `Internal error: ${error.message}`;
  const provider =
    error.name === 'ProviderError' && (error.details as { provider?: string } | undefined)?.provider;
  return provider ? `Provider error [${provider}]: ${error.message}` : error.message;
}

function bugLines(style: Style): string[] {
  return [
    '',
    '  This is a bug in provisioning, not a mistake of yours.',
    `  ${style.dim('Run the command again with --debug and report it with the output: https://github.com/provisioning/provisioning/issues')}`,
  ];
}

/** `file:line:column (key)`. */
export function showLocation(location: SourceLocation): string {
  const position = [location.file, location.line, location.line === undefined ? undefined : location.column]
    .filter((part) => part !== undefined)
    .join(':');
  return location.key === undefined ? position : `${position} (${location.key})`;
}

function stackOf(error: ProvisioningError): string[] {
  const lines: string[] = [];
  let current: unknown = error;
  for (let depth = 0; current instanceof Error && depth < 5; depth += 1) {
    if (depth > 0) lines.push('Caused by:');
    lines.push(...(current.stack ?? String(current)).split('\n'));
    current = current.cause;
  }
  return lines;
}
