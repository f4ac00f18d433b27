/** The parts of the product that have a version of their own (11 §1). */
export const lineNames = ['core', 'platform', 'extensions', 'templates'] as const;
export type LineName = (typeof lineNames)[number];

export const isLine = (name: string): name is LineName => (lineNames as readonly string[]).includes(name);

/** One line as it is to be built. */
export interface Line {
  readonly name: LineName;
  readonly version: string;
}

/** `provisioning-core-3.2.1.tar.gz` (11 §3 "Outputs"). */
export function archiveName({ name, version }: Line): string {
  return `provisioning-${name}-${version}.tar.gz`;
}

/** Where a line's own files are in an installation, from its prefix (11 §5 "Layout"). */
export const lineFolder: Readonly<Record<LineName, string>> = {
  core: 'lib/provisioning/core',
  platform: 'lib/provisioning/platform',
  extensions: 'lib/provisioning/extensions',
  templates: 'share/provisioning/templates',
};

/** What a line says about itself, in `<its folder>/line.json`. */
export interface LineRecord {
  readonly line: LineName;
  readonly version: string;
  /** The exact set of packages that the version names (11 §2). */
  readonly packages: Readonly<Record<string, string>>;
}
