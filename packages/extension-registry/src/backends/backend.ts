import type { Readable } from 'node:stream';
import type { PackageKind, PackageManifest } from '@provisioning/distribution';

/** Kinds of backends in the order in which they are asked (10 §1). */
export const backendKinds = ['gitea', 'forgejo', 'github', 'oci'] as const;
export type BackendKind = (typeof backendKinds)[number];

/** One version as a backend has it. */
export interface BackendVersion {
  readonly version: string;
  readonly prerelease: boolean;
  readonly published_at?: string;
  readonly size?: number;
  readonly digest?: string;
}

/** The newest state of one extension as a backend has it. */
export interface BackendExtension {
  readonly type: PackageKind;
  readonly name: string;
  readonly versions: readonly BackendVersion[];
  readonly description: string;
  readonly tags: readonly string[];
  readonly category?: string;
  /** What the manifest of the newest stable version says, where it could be read. */
  readonly manifest?: PackageManifest;
}

/** A package on its way to a client. */
export interface BackendPackage {
  readonly stream: Readable;
  readonly size?: number;
  /** `sha256:…` of the bytes, when the backend knows it beforehand. */
  readonly digest?: string;
  readonly mediaType: string;
}

export interface BackendCall {
  readonly signal: AbortSignal;
}

/** One place that holds extensions. A missing thing is `undefined`; everything that goes wrong is thrown. */
export interface Backend {
  readonly id: string;
  readonly kind: BackendKind;
  readonly class: 'source' | 'distribution';
  readonly url: string;
  readonly enabled: boolean;
  readonly timeoutSeconds: number;
  readonly channel: string;
  list(call: BackendCall): Promise<readonly BackendExtension[]>;
  find(type: PackageKind, name: string, call: BackendCall): Promise<BackendExtension | undefined>;
  manifest(
    type: PackageKind,
    name: string,
    version: string,
    call: BackendCall,
  ): Promise<PackageManifest | undefined>;
  download(
    type: PackageKind,
    name: string,
    version: string,
    call: BackendCall,
  ): Promise<BackendPackage | undefined>;
  health(call: BackendCall): Promise<void>;
  /** Reads its token again. */
  reload(): Promise<void>;
}
