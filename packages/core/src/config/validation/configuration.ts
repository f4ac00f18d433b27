import { ConfigurationSchema, type Issue } from '@provisioning/extensions-sdk';
import type { Data, KeyPath } from '../document.ts';
import { type Fragment, locateIn } from '../fragment.ts';
import { valueAt } from '../merge.ts';
import { Configuration as validate } from './compiled.js';
import { findings } from './schema-issues.ts';

/** Checks the merged configuration against the built-in schema and points at the file that set each wrong value. */
export function validateConfiguration(
  value: Data,
  fragments: readonly Fragment[],
  issues: Issue[],
  _warnings: string[],
): void {
  for (const finding of findings(validate, value, ConfigurationSchema)) {
    issues.push(issueOf(finding.path, finding.message, finding.type.toUpperCase(), fragments));
  }
}

/** A finding about a key of the configuration, at the place that set it. */
export function issueOf(path: KeyPath, message: string, code: string, fragments: readonly Fragment[]): Issue {
  for (let length = path.length; length > 0; length--) {
    const part = path.slice(0, length);
    const winner = fragments.findLast(
      (fragment) => fragment.layer !== 'default' && valueAt(fragment.value, part) !== undefined,
    );
    if (winner === undefined) continue;
    const location = locateIn(winner, part);
    const frame = location === undefined ? undefined : winner.document?.frame(location);
    return {
      message,
      code,
      location: { ...(location ?? { file: winner.origin ?? winner.layer }), key: path.join('.') },
      ...(frame === undefined ? {} : { frame }),
    };
  }
  return { message, code };
}
