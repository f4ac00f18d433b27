import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';

/** A folder of its own for one test; removed with `await using`. */
export class TestFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<TestFolder> {
    return new TestFolder(await mkdtemp(join(tmpdir(), 'provisioning-test-')));
  }

  /** Writes files below the folder; a value that is no string becomes YAML. */
  async write(files: Readonly<Record<string, unknown>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      const file = join(this.path, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, typeof content === 'string' ? content : stringify(content));
    }
  }

  /** Writes a manifest into a folder below this one. */
  async extension(folder: string, manifest: Readonly<Record<string, unknown>>): Promise<void> {
    await this.write({ [join(folder, 'manifest.yaml')]: { version: '1.0.0', ...manifest } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
