import { inspect } from 'node:util';

/** A secret that a configuration names but does not hold; it is fetched when it is read (02 §3.1.8). Prints as `***`. */
export class SecretReference {
  readonly source: 'sops' | 'kms';
  /** Name given to `kms.decrypt`; empty for `sops.decrypted_key`. */
  readonly name: string;

  constructor(source: 'sops' | 'kms', name: string) {
    this.source = source;
    this.name = name;
    Object.freeze(this);
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [inspect.custom](): string {
    return '***';
  }
}
