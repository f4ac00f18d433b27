import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ArtifactSession } from '../artifacts/session.ts';
import { readOciSettings } from '../settings/oci-settings.ts';
import type { Mode } from '../signing/policy.ts';

/** A folder of its own for one test file, with sessions against a registry. */
export class Scratch {
  readonly folder: string;
  readonly warnings: string[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Scratch> {
    return new Scratch(await mkdtemp(join(tmpdir(), 'provisioning-dist-')));
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  async write(path: string, text: string): Promise<string> {
    await mkdir(dirname(this.path(path)), { recursive: true });
    await writeFile(this.path(path), text);
    return this.path(path);
  }

  /** An extension folder; `manifest` is merged over the least a manifest needs. */
  async extension(
    folder: string,
    manifest: Readonly<Record<string, unknown>>,
    files: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const whole = {
      type: 'taskserv',
      version: '1.0.0',
      description: 'd',
      author: 'a',
      license: 'MIT',
      ...manifest,
    };
    await this.write(`${folder}/manifest.yaml`, JSON.stringify(whole));
    await this.write(`${folder}/README.md`, `# ${String(manifest['name'])}\n`);
    for (const [path, text] of Object.entries(files)) await this.write(`${folder}/${path}`, text);
    return this.path(folder);
  }

  session(
    registry: string,
    options: {
      readonly mode?: Mode;
      readonly config?: Readonly<Record<string, unknown>>;
      readonly offline?: boolean;
      readonly cache?: string;
      readonly insecure?: boolean;
      /** `PATH` instead of this process's. */
      readonly path?: string;
      readonly environment?: Readonly<Record<string, string>>;
    } = {},
  ): ArtifactSession {
    const environment = {
      HOME: this.folder,
      PATH: options.path ?? process.env['PATH'],
      DOCKER_CONFIG: this.path('docker'),
      ...options.environment,
    };
    const settings = readOciSettings({
      get: (path) => options.config?.[path],
      environment,
      flags: {
        registry,
        ...(options.offline === undefined ? {} : { offline: options.offline }),
        ...(options.insecure === undefined ? {} : { insecure: options.insecure }),
      },
      configFolder: this.path('config'),
      cacheFolder: this.path(options.cache ?? 'cache'),
      ...(options.mode === undefined ? {} : { mode: options.mode }),
    });
    return new ArtifactSession({
      settings,
      environment,
      events: { warn: (text) => this.warnings.push(text) },
    });
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
