import type { TaskservAsset } from '@provisioning/extensions-sdk';
import { shellQuote } from '../transport/index.ts';
import type { DesiredTaskserv } from './desired.ts';

/**
 * Facts are lines that a host prints about itself; what a taskserv wants is written as the very same lines. So "is it
 * there" is a comparison of text, on the host and here, and the words for a difference come from the lines that lack.
 *
 *     package<TAB>redis-server<TAB>installed
 *     unit<TAB>redis-server<TAB>active<TAB>enabled
 *     <sha256>  /etc/redis/redis.conf
 *     mode<TAB>/etc/redis/redis.conf<TAB>640 redis:redis
 *     user<TAB>redis
 *     fact<TAB>redis<TAB>database app<TAB>present      (from scripts/check.sh)
 *     record<TAB>redis<TAB>7.0 0123456789abcdef          (what was installed last, and its definition)
 *     info<TAB>version<TAB>redis-server<TAB>5:7.0.15-1    (told, not compared)
 */
export const recordFolder = '/var/lib/provisioning/taskservs';

/** The lines a host must print for a taskserv to be satisfied; its record comes last. */
export function expectedFacts(desired: DesiredTaskserv): readonly string[] {
  return [
    ...desired.packages.map((name) => `package\t${name}\tinstalled`),
    ...(desired.repositories ?? []).map(({ sha256, file }) => `${sha256}  ${file}`),
    ...desired.users.map(({ name }) => `user\t${name}`),
    ...desired.directories.map(({ path, mode, owner, group }) => `mode\t${path}\t${mode} ${owner}:${group}`),
    ...desired.assets.map((asset) =>
      isPlain(asset) ? `${asset.sha256}  ${asset.path}` : `asset\t${asset.path}\t${assetKey(asset)}`,
    ),
    ...desired.files.flatMap(({ path, sha256, mode, owner, group }) => [
      `${sha256}  ${path}`,
      `mode\t${path}\t${mode} ${owner}:${group}`,
    ]),
    ...desired.units.map((name) => `unit\t${name}\tactive\tenabled`),
    ...desired.facts.map((line) => `fact\t${desired.name}\t${line}`),
    expectedRecord(desired),
  ];
}

export function expectedRecord(desired: DesiredTaskserv): string {
  return `record\t${desired.name}\t${desired.version} ${desired.digest}`;
}

/**
 * A shell function `facts` that prints the facts of all given taskservs at once: one dpkg-query, one systemctl, one
 * sha256sum, one stat, however many taskservs there are. Everything else is done by the shell itself.
 */
export function factsFunction(all: readonly DesiredTaskserv[]): string {
  const packages = unique(all.flatMap((desired) => desired.packages));
  const units = unique(all.flatMap((desired) => desired.units));
  const users = unique(all.flatMap((desired) => desired.users.map(({ name }) => name)));
  const hashed = unique(
    all.flatMap((desired) => [
      ...(desired.repositories ?? []).map(({ file }) => file),
      ...desired.files.map(({ path }) => path),
      ...desired.assets.filter(isPlain).map(({ path }) => path),
    ]),
  );
  const listed = unique(
    all.flatMap((desired) => [...desired.directories, ...desired.files].map(({ path }) => path)),
  );
  const unpacked = all.flatMap((desired) => desired.assets.filter((asset) => !isPlain(asset)));
  const lines: string[] = [];
  if (packages.length > 0) {
    lines.push(
      `dpkg-query -W -f='package\\t\${Package}\\t\${db:Status-Status}\\ninfo\\tversion\\t\${Package}\\t\${Version}\\n'` +
        ` ${quoted(packages)} 2>/dev/null`,
    );
  }
  if (hashed.length > 0) lines.push(`sha256sum -- ${quoted(hashed)} 2>/dev/null`);
  if (listed.length > 0)
    lines.push(`stat --printf='mode\\t%n\\t%a %U:%G\\n' -- ${quoted(listed)} 2>/dev/null`);
  if (units.length > 0) lines.push(unitFacts(units));
  if (users.length > 0) {
    lines.push(
      `while IFS=: read -r n _; do case " ${users.join(' ')} " in *" $n "*) printf 'user\\t%s\\n' "$n" ;; esac; done < /etc/passwd`,
    );
  }
  for (const { path } of unpacked) {
    const told = recorded('asset', path, `${recordFolder}/.assets/${assetName(path)}`);
    lines.push(`if [ -e ${shellQuote(path)} ]; then ${told}; fi`);
  }
  for (const { name } of all) lines.push(recorded('record', name, `${recordFolder}/${name}`));
  for (const desired of all) {
    const check = desired.scripts.get('check');
    if (check === undefined) continue;
    lines.push(`(\n${desired.environment}${check}\n) </dev/null | while IFS= read -r l; do`);
    lines.push(`  printf 'fact\\t%s\\t%s\\n' ${shellQuote(desired.name)} "$l"`, 'done');
  }
  return `facts() {\n${lines.join('\n')}\n:\n}\n`;
}

/** A download that is the file itself, so that its checksum is the file's. */
function isPlain({ format, sha256 }: TaskservAsset): boolean {
  return format === 'file' && sha256 !== '';
}

/** What is remembered of a download whose checksum is not the file's. */
export function assetKey({ sha256, url }: TaskservAsset): string {
  return sha256 === '' ? url : sha256;
}

/** File name under which the checksum of an unpacked archive is remembered on the host. */
export function assetName(path: string): string {
  return path.replaceAll('/', '_');
}

function recorded(kind: string, name: string, file: string): string {
  return `{ read -r r < ${shellQuote(file)} && printf '${kind}\\t%s\\t%s\\n' ${shellQuote(name)} "$r"; } 2>/dev/null`;
}

/** systemctl answers in the order of the question, one block for a unit, blocks apart by an empty line. */
function unitFacts(units: readonly string[]): string {
  return [
    `set -- ${quoted(units)}`,
    'systemctl show --property=ActiveState,UnitFileState -- "$@" 2>/dev/null | {',
    '  a=; e=disabled',
    '  told() { printf \'unit\\t%s\\t%s\\t%s\\n\' "$1" "$a" "$e"; }',
    "  while IFS='=' read -r k v; do",
    '    case $k in',
    '      ActiveState) a=$v ;;',
    '      UnitFileState) case $v in enabled* | static | alias | generated | indirect) e=enabled ;; esac ;;',
    '      \'\') told "$1"; shift; a=; e=disabled ;;',
    '    esac',
    '  done',
    '  if [ -n "$a" ]; then told "$1"; fi',
    '}',
  ].join('\n');
}

function quoted(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)];
}
