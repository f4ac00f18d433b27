import { stat } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { isAbsolute, resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { splitList } from '../argv/lists.ts';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { checkSyntax, evaluate } from '../nu/evaluate.ts';
import { type Library, makeLibrary } from '../nu/library.ts';
import { runShell } from '../nu/shell.ts';

export default class Nu extends ProvisioningCommand {
  static override summary = 'Open an interactive shell with the library, or run JavaScript with it';
  static override description =
    'Node.js with the library at hand: run(command line) answers the document that a command prints with --out json, and\nnuinfo lists the rest. Code is an argument, an option, a file or standard input; with --check it is only parsed,\nand a script only looked for.';
  static override spec: CommandSpec = { access: '-', workspace: false, interactive: true };
  static override examples = [
    'provisioning nu',
    'provisioning nu \'(await find_servers("web-*")).map((server) => server.ip_address)\'',
    'provisioning nu --script report.ts',
    "provisioning nu 'await taskservs_list()' --check",
  ];
  static override args = { code: argument({ description: 'JavaScript; - reads standard input' }) };
  static override flags = {
    command: string({ description: 'JavaScript instead of the argument' }),
    script: string({ description: 'file to run; its exports are printed where it has a default one' }),
    load: string({ description: 'modules whose exports are at hand, too', multiple: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Nu);
    const typed = flags.command ?? args.code;
    const code =
      typed === '-' ||
      (typed === undefined && flags.script === undefined && this.runtime.stdin.isTTY !== true)
        ? await readAll(this.runtime.stdin)
        : typed;
    const script = flags.script === undefined ? undefined : await this.#fileOf(flags.script);
    if (this.globals.check && script !== undefined) {
      await this.out.result({ valid: true }, () => [`${this.out.style.mark('ok')} ${script} is there`]);
      return;
    }
    if (this.globals.check && code !== undefined) {
      checkSyntax(code);
      await this.out.result({ valid: true }, () => [`${this.out.style.mark('ok')} The code parses`]);
      return;
    }
    const library: Library = { ...makeLibrary(this), ...(await this.#modules(flags.load ?? [])) };
    if (script !== undefined) return this.#print(await this.#script(script, library));
    if (code !== undefined) return this.#print(await evaluate(code, library));
    await runShell(this, library);
  }

  async #modules(names: readonly string[]): Promise<Library> {
    const modules = names.flatMap(splitList).map((name) => import(this.#addressOf(name)));
    return Object.assign({}, ...(await Promise.all(modules))) as Library;
  }

  async #fileOf(script: string): Promise<string> {
    const file = resolve(this.runtime.cwd, script);
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile() === true) return file;
    throw new ProvisioningError({
      code: 'FILE_NOT_FOUND',
      kind: 'not-found',
      message: `Script not found: ${file}`,
      hint: 'Name a file of JavaScript or TypeScript',
    });
  }

  /** A script finds the library among the global names. */
  async #script(file: string, library: Library): Promise<unknown> {
    Object.assign(globalThis, library);
    const exports = (await import(pathToFileURL(file).href)) as { default?: unknown };
    return exports.default;
  }

  #addressOf(name: string): string {
    if (!name.startsWith('.') && !isAbsolute(name)) return name;
    return pathToFileURL(resolve(this.runtime.cwd, name)).href;
  }

  async #print(value: unknown): Promise<void> {
    if (value === undefined) return;
    await this.out.result(value, () => [
      typeof value === 'string' ? value : inspect(value, { depth: 6, colors: this.out.style.colour }),
    ]);
  }
}
