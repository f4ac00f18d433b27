/** One release of a publisher, with what its notes say. */
export interface Release {
  readonly version: string;
  /** ISO date; empty when the publisher does not tell. */
  readonly published_at: string;
  /** The notes mark a security fix. */
  readonly security: boolean;
  /** Bullets of the notes. */
  readonly changes: readonly string[];
  /** Bullets under a heading on breaking changes, or marked so themselves. */
  readonly breaking: readonly string[];
}

const security = /\bsecurity\b|\bCVE-\d{4}-\d+|\bGHSA-[0-9a-z-]+/i;
const shownChanges = 10;

/** Reads release notes in Markdown: the bullets, those under "breaking changes" apart. */
export function readNotes(notes: string): Pick<Release, 'security' | 'changes' | 'breaking'> {
  const changes: string[] = [];
  const breaking: string[] = [];
  let underBreaking = false;
  for (const line of notes.split(/\r?\n/)) {
    const heading = /^\s*(#{1,6}|\*\*)\s*(.+)$/.exec(line);
    if (heading !== null) underBreaking = /breaking/i.test(heading[2]!);
    const bullet = /^\s*[-*•]\s+(.+)$/.exec(line)?.[1]?.trim();
    if (bullet === undefined) continue;
    if (underBreaking || /\bBREAKING\b/.test(bullet)) breaking.push(bullet);
    else changes.push(bullet);
  }
  return {
    security: security.test(notes),
    changes: changes.slice(0, shownChanges),
    breaking: breaking.slice(0, shownChanges),
  };
}
