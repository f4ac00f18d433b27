import { boolean, string } from '@oclif/core/flags';

/** Options that every `oci` and `dep` command has (09 §7). */
export const registryFlags = {
  registry: string({ description: 'registry instead of the configured one: host[:port] or layout:<folder>' }),
  namespace: string({ description: 'namespace of extensions in the registry' }),
  insecure: boolean({ description: 'do not verify certificates; plain HTTP where the server has no TLS' }),
};

export interface RegistryFlags {
  readonly registry?: string;
  readonly namespace?: string;
  readonly insecure?: boolean;
}
