import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { lineNames } from '../lines/line.ts';
import { buildTime, git } from '../lines/sources.ts';
import { describeVersion } from '../lines/version.ts';

const titles = {
  core: 'Core package',
  platform: 'Platform package',
  extensions: 'Extensions package',
  templates: 'Templates package',
} as const;

/** `npm run status` (11 §3, S:24684-24699). */
export function statusLines(
  root: string,
  packages: string,
  environment: NodeJS.ProcessEnv,
): readonly string[] {
  const files = existsSync(packages)
    ? readdirSync(packages, { withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
        .map(({ name }) => name)
        .sort()
    : [];
  const archives = files.filter((name) => /^provisioning-.*\.(?:tar\.gz|tar\.xz|zip|mjs)$/.test(name));
  const width = Math.max(...archives.map((name) => name.length), 8);
  const size = (name: string): string =>
    `${(statSync(join(packages, name)).size / 1024 / 1024).toFixed(1)} MiB`;
  return [
    'Build System Status',
    '===================',
    `Project:      provisioning`,
    `Version:      ${describeVersion(root)}`,
    `Git Commit:   ${git(root, 'rev-parse', '--short', 'HEAD') ?? 'none'}`,
    `Build Time:   ${new Date(buildTime(root, environment) * 1000).toISOString()}`,
    '',
    'Directories',
    `  Source:       packages`,
    `  Tools:        tools`,
    `  Build:        packages/*/dist`,
    `  Distribution: distribution`,
    `  Packages:     ${relative(root, packages) || packages}`,
    '',
    ...lineNames.map((line) => {
      const built = archives.some((name) => new RegExp(`^provisioning-${line}-\\d`).test(name));
      return `${titles[line]}: ${built ? '✅ Built' : '❌ Not built'}`;
    }),
    '',
    `Total packages: ${archives.length}`,
    ...archives.map((name) => `  ${name.padEnd(width)}  ${size(name)}`),
  ];
}
