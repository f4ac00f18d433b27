import { type Action, scopeFor } from './authorizer.ts';
import type { RegistryClient } from './client.ts';

/** One repository of a registry as requests name it: its paths and the rights they need. */
export class RepositoryAccess {
  readonly client: RegistryClient;
  readonly name: string;

  constructor(client: RegistryClient, name: string) {
    this.client = client;
    this.name = name;
  }

  /** Path below `/v2/<name>/`. */
  path(rest: string): string {
    return `v2/${this.name}/${rest}`;
  }

  scopes(...actions: readonly Action[]): readonly string[] {
    return [scopeFor(this.name, actions)];
  }

  /** Ends an upload session (distribution-spec end-14); a registry that does not know how is left alone. */
  async cancelUpload(session: URL): Promise<void> {
    await this.client
      .read({ method: 'DELETE', target: session, scopes: this.scopes('pull', 'push'), retries: 0 })
      .catch(() => undefined);
  }
}
