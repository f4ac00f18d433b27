import type { DnsEntry, Server, Settings } from '@provisioning/extensions-sdk';
import type { Data } from '../config/document.ts';

/** An infrastructure as its definition resolves it (05 §§3-4). Pure data. */
export interface Infrastructure {
  readonly name: string;
  /** Folder of the definition. */
  readonly path: string;
  readonly workspace: { readonly name: string; readonly path: string };
  readonly environment: string;
  readonly settings: Settings;
  /** Enabled servers: groups expanded, aliases applied, defaults filled. */
  readonly servers: readonly Server[];
  /** Groups with the number of members their definition asks for. */
  readonly groups?: Readonly<Record<string, number>>;
  /** Entries of `servers` with `kind = "dns"`. */
  readonly dns: readonly DnsEntry[];
  /** Hostnames with `enabled = false`: neither created nor deleted. */
  readonly disabled: readonly string[];
  /** Configuration of taskservs for the whole infrastructure, by name. */
  readonly taskservs: Readonly<Record<string, Data>>;
  readonly clusters: Readonly<Record<string, Data>>;
  readonly network: Data;
  readonly storage: Data;
  readonly providers: Readonly<Record<string, Data>>;
  readonly auto_scaling: Data;
  readonly regions: Data;
  /** Rules of the company for this environment, when the definition names any (05 §5.5). */
  readonly company_environment?: Data;
  /** Findings that do not stop anything. */
  readonly warnings: readonly string[];
  /** Keys of the definition the project does not know; kept as written. */
  readonly [extra: string]: unknown;
}
