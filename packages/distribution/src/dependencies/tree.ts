import type { InstalledPackage } from './installed.ts';
import { type LockedPackage, lockedPackage, type LockFile } from './lock-file.ts';

/** One line of `dep tree`, with what it needs. */
export interface TreeNode {
  readonly name: string;
  readonly version: string;
  /** Shown in full elsewhere in the tree. */
  readonly repeated: boolean;
  readonly missing: boolean;
  readonly dependencies: readonly TreeNode[];
}

/**
 * The dependencies of one package, or of everything the workspace asked for (09 §10 `dep tree`).
 * @throws ProvisioningError `DEPENDENCY_NOT_FOUND`, exit 5.
 */
export function dependencyTree(
  lock: Pick<LockFile, 'packages'>,
  installed: ReadonlyMap<string, InstalledPackage>,
  name?: string,
): readonly TreeNode[] {
  const byName = new Map(lock.packages.map((entry) => [entry.name, entry]));
  const shown = new Set<string>();
  const node = (entry: LockedPackage | undefined, wanted: string, version: string): TreeNode => {
    if (entry === undefined)
      return { name: wanted, version, repeated: false, missing: true, dependencies: [] };
    const missing = !installed.has(`${entry.kind}/${entry.name}`);
    const repeated = shown.has(entry.name) && Object.keys(entry.dependencies).length > 0;
    shown.add(entry.name);
    const dependencies = repeated
      ? []
      : Object.entries(entry.dependencies)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([other, at]) => node(byName.get(other), other, at));
    return { name: entry.name, version: entry.version, repeated, missing, dependencies };
  };
  if (name !== undefined) {
    const entry = lockedPackage(lock, name);
    return [node(entry, name, entry.version)];
  }
  return lock.packages
    .filter(({ requested }) => requested)
    .map((entry) => node(entry, entry.name, entry.version));
}

/** The tree as lines: `kubernetes:1.28.0`, then `├── `, `└── `, `│   ` (S:52082). */
export function renderTree(nodes: readonly TreeNode[]): readonly string[] {
  const lines: string[] = [];
  const title = (node: TreeNode): string =>
    `${node.name}:${node.version}${node.repeated ? ' (*)' : ''}${node.missing ? ' (missing)' : ''}`;
  const below = (node: TreeNode, indent: string): void => {
    node.dependencies.forEach((child, index) => {
      const last = index === node.dependencies.length - 1;
      lines.push(`${indent}${last ? '└── ' : '├── '}${title(child)}`);
      below(child, `${indent}${last ? '    ' : '│   '}`);
    });
  };
  for (const node of nodes) {
    lines.push(title(node));
    below(node, '');
  }
  return lines;
}
