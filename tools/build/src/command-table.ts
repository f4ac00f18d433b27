import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build as esbuild, type BuildOptions, type Plugin } from 'esbuild';
import type { CommandDetails } from '../../../packages/core-cli/src/command-catalogue.ts';
import { commandFiles } from '../../../packages/core-cli/src/catalogue/scan.ts';

interface DescribedCommand {
  readonly id: string;
  readonly file: string;
  readonly hidden: boolean;
  readonly details: CommandDetails;
}

/**
 * Two generated modules: the entry, and the table of all commands with a lazy import for each. So that the program scans
 * no folder and reads no manifest when it starts.
 */
export function commandTable(root: string, shared: BuildOptions): Plugin {
  const source = join(root, 'packages/core-cli/src');
  return {
    name: 'command-table',
    setup(build) {
      let described: Promise<readonly DescribedCommand[]> | undefined;
      build.onStart(() => {
        described = describeCommands(source, shared);
        described.catch(() => undefined);
      });
      build.onResolve({ filter: /^provisioning:/ }, ({ path }) => ({ path, namespace: 'generated' }));
      build.onLoad({ filter: /:entry$/, namespace: 'generated' }, async () => ({
        contents: entryModule(source, await described!),
        loader: 'ts',
        resolveDir: source,
      }));
      build.onLoad({ filter: /:details$/, namespace: 'generated' }, async () => {
        const all = Object.fromEntries((await described!).map(({ id, details }) => [id, details]));
        return {
          contents: `export default JSON.parse(${JSON.stringify(JSON.stringify(all))});`,
          loader: 'js',
        };
      });
    },
  };
}

function entryModule(source: string, commands: readonly DescribedCommand[]): string {
  const rows = commands.map(({ id, file, hidden, details: { summary } }) => {
    const entry = JSON.stringify({ id, summary, ...(hidden ? { hidden } : {}) });
    return `add(${entry}, () => import(${JSON.stringify(file)}));`;
  });
  return `
    import { runProcess } from ${JSON.stringify(join(source, 'entry.ts'))};
    const commands = new Map();
    const add = (entry, load) => commands.set(entry.id, { ...entry, load: async () => (await load()).default });
    ${rows.join('\n')}
    export const catalogue = {
      // Read when asked for: a release gives the same bundle its version.
      get version() {
        const { readFileSync } = process.getBuiltinModule('node:fs');
        return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
      },
      commands,
      details: async (id) => (await import('provisioning:details')).default[id],
    };
    export const run = (argv) => runProcess(argv, catalogue);`;
}

/**
 * Summary, options and metadata of every command class. The classes are bundled for that, too: stripping the types of
 * all that they import would take Node several seconds.
 * @throws Error when a command lacks a summary or a spec.
 */
async function describeCommands(source: string, shared: BuildOptions): Promise<readonly DescribedCommand[]> {
  const files = [...commandFiles()];
  const imports = files.map(([, file], index) => `import C${index} from ${JSON.stringify(file)};`);
  const rows = files.map(
    ([id, file], index) => `describe(${JSON.stringify(id)}, ${JSON.stringify(file)}, C${index}),`,
  );
  const contents = `
    import { describeClass } from ${JSON.stringify(join(source, 'catalogue/details.ts'))};
    ${imports.join('\n')}
    function describe(id, file, type) {
      if (!type?.spec || !type.summary) throw new Error('Command \\'' + id + '\\' (' + file + ') needs a summary and a spec');
      return { id, file, hidden: type.hidden === true, details: describeClass(id, type) };
    }
    export const commands = [${rows.join('\n')}];`;
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-build-'));
  try {
    const outfile = join(folder, 'commands.mjs');
    await esbuild({ ...shared, stdin: { contents, resolveDir: source, loader: 'ts' }, outfile });
    const { commands } = (await import(pathToFileURL(outfile).href)) as {
      commands: readonly DescribedCommand[];
    };
    return commands;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
