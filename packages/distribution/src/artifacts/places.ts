import { ImageLayout } from '../layout/layout.ts';
import type { CallOptions, Source, Target } from '../oci/target.ts';
import type { RemoteRegistry } from '../remote/registry.ts';

/** A registry in the widest sense: something with named repositories. */
export interface Place {
  /** `host[:port]` or `layout:<folder>`. */
  readonly name: string;
  /** For reading; goes through mirrors and the cache. */
  source(repository: string): Source & Pick<Target, 'tags'>;
  /** For writing; goes straight to the registry. */
  target(repository: string): Target;
  /** Names of the repositories below a namespace. */
  repositories(namespace: string, options?: CallOptions): Promise<readonly string[]>;
}

/** Repositories of an image layout folder. */
export class LayoutPlace implements Place {
  readonly name: string;
  readonly layout: ImageLayout;

  constructor(folder: string) {
    this.name = `layout:${folder}`;
    this.layout = new ImageLayout(folder);
  }

  source(repository: string): Target {
    return this.layout.repository(repository);
  }

  target(repository: string): Target {
    return this.layout.repository(repository);
  }

  async repositories(namespace: string): Promise<readonly string[]> {
    return (await this.layout.repositories()).filter((name) => name.startsWith(`${namespace}/`));
  }
}

/** Repositories of a remote registry. */
export class RemotePlace implements Place {
  readonly name: string;
  readonly registry: RemoteRegistry;
  readonly #reader: (repository: string) => Source;

  constructor(registry: RemoteRegistry, reader: (repository: string) => Source) {
    this.name = registry.client.host;
    this.registry = registry;
    this.#reader = reader;
  }

  source(repository: string): Source & Pick<Target, 'tags'> {
    const reader = this.#reader(repository);
    const remote = this.registry.repository(repository);
    return {
      resolve: (reference, options) => reader.resolve(reference, options),
      fetch: (descriptor, options) => reader.fetch(descriptor, options),
      referrers: (descriptor, options) => reader.referrers(descriptor, options),
      tags: (options) => remote.tags(options),
    };
  }

  target(repository: string): Target {
    return this.registry.repository(repository);
  }

  repositories(namespace: string, options: CallOptions = {}): Promise<readonly string[]> {
    return this.registry.catalog({ ...options, under: namespace });
  }
}
