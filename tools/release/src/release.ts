import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import semver from 'semver';
import { changedLine, releasesOf, tagOf } from './changed-lines.ts';
import { UsageError } from './config.ts';
import { git } from './git.ts';

export interface ReleaseInput {
  readonly root: string;
  readonly version?: string;
  readonly releaseType?: string;
  /** `core`, `<kind>/<name>`, `all`; without it what changed since it was last tagged. */
  readonly line?: string;
  /** Branch that releases are made from. */
  readonly branch: string;
  readonly dryRun: boolean;
  readonly pushTag: boolean;
  readonly prerelease: boolean;
}

export interface ReleasePlan {
  readonly version: string;
  readonly tag: string;
  readonly previous: string | undefined;
  /** HEAD carries the tag already: a tag build in CI. */
  readonly tagged: boolean;
  readonly notes: string;
}

const releaseTypes = ['major', 'minor', 'patch', 'prerelease'] as const;

/**
 * What a release would be (11 §6.1).
 * @throws UsageError (exit 2) for a version that is none; Error (exit 1) for a tag that exists, a version that does not
 * go up, a tree with changes or another branch.
 */
export async function planRelease(input: ReleaseInput): Promise<ReleasePlan> {
  const { root } = input;
  // A mistake in the command is told before anything that is the case in the repository.
  wantedVersion(input, undefined);
  const head = process.env['CI'] === undefined ? [] : await tagsOfHead(root);
  const line = input.line ?? lineTagged(head, input.version) ?? (await changedLine(root));
  const releases = await releasesOf(root, line);
  const [previous] = releases;
  const version = wantedVersion(input, previous?.version);
  const tag = tagOf(line, version);
  const tagged = head.includes(tag);
  if (!tagged && releases.some((known) => known.tag === tag))
    throw new Error(`Tag ${tag} exists; a published version is never made again`);
  if (!tagged && previous !== undefined && !semver.gt(version, previous.version))
    throw new Error(`${version} is not greater than ${previous.version}, the last release of ${line}`);
  const dirty = await git(root, 'status', '--porcelain');
  if (dirty !== '')
    throw new Error(`The working tree has changes:\n${dirty.split('\n').slice(0, 5).join('\n')}`);
  const branch = await git(root, 'rev-parse', '--abbrev-ref', 'HEAD');
  if (!tagged && branch !== input.branch)
    throw new Error(`Releases are made from ${input.branch}, this is ${branch}`);
  // Of the whole product the notes go back to where all of it was released.
  const since = line === 'all' ? releases.find((known) => !known.tag.includes('/')) : previous;
  return { version, tag, previous: previous?.version, tagged, notes: await notesSince(root, since?.tag) };
}

async function tagsOfHead(root: string): Promise<readonly string[]> {
  return (await git(root, 'tag', '--points-at', 'HEAD')).split('\n').filter((tag) => tag !== '');
}

/** The line that a tag build is for: the one tagged with the wanted version. */
function lineTagged(tags: readonly string[], version: string | undefined): string | undefined {
  const ending = `v${version?.replace(/^v/, '') ?? ''}`;
  const tag = tags.find((one) => one === ending || one.endsWith(`/${ending}`));
  return tag === undefined ? undefined : tag.slice(0, -ending.length).replace(/\/$/, '') || 'all';
}

function wantedVersion({ version, releaseType }: ReleaseInput, previous: string | undefined): string {
  if (version !== undefined) {
    const given = version.replace(/^v/, '');
    if (semver.valid(given) === given) return given;
    throw new UsageError(`Not a version: ${version}; expected major.minor.patch, such as 2.1.0`);
  }
  if (releaseType === undefined) throw new UsageError('VERSION is required');
  if (!(releaseTypes as readonly string[]).includes(releaseType))
    throw new UsageError(`Unknown release type: ${releaseType}; expected ${releaseTypes.join(', ')}`);
  const next = semver.inc(previous ?? '0.0.0', releaseType as semver.ReleaseType, 'rc');
  if (next === null) throw new UsageError(`No ${releaseType} version follows ${previous ?? 'nothing'}`);
  return next;
}

const sections: readonly (readonly [RegExp, string])[] = [
  [/^feat/, 'Features'],
  [/^fix/, 'Fixes'],
  [/^perf/, 'Performance'],
];

/** Release notes from the commits since a tag, in the words of the commits (S:26492-26511). */
async function notesSince(root: string, tag: string | undefined): Promise<string> {
  const range = tag === undefined ? ['HEAD'] : [`${tag}..HEAD`];
  const log = await git(root, 'log', '--format=%H%x09%s', '--no-merges', '--max-count=500', ...range);
  const groups = new Map<string, string[]>();
  for (const row of log.split('\n').filter((line) => line !== '')) {
    const [, subject = ''] = row.split('\t');
    const title = sections.find(([pattern]) => pattern.test(subject))?.[1] ?? 'Changes';
    groups.set(title, [...(groups.get(title) ?? []), `- ${subject.replace(/^\w+(\([^)]*\))?!?: /, '')}`]);
  }
  return [...groups].map(([title, lines]) => `### ${title}\n\n${lines.join('\n')}`).join('\n\n');
}

/**
 * Writes the changelog, commits and tags; answers how to take it back when a later step fails.
 */
export async function tagRelease(
  { root, version, tag, notes }: ReleasePlan & { readonly root: string },
  today: string,
): Promise<() => Promise<void>> {
  const before = await git(root, 'rev-parse', 'HEAD');
  const file = join(root, 'CHANGELOG.md');
  const text = existsSync(file) ? await readFile(file, 'utf8') : '# Changelog\n';
  const [title = '', ...rest] = text.split('\n');
  await writeFile(file, [title, '', `## ${version} (${today})`, '', notes, ...rest].join('\n'));
  await git(root, 'add', 'CHANGELOG.md');
  await git(root, 'commit', '--quiet', '--message', `Release ${tag}`);
  await git(root, 'tag', '--annotate', tag, '--message', `Release ${version}`);
  return async () => {
    await git(root, 'tag', '--delete', tag);
    await git(root, 'reset', '--quiet', '--hard', before);
  };
}

export async function pushTag(root: string, tag: string): Promise<void> {
  await git(root, 'push', '--quiet', '--follow-tags', 'origin', 'HEAD', `refs/tags/${tag}`);
}
