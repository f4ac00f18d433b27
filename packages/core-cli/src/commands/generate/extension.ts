import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { string as argument } from '@oclif/core/args';
import { boolean, integer, string } from '@oclif/core/flags';
import {
  type ProviderTemplate,
  type TaskservPattern,
  generateExtension,
  parseKind,
  providerTemplates,
  taskservPatterns,
  ask,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { canPrompt } from '../../prompt/confirm.ts';
import { selectIfAny } from '../../session/modules.ts';

export default class GenerateExtension extends ProvisioningCommand {
  static override summary = 'Write a new extension that is valid and whose tests pass';
  static override description =
    'Into extensions/<types>/[<category>/]<name> of the workspace, else ./<name>. With --interactive a terminal is asked.';
  static override spec: CommandSpec = {
    access: 'l',
    workspace: false,
    sideEffect: 'create',
    interactive: true,
  };
  static override examples = [
    'provisioning generate extension taskserv my-api --category development --port 8080',
    'provisioning generate extension provider my-cloud --template cloud',
    'provisioning generate extension cluster shop',
  ];
  static override args = {
    type: argument({ description: 'provider, taskserv or cluster' }),
    name: argument({ description: 'name in kebab-case' }),
  };
  static override flags = {
    author: string({ description: 'default the git user' }),
    description: string({ description: 'one line about it' }),
    'display-name': string({ description: 'name for people' }),
    category: string({ description: 'folder and category' }),
    port: integer({ description: 'port of the service', min: 1, max: 65_535 }),
    'github-repo': string({ description: 'owner/name' }),
    pattern: string({ description: 'kind of taskserv', options: [...taskservPatterns] }),
    template: string({ description: 'kind of provider', options: [...providerTemplates] }),
    output: string({ description: 'folder instead of the workspace' }),
    interactive: boolean({ description: 'ask for everything' }),
    force: boolean({ description: 'replace a folder that is there' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GenerateExtension);
    // The words of the former tool: create-extension validate PATH, create-extension list-templates.
    if (args.type === 'validate' || args.type === 'list-templates') return this.#forward(args.type);
    const answers = flags.interactive && canPrompt(this.runtime) ? await this.#ask(args.type) : {};
    const type = parseKind(required(args.type ?? answers['type'], 'type'));
    const name = required(args.name ?? answers['name'], 'name');
    const selection = flags.output === undefined ? await selectIfAny(this) : undefined;
    const category = flags.category ?? answers['category'];
    const port = flags.port ?? (answers['port'] === undefined ? undefined : Number(answers['port']));
    const { path, files } = await generateExtension({
      type,
      name,
      author: flags.author ?? answers['author'] ?? (await gitUser(this.runtime.cwd)) ?? 'unknown',
      description: flags.description ?? answers['description'],
      displayName: flags['display-name'],
      ...(category === undefined || category === '' ? {} : { category }),
      ...(port === undefined ? {} : { port }),
      repository: flags['github-repo'],
      pattern: (flags.pattern ?? answers['pattern']) as TaskservPattern | undefined,
      template: flags.template as ProviderTemplate | undefined,
      output:
        selection === undefined ? (flags.output ?? this.runtime.cwd) : join(selection.path, 'extensions'),
      exact: selection === undefined,
      force: flags.force,
      check: this.globals.check,
      year: new Date(this.runtime.now()).getFullYear(),
    });
    const { check } = this.globals;
    await this.out.result({ name, type, path, files }, () => [
      `${this.out.style.mark(check ? 'info' : 'ok')} ${type} '${name}' ${check ? 'would be created' : 'created'}: ${path}`,
      ...files.map((file) => `  ${file}`),
    ]);
    if (check) return;
    await this.next(`provisioning extension validate ${path}`, `provisioning extension test ${path}`);
  }

  async #forward(word: 'validate' | 'list-templates'): Promise<void> {
    const { default: Target } =
      word === 'validate' ? await import('../extension/validate.ts') : await import('./list-templates.ts');
    const at = this.argv.indexOf(word);
    const command = new Target([...this.argv.slice(0, at), ...this.argv.slice(at + 1)], this.host);
    await command.run();
    this.exitCode = command.exitCode;
  }

  async #ask(type: string | undefined): Promise<Record<string, string>> {
    const questions: readonly (readonly [key: string, text: string, fallback: string])[] = [
      ...(type === undefined ? [['type', 'Type (taskserv, provider, cluster)', 'taskserv'] as const] : []),
      ['name', 'Name', 'my-extension'],
      ['category', 'Category', ''],
      ['port', 'Port', '8080'],
      ['description', 'Description', ''],
      ['author', 'Author', (await gitUser(this.runtime.cwd)) ?? ''],
      ['pattern', 'Pattern (web-service, database, worker)', 'web-service'],
    ];
    const answers: Record<string, string> = {};
    for (const [key, text, fallback] of questions) {
      const answer = await ask(this.runtime, `${text}${fallback === '' ? '' : ` [${fallback}]`}: `);
      const value = answer.trim() === '' ? fallback : answer.trim();
      if (value !== '') answers[key] = value;
    }
    return answers;
  }
}

function required(value: string | undefined, name: string): string {
  if (value !== undefined && value !== '') return value;
  throw new ProvisioningError({
    code: 'MISSING_ARGUMENT',
    kind: 'usage',
    message: `Missing required argument: ${name}\nUsage: provisioning generate extension <type> <name>`,
  });
}

async function gitUser(cwd: string): Promise<string | undefined> {
  const run = promisify(execFile);
  const user = await run('git', ['config', 'user.name'], { cwd }).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
  return user === '' ? undefined : user;
}
