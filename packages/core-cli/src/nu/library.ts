import { Writable } from 'node:stream';
import { splitWords } from '@provisioning/core';
import { type ErrorKind, ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';

/** What is at hand in the interactive shell and in its scripts, by name. */
export type Library = Readonly<Record<string, unknown>>;

/** The functions of the library and what they answer. */
export const libraryFunctions: Readonly<Record<string, string>> = {
  "run('server list')": 'the document any command prints with --out json',
  'show_env()': 'the environment commands work in',
  "find_servers('web-*')": 'servers whose name fits a pattern; without one, all',
  'servers_walk_by_costs()': 'servers by their monthly price, dearest first',
  'taskservs_list()': 'taskservs and where they are installed',
};

interface Priced {
  readonly monthly?: number | null;
}

/** The library for one session: every function runs a command in this process. */
export function makeLibrary(command: ProvisioningCommand): Library {
  const run = (line: string | readonly string[]): Promise<unknown> =>
    runForDocument(command, typeof line === 'string' ? splitWords(line) : line);
  const findServers = async (pattern = '*'): Promise<unknown> => {
    const fits = new RegExp(
      `^${pattern
        .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
    );
    const servers = (await run('server list --all')) as { readonly name: string }[];
    return servers.filter(({ name }) => fits.test(name));
  };
  return {
    run,
    show_env: () => run('env show'),
    find_servers: findServers,
    servers_walk_by_costs: async () => {
      const { servers: priced } = (await run('server price --monthly --detailed')) as { servers: Priced[] };
      return [...priced].sort((a, b) => (b.monthly ?? 0) - (a.monthly ?? 0));
    },
    taskservs_list: () => run('taskserv list'),
  };
}

/** What an exit code of a command says, for the error that stands for it. */
const kinds: Readonly<Record<number, ErrorKind>> = {
  2: 'usage',
  3: 'configuration',
  4: 'permission',
  5: 'not-found',
};

class Collector extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Runs a command line and answers the document it prints. @throws ProvisioningError with what it said instead */
async function runForDocument(command: ProvisioningCommand, words: readonly string[]): Promise<unknown> {
  const { main } = await import('../main.ts');
  const { runtime, catalogue } = command.host;
  const stdout = new Collector();
  const stderr = new Collector();
  const code = await main([...words, '--out', 'json'], catalogue, {
    ...runtime,
    // Questions cannot be answered here: a command that asks wants --yes.
    environment: { ...runtime.environment, PROVISIONING_NONINTERACTIVE: '1' },
    stdout,
    stderr,
  });
  if (stdout.text.trim() !== '') return JSON.parse(stdout.text) as unknown;
  if (code === 0) return undefined;
  const { error } = JSON.parse(stderr.text.trim().split('\n').at(-1)!) as {
    error: { code: string; message: string; hint?: string; exit_code: number };
  };
  throw new ProvisioningError({ ...error, kind: kinds[error.exit_code] ?? 'failure' });
}
