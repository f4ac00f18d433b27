import { type FSWatcher, watch } from 'node:fs';
import { constants, cp, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { validateExtension, validationRules } from '../extension-validation/validate.ts';
import { type ExtensionKind, kinds } from '../extensions/kinds.ts';
import { readModules } from './manifest-file.ts';

export interface LinkedModulesOptions {
  readonly log: (level: 'info' | 'warn', message: string) => void;
  /** Milliseconds without a change before a folder is read again. Default 300 (08 §5.1). */
  readonly debounce?: number;
}

/** One folder that modules lead to. */
interface Linked {
  readonly kind: ExtensionKind;
  /** The last content that validated; until there is one, the folder itself is used. */
  inUse?: string;
  watchers: readonly FSWatcher[];
  timer?: NodeJS.Timeout;
  /** Reads follow each other. */
  reading: Promise<void>;
}

/** Folders whose changes are none of the extension. */
const unwatched = new Set(['.git', 'node_modules', '.cache']);

/**
 * Linked modules while they are being written (08 §5.1, S:25178): a service that runs on uses the last content of each
 * folder that validated. A change is taken over when it validates too; else it is told, and the one before stays in use.
 * The product's own folders are not watched: they change with the program.
 */
export class LinkedModules implements AsyncDisposable {
  readonly #options: LinkedModulesOptions;
  readonly #folders = new Map<string, Promise<Linked>>();
  #copies: Promise<string> | undefined;
  #generation = 0;
  #closed = false;

  constructor(options: LinkedModulesOptions) {
    this.#options = options;
  }

  /** Watches what is linked into a workspace or infrastructure; what is watched already costs a look at the manifests. */
  async watch(bases: readonly string[]): Promise<void> {
    const linked = bases.flatMap((base) =>
      kinds.map(async (kind) => {
        const { modules } = await readModules(base, kind);
        for (const { mode, source, path } of modules) {
          if (mode !== 'link' || source === 'core') continue;
          const folder = await realpath(join(base, path)).catch(() => undefined);
          if (folder !== undefined) await this.#watched(folder, kind);
        }
      }),
    );
    await Promise.all(linked);
  }

  /** The folder to read instead of a linked one, given as its real path. */
  async inUse(folder: string): Promise<string> {
    return (await this.#folders.get(folder))?.inUse ?? folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const linked of await Promise.all(this.#folders.values())) {
      clearTimeout(linked.timer);
      for (const watcher of linked.watchers) watcher.close();
      await linked.reading;
    }
    if (this.#copies !== undefined) await rm(await this.#copies, { recursive: true, force: true });
  }

  #watched(folder: string, kind: ExtensionKind): Promise<Linked> {
    const known = this.#folders.get(folder);
    if (known !== undefined) return known;
    const made = (async () => {
      const linked: Linked = { kind, watchers: [], reading: Promise.resolve() };
      // Watched first, so that nothing changes unseen while it is read.
      await this.#observe(folder, linked);
      await this.#read(folder, linked);
      return linked;
    })();
    this.#folders.set(folder, made);
    return made;
  }

  /** Watches every folder of the extension; new ones are found after each change. */
  async #observe(folder: string, linked: Linked): Promise<void> {
    for (const watcher of linked.watchers) watcher.close();
    const changed = (): void => {
      clearTimeout(linked.timer);
      linked.timer = setTimeout(() => {
        linked.reading = linked.reading.then(() => this.#reload(folder, linked));
      }, this.#options.debounce ?? 300).unref();
    };
    linked.watchers = (await foldersBelow(folder)).flatMap((path) => {
      try {
        // A folder that goes away is a change like others.
        return [watch(path, { persistent: false }, changed).on('error', changed)];
      } catch {
        return [];
      }
    });
  }

  async #reload(folder: string, linked: Linked): Promise<void> {
    if (this.#closed) return;
    await this.#observe(folder, linked);
    await this.#read(folder, linked);
  }

  /** Takes the folder's content over if it validates. What is validated is the copy that will be used. */
  async #read(folder: string, linked: Linked): Promise<void> {
    const { log } = this.#options;
    const before = linked.inUse;
    this.#copies ??= mkdtemp(join(tmpdir(), 'provisioning-linked-'));
    const copy = join(await this.#copies, String(++this.#generation), basename(folder));
    try {
      await cp(folder, copy, {
        recursive: true,
        mode: constants.COPYFILE_FICLONE,
        filter: (path) => basename(path) !== '.git',
      });
      const { rules } = await validateExtension(copy, linked.kind);
      const [error] = validationRules.flatMap((rule) => rules[rule].errors);
      if (error !== undefined) throw new Error(error.replaceAll(copy, folder));
    } catch (error) {
      await rm(copy, { recursive: true, force: true });
      const what = `Extension in ${folder} does not validate: ${(error as Error).message.split('\n')[0]}`;
      log('warn', before === undefined ? what : `${what}; the one before stays in use`);
      return;
    }
    linked.inUse = copy;
    if (before !== undefined) log('info', `Extension in ${folder} was read again`);
  }
}

async function foldersBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const below = entries.filter((entry) => entry.isDirectory() && !unwatched.has(entry.name));
  return [folder, ...(await Promise.all(below.map(({ name }) => foldersBelow(join(folder, name))))).flat()];
}
