import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CommandClass } from '../frame/command.ts';
import type { Catalogue, CommandDetails, CommandEntry } from '../command-catalogue.ts';
import { describeClass } from './details.ts';

const folder = fileURLToPath(new URL('../commands/', import.meta.url));

/** Files of the commands, by id: `server list` is `commands/server/list.ts`. `index.ts` is the topic's own command. */
export function commandFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.test.ts')) continue;
    const file = join(entry.parentPath, entry.name);
    const words = relative(folder, file).replace(/\.ts$/, '').split(/[\\/]/);
    if (words.at(-1) === 'index') words.pop();
    files.set(words.join(' '), file);
  }
  return new Map([...files].sort(([left], [right]) => left.localeCompare(right)));
}

/** Version of the CLI, from its package. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/**
 * The catalogue read from the source folder: for the build, tests and reference pages. The bundle has the same as a
 * generated table.
 * @throws Error when a command lacks `summary` or `spec`.
 */
export async function scanCatalogue(): Promise<Catalogue> {
  const commands = new Map<string, CommandEntry>();
  const details = new Map<string, CommandDetails>();
  for (const [id, file] of commandFiles()) {
    const { default: type } = (await import(pathToFileURL(file).href)) as {
      default: CommandClass & { hidden?: boolean };
    };
    if (!type?.spec || !type.summary) throw new Error(`Command '${id}' (${file}) needs a summary and a spec`);
    details.set(id, describeClass(id, type));
    commands.set(id, { id, summary: type.summary, hidden: type.hidden, load: () => Promise.resolve(type) });
  }
  return {
    version: packageVersion(),
    commands,
    details: (id) => Promise.resolve(details.get(id)!),
  };
}
