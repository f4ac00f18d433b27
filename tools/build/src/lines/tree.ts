import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TarFile, TarSymlink } from '@provisioning/distribution';

/** The files of a line, by their path from the prefix of an installation. */
export class LineTree {
  readonly #entries = new Map<string, TarFile | TarSymlink>();

  /** Files of a folder, without those that `keep` refuses and without nested `node_modules`. */
  addFolder(source: string, target: string, keep: (path: string) => boolean = () => true): void {
    const visit = (folder: string): void => {
      for (const entry of readdirSync(join(source, folder), { withFileTypes: true })) {
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory() && entry.name !== 'node_modules') visit(path);
        if (!entry.isFile() || !keep(path)) continue;
        const full = join(source, path);
        const executable = (statSync(full).mode & 0o111) !== 0;
        this.#add({ path: `${target}/${path}`, content: readFileSync(full), executable });
      }
    };
    visit('');
  }

  addText(path: string, text: string, executable = false): void {
    this.#add({ path, content: Buffer.from(text), executable });
  }

  addJson(path: string, value: unknown): void {
    this.addText(path, `${JSON.stringify(value, undefined, 2)}\n`);
  }

  addLink(path: string, target: string): void {
    this.#add({ path, target });
  }

  entries(): readonly (TarFile | TarSymlink)[] {
    return [...this.#entries.values()];
  }

  #add(entry: TarFile | TarSymlink): void {
    if (this.#entries.has(entry.path)) throw new Error(`Two files of one name in a line: ${entry.path}`);
    this.#entries.set(entry.path, entry);
  }
}
