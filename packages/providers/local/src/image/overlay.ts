import { buffer } from 'node:stream/consumers';

/** Files by absolute path. */
export type Files = Readonly<Record<string, { readonly content: string; readonly mode?: number }>>;

/** The files as a tar with names from `./`, owned by root. */
export async function packFiles(files: Files): Promise<Buffer> {
  const { pack } = await import('tar-stream');
  const tar = pack();
  for (const [path, { content, mode }] of Object.entries(files)) {
    tar.entry({ name: `.${path}`, mode: mode ?? 0o644, uid: 0, gid: 0 }, content);
  }
  tar.finalize();
  return buffer(tar);
}
