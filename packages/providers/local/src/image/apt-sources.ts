import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One `deb` entry of apt's configuration, of either format. */
export interface AptSource {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** Path of the keyring that signs it, when the entry names one. */
  readonly keyring?: string;
}

/** Every `deb` entry of `/etc/apt/sources.list` and `sources.list.d`, in apt's order. */
export async function readAptSources(folder = '/etc/apt'): Promise<AptSource[]> {
  const parts = join(folder, 'sources.list.d');
  const names = (await readdir(parts).catch(() => [])).sort();
  const files = [join(folder, 'sources.list'), ...names.map((name) => join(parts, name))];
  const sources: AptSource[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    sources.push(
      ...(file.endsWith('.sources') ? parseStanzas(text) : file.endsWith('.list') ? parseLines(text) : []),
    );
  }
  return sources;
}

/** The one-line format of sources.list(5). */
export function parseLines(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)((?:\s+[^#\s]\S*)*)/.exec(line);
    if (match === null) continue;
    const keyring = /signed-by=(\S+)/.exec(match[1] ?? '')?.[1];
    const components = match[4]!.trim().split(/\s+/).filter(Boolean);
    sources.push({
      uri: match[2]!,
      suite: match[3]!,
      components,
      ...(keyring === undefined ? {} : { keyring }),
    });
  }
  return sources;
}

/** The deb822 format of sources.list(5). */
export function parseStanzas(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const stanza of text.split(/\n\s*\n/)) {
    const fields = parseFields(stanza);
    const words = (name: string) => (fields.get(name) ?? '').split(/\s+/).filter(Boolean);
    if (!words('types').includes('deb') || fields.get('enabled') === 'no') continue;
    const keyring = words('signed-by').find((word) => word.startsWith('/'));
    for (const uri of words('uris')) {
      for (const suite of words('suites')) {
        sources.push({
          uri,
          suite,
          components: words('components'),
          ...(keyring === undefined ? {} : { keyring }),
        });
      }
    }
  }
  return sources;
}

/** The base of an image: where debootstrap downloads from, and what apt inside it is configured with. */
export interface Mirror {
  readonly distribution: 'debian' | 'ubuntu';
  readonly suite: string;
  readonly uri: string;
  readonly keyring?: string;
  readonly components: readonly string[];
  /** Lines of the image's sources.list. */
  readonly lines: readonly string[];
}

const suites: Readonly<Record<string, Mirror['distribution']>> = {
  bullseye: 'debian',
  bookworm: 'debian',
  trixie: 'debian',
  forky: 'debian',
  jammy: 'ubuntu',
  noble: 'ubuntu',
};

/**
 * The machine's own mirror for a suite, or for its own suite when `wanted` is not given. A mirror of the distribution
 * has every suite, so a Debian machine can build any Debian release.
 */
export function findMirror(sources: readonly AptSource[], wanted?: string): Mirror | undefined {
  const distribution = wanted === undefined ? undefined : suites[wanted];
  if (wanted !== undefined && distribution === undefined) return undefined;
  const main = sources.find(
    (source) =>
      /^https?:/.test(source.uri) &&
      source.components.includes('main') &&
      suites[source.suite] !== undefined &&
      (distribution === undefined || suites[source.suite] === distribution),
  );
  if (main === undefined) return undefined;
  const suite = wanted ?? main.suite;
  const related = sources.filter(
    (source) => /^https?:/.test(source.uri) && extendsSuite(source.suite, main.suite),
  );
  const lines = related.map(
    ({ uri, suite: name, components }) =>
      `deb ${uri} ${name.replace(main.suite, suite)} ${components.join(' ')}`,
  );
  return {
    distribution: suites[suite]!,
    suite,
    uri: main.uri,
    ...(main.keyring === undefined ? {} : { keyring: main.keyring }),
    components: main.components,
    lines: [...new Set(lines)],
  };
}

function extendsSuite(suite: string, base: string): boolean {
  return suite === base || suite === `${base}-updates` || suite === `${base}-security`;
}

function parseFields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let last: string | undefined;
  for (const line of stanza.split('\n')) {
    if (line.startsWith('#')) continue;
    const match = /^([A-Za-z0-9-]+):\s*(.*)$/.exec(line);
    if (match !== null) {
      last = match[1]!.toLowerCase();
      fields.set(last, match[2]!);
    } else if (last !== undefined && /^\s/.test(line)) {
      fields.set(last, `${fields.get(last)}\n${line.trim()}`);
    }
  }
  return fields;
}
