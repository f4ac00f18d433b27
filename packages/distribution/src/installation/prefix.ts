import { join } from 'node:path';

/** Parts of the product that are installed by themselves (11 §1). */
export const componentNames = ['core', 'platform', 'extensions', 'templates'] as const;
export type ComponentName = (typeof componentNames)[number];

/** Folder of a component below the prefix, replaced as a whole (11 §5 "Layout"). */
export const componentFolders: Readonly<Record<ComponentName | 'node', string>> = {
  core: 'lib/provisioning/core',
  platform: 'lib/provisioning/platform',
  extensions: 'lib/provisioning/extensions',
  templates: 'share/provisioning/templates',
  node: 'lib/provisioning/node',
};

/** The program that shows that a component runs. */
export const componentPrograms: Readonly<Partial<Record<ComponentName, string>>> = {
  core: 'bin/provisioning',
  platform: 'bin/provisioning-orchestrator',
};

export const receiptPath = 'share/provisioning/install-receipt.json';

/** Where the parts of an installation are (11 §5). */
export class Prefix {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  /** Held by install, upgrade and uninstall. */
  get locked(): string {
    return this.path('lib/.provisioning');
  }

  /** Says what to put back when a swap was cut off. */
  get journal(): string {
    return this.path('lib/.provisioning.swap.json');
  }

  /** What is unpacked before it takes its place. */
  get staging(): string {
    return this.path('lib/provisioning.new');
  }

  get receipt(): string {
    return this.path(receiptPath);
  }

  backup(version: string): string {
    return this.path(`lib/provisioning.backup-${version}`);
  }
}

/**
 * The prefix that a program belongs to, from the path of one of its files; `undefined` for a program that npm or a source
 * checkout brought.
 */
export function prefixOf(file: string): string | undefined {
  const marks = ['/lib/provisioning/core/', '/lib/provisioning/platform/'];
  const path = file.replaceAll('\\', '/');
  const mark = marks.find((one) => path.includes(one));
  return mark === undefined ? undefined : path.slice(0, path.lastIndexOf(mark)) || '/';
}
