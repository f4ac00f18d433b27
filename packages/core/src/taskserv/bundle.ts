import { pack } from 'tar-stream';

export interface BundleEntry {
  readonly name: string;
  readonly content: string;
  /** Octal permissions; 0600 unless given. */
  readonly mode?: number;
}

/** One tar of everything an operation needs on the host; it is streamed over standard input. */
export async function packBundle(entries: readonly BundleEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, content, mode } of entries) {
    // A fixed time keeps the archive the same for the same content.
    archive.entry({ name, mode: mode ?? 0o600, mtime: new Date(0) }, content);
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
