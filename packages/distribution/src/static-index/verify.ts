import { readFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { verifyArchive } from '../artifacts/download.ts';
import { mapLimited } from '../artifacts/listing.ts';
import type { ArtifactSession } from '../artifacts/session.ts';
import { checkBlob } from '../signing/blob.ts';
import { IndexClient } from './client.ts';
import { type IndexExtension, type IndexVersion, parseIndex, type StaticIndex } from './format.ts';

/** A static index, wherever it lies. */
interface Place {
  read(): Promise<StaticIndex>;
  /** Checks the package of a version; throws when it is not what the index says. */
  check(extension: IndexExtension, version: IndexVersion): Promise<void>;
}

/** Compares a static index with its files (10 §7): a folder or an address. */
export async function verifyIndex(
  session: ArtifactSession,
  place: string,
): Promise<{ readonly versions: number; readonly problems: readonly string[] }> {
  const opened = /^https?:/.test(place) ? remote(session, place) : local(session, place);
  const { extensions } = await opened.read();
  const all = extensions.flatMap((extension) =>
    extension.versions.map((version) => ({ extension, version })),
  );
  const found = await mapLimited(all, session.settings.concurrency, async ({ extension, version }) => {
    const named = `${extension.type}/${extension.name} ${version.version}`;
    if (version.sha256 === undefined) return `${named}: the index gives no digest`;
    return opened.check(extension, version).then(
      () => undefined,
      (error: unknown) => `${named}: ${(error as Error).message}`,
    );
  });
  return { versions: all.length, problems: found.filter((problem) => problem !== undefined) };
}

function remote(session: ArtifactSession, url: string): Place {
  const client = new IndexClient(session, url);
  return {
    read: () => client.read({ refresh: true }),
    async check(extension, version) {
      await client.download(extension, version);
    },
  };
}

function local(session: ArtifactSession, folder: string): Place {
  const file = join(folder, 'index.json');
  return {
    async read() {
      const bytes = await readFile(file);
      await checkBlob(session, bytes, file, () => readFile(`${file}.sig`).catch(() => undefined));
      return parseIndex(bytes, file);
    },
    async check(_extension, { url, sha256, size }) {
      if (/^https?:/.test(url)) return;
      const path = resolve(folder, url);
      if (!path.startsWith(`${resolve(folder)}${sep}`)) throw new Error(`${url} leads out of the index`);
      const bytes = await readFile(path);
      if (size !== undefined && bytes.length !== size)
        throw new Error(`${url} has ${bytes.length} bytes, not ${size}`);
      verifyArchive(bytes, sha256, url);
    },
  };
}
