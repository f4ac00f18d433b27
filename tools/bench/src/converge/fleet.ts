import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  openProject,
  prepareTaskserv,
  ServerDirectory,
  type Surroundings,
  TaskservPackages,
} from '@provisioning/core';
import type { Access } from '@provisioning/extensions-sdk';
import { cleanEverything } from '@provisioning/provider-local/engine';
import { taskservsOf } from '../../../../packages/core/src/plan/uses.ts';
import type { DesiredTaskserv } from '../../../../packages/core/src/taskserv/desired.ts';
import { Sandbox } from '../../../../packages/core-cli/test/sandbox.ts';

/** Definition files over those of a workspace template. */
export interface FleetShape {
  readonly title: string;
  readonly template: string;
  readonly files: Readonly<Record<string, string>>;
}

/** A server with all that is wanted of it, for the peers. */
export interface FleetHost {
  readonly hostname: string;
  readonly access: Extract<Access, { kind: 'ssh' }>;
  readonly taskservs: readonly DesiredTaskserv[];
}

const infra = 'demo';
const workspaceName = 'bench-converge';

/** Container servers of a user of their own, driven by the real command line. */
export class Fleet implements AsyncDisposable {
  readonly #sandbox: Sandbox;

  private constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  static async make(shape: FleetShape): Promise<Fleet> {
    const fleet = new Fleet(await Sandbox.forServers());
    const words = ['workspace', 'init', workspaceName, '--template', shape.template, '--infra-name', infra];
    await fleet.#must([...words, '--activate', '--yes']);
    for (const [name, text] of Object.entries(shape.files)) {
      const file = join(await fleet.#workspacePath(), 'infra', infra, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    return fleet;
  }

  /** A folder that goes with the fleet. */
  get folder(): string {
    return this.#sandbox.folder;
  }

  /** The servers alone, with nothing on them. */
  async createServers(): Promise<void> {
    await this.#must(['server', 'create', '--yes', '--direct', '--out', 'json']);
  }

  async deploy(): Promise<void> {
    await this.#must(['deploy', '--yes', '--out', 'json']);
  }

  async plan(): Promise<void> {
    await this.#must(['plan', '--out', 'json']);
  }

  async hosts(): Promise<FleetHost[]> {
    const path = await this.#workspacePath();
    await using opened = await openProject({
      surroundings: this.#surroundings(),
      workspace: { name: workspaceName, path },
      infra,
      moduleUrls: [import.meta.url],
    });
    const infrastructure = await opened.infrastructure();
    const context = opened.project.context({ idempotencyKey: 'bench' });
    const packages = new TaskservPackages();
    const directory = new ServerDirectory(context);
    return Promise.all(
      infrastructure.servers.map(async (server) => {
        const provider = await context.provider(server.provider);
        const access = await provider.getAccess({ hostname: server.hostname });
        if (access.kind !== 'ssh') throw new Error('The benchmark needs servers reached over SSH');
        const planned = await taskservsOf(context, server, infrastructure, packages);
        return {
          hostname: server.hostname,
          access: { ...access, keyFile: access.keyFile ?? join(path, 'secrets', 'ssh-keys', 'id_ed25519') },
          taskservs: await Promise.all(
            planned.map(({ use, references }) =>
              prepareTaskserv(context, server, use, { packages, directory, references }),
            ),
          ),
        };
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sandbox.run(['destroy', '--yes', '--direct']);
    await this.#sandbox.run(['orchestrator', 'stop', '--force']);
    await cleanEverything({
      variables: this.#sandbox.environment,
      workspace: { name: workspaceName, path: await this.#workspacePath() },
      images: false,
    });
    await this.#sandbox.remove();
  }

  async #workspacePath(): Promise<string> {
    const workspaces = await this.#sandbox.json<{ name: string; path: string }[]>(['workspace', 'list']);
    return workspaces.find(({ name }) => name === workspaceName)!.path;
  }

  #surroundings(): Surroundings {
    const root = join(import.meta.dirname, '..', '..', '..', '..');
    return {
      env: this.#sandbox.environment,
      cwd: this.#sandbox.folder,
      home: this.#sandbox.folder,
      platform: process.platform,
      installation: root,
      now: () => new Date(),
    };
  }

  async #must(words: readonly string[]): Promise<void> {
    const { code, stderr, stdout } = await this.#sandbox.run(words);
    if (code !== 0)
      throw new Error(`provisioning ${words.join(' ')} ended with ${code}\n${stdout}\n${stderr}`);
  }
}
