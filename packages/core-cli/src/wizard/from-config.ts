import { cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  generateInfrastructure,
  type InfrastructureAnswers,
  initWorkspace,
  templateOfAnswers,
  WorkspaceRegistry,
  writeFileAtomic,
} from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { changedLines } from '../output/difference.ts';
import { type InfrastructureSession, openInfrastructure, openSelected } from '../session/infrastructure.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { configurationOf } from '../session/workspace.ts';
import { takeDefaultModule } from '../workspace/after-init.ts';
import { answersFile, readAnswers } from './answers.ts';

/** Option of the commands that expand the answers of `init --wizard`. */
export const fromConfigDescription =
  'what init --wizard asked for, written as a definition first; without a value the file it wrote';

/**
 * Opens the infrastructure that the answers of the wizard stand for (04 §5.4): makes the workspace where there is none
 * of that name, and shows and asks before it alters a definition that is there. With `--check` all of it happens in a
 * folder of this run's own.
 */
export async function openFromConfig(
  command: ProvisioningCommand,
  given: string,
): Promise<InfrastructureSession> {
  const { globals, runtime } = command;
  const surroundings = surroundingsOf(runtime);
  const answers = await readAnswers(given === '' ? answersFile(surroundings) : resolve(runtime.cwd, given));
  const name = globals.workspace ?? answers.workspace_name;
  const infra = globals.infra ?? templateOfAnswers(answers).infra;
  const { workspaces } = await new WorkspaceRegistry(surroundings).read();
  const known = workspaces.find((workspace) => workspace.name === name);
  if (globals.check) return preview(command, answers, { name, infra, path: known?.path });
  if (known === undefined) await make(command, answers, { name, infra });
  else await define(command, answers, { name, infra, path: known.path });
  command.globals = { ...command.globals, workspace: name, infra };
  return openInfrastructure(command);
}

interface Place {
  readonly name: string;
  readonly infra: string;
}

/** Makes the workspace; with a path only there, for this run alone. */
async function make(
  command: ProvisioningCommand,
  answers: InfrastructureAnswers,
  { name, infra, path }: Place & { readonly path?: string },
): Promise<void> {
  const workspaces = (await configurationOf(command)).get('paths.workspaces');
  const result = await initWorkspace({
    surroundings: surroundingsOf(command.runtime),
    version: command.host.catalogue.version,
    target: name,
    template: templateOfAnswers(answers),
    infra,
    providers: [answers.provider],
    signal: command.signal,
    ...(typeof workspaces === 'string' && workspaces !== '' ? { workspaces } : {}),
    ...(path === undefined ? {} : { path, registered: false }),
  });
  if (path !== undefined) return;
  await takeDefaultModule(command, result);
  command.out.progress(`${command.out.errorStyle.mark('ok')} Workspace '${name}' created: ${result.path}`);
}

/** Brings the definition in a workspace to what the answers say. */
async function define(
  command: ProvisioningCommand,
  answers: InfrastructureAnswers,
  { name, infra, path }: Place & { readonly path: string },
): Promise<void> {
  const template = templateOfAnswers(answers);
  const folder = join(path, 'infra', infra);
  if ((await stat(folder).catch(() => undefined)) === undefined) {
    const { provider } = answers;
    await generateInfrastructure({
      name: infra,
      workspacePath: path,
      workspaceName: name,
      provider,
      template,
    });
    return;
  }
  const wanted = template.files({ workspace: name, infra, provider: answers.provider });
  const changes = [];
  for (const { path: file, text } of wanted) {
    const lines = changedLines(await readFile(join(folder, file), 'utf8').catch(() => ''), text);
    if (lines.length > 0) changes.push({ file: join(folder, file), text, lines });
  }
  if (changes.length === 0) return;
  for (const { file, lines } of changes) for (const line of [file, ...lines]) command.out.progress(line);
  await command.confirm('Write these changes?');
  for (const { file, text } of changes) await writeFileAtomic(file, text, 0o644);
}

/** The same in a copy, which is gone when the session is closed. */
async function preview(
  command: ProvisioningCommand,
  answers: InfrastructureAnswers,
  { name, infra, path: original }: Place & { readonly path: string | undefined },
): Promise<InfrastructureSession> {
  const temporary = await mkdtemp(join(tmpdir(), 'provisioning-from-config-'));
  const remove = (): Promise<void> => rm(temporary, { recursive: true, force: true });
  try {
    const path = join(temporary, name);
    if (original === undefined) await make(command, answers, { name, infra, path });
    else {
      await cp(original, path, {
        recursive: true,
        filter: (file) => !/\/(\.git|backups|\.runtime)$/.test(file),
      });
      await define(command, answers, { name, infra, path });
    }
    const selection = { name, path, infra, by: 'flag' } as const;
    const session = await openSelected(command, selection, await configurationOf(command, selection));
    return {
      ...session,
      [Symbol.asyncDispose]: async () => {
        await session[Symbol.asyncDispose]();
        await remove();
      },
    };
  } catch (thrown) {
    await remove();
    throw thrown;
  }
}
