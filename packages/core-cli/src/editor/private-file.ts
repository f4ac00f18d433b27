import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Runtime } from '../runtime.ts';

/** A file only its owner can read, in memory where the system has such a place (18 §7.4). */
export interface PrivateFile {
  readonly file: string;
  read(): Promise<string>;
  /** Overwrites and removes it with its folder. */
  remove(): Promise<void>;
}

/** Writes `text` under `name` into a folder of its own: `$XDG_RUNTIME_DIR`, else `/dev/shm`, else the temporary folder. */
export async function privateFile(runtime: Runtime, name: string, text: string): Promise<PrivateFile> {
  const folder = await mkdtemp(join(await privatePlace(runtime), 'provisioning-edit-'));
  const file = join(folder, name);
  await writeFile(file, text, { mode: 0o600 });
  return {
    file,
    read: () => readFile(file, 'utf8'),
    remove: async () => {
      await overwrite(file).catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function privatePlace(runtime: Runtime): Promise<string> {
  const own = runtime.environment['XDG_RUNTIME_DIR'];
  for (const place of [...(own === undefined || own === '' ? [] : [own]), '/dev/shm']) {
    const found = await stat(place).catch(() => undefined);
    if (found?.isDirectory() === true) return place;
  }
  return tmpdir();
}

async function overwrite(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const { size } = await handle.stat();
    await handle.write(Buffer.alloc(size), 0, size, 0);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
