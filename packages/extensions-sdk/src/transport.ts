import type { Readable } from 'node:stream';

/** How a server is reached (06 §3). Taskservs, `server ssh`, `exec` and `copy` work through it. */
export type Access =
  | {
      readonly kind: 'ssh';
      readonly host: string;
      readonly port: number;
      readonly user: string;
      /** Path of the private key; the agent and the default keys are tried when absent. */
      readonly keyFile?: string;
      /**
       * Name under which the host key is remembered (OpenSSH `HostKeyAlias`); the provider's server id, so that a server
       * made anew at an old address is no surprise. New keys are accepted, changed ones refused (05 §7.4).
       */
      readonly hostKeyAlias?: string;
    }
  | { readonly kind: 'local' };

export interface RunOptions {
  /** Bytes for the command's standard input. */
  readonly input?: Readable | Uint8Array | string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Called for each complete line as it arrives. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  readonly signal?: AbortSignal;
  /** Limit in seconds; the remote process group is killed when it passes. Default none. */
  readonly timeout?: number;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Name of the signal that ended the command, when one did. */
  readonly signal?: string;
}

/** A connection to one host. Many commands run over it at once (SSH channels of one connection). */
export interface Transport {
  /** What a person would call it: `root@10.0.0.5:22`. */
  readonly name: string;
  /**
   * Runs one command line through the remote user's shell. A non-zero exit is a result, not an error.
   * @throws ProvisioningError `TRANSPORT_*`; `retryable` when the connection itself failed.
   */
  run(command: string, options?: RunOptions): Promise<RunResult>;
  close(): Promise<void>;
}

/** Opens and pools transports; one connection for one access. */
export interface Transports {
  open(
    access: Access,
    options?: { readonly signal?: AbortSignal; readonly timeout?: number },
  ): Promise<Transport>;
  close(): Promise<void>;
}
