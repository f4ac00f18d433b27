import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeCommandFiles } from '@provisioning/distribution';
import { summary, type SystemPackage, withSystemTree } from './system-tree.ts';

const run = promisify(execFile);

/** Windows knows by it that two packages are versions of one product, so it never changes. */
const upgradeCode = 'F0C8A8D4-6B1E-5C3A-9B7D-3E2A5D0C4B61';

/**
 * `provisioning-<version>-windows-<architecture>.msi` with the very files of the archives below `%ProgramFiles%`, and its
 * programs on the PATH (11 §4); made by `wixl` on any system.
 * @returns its path.
 */
export function makeWindowsPackage(options: SystemPackage): Promise<string> {
  const { version, architecture, outputDir } = options;
  return withSystemTree(options, 'install the package of the newer version', async (root) => {
    const tree = join(root, 'usr');
    await writeCommandFiles(tree);
    const work = await mkdtemp(join(tmpdir(), 'provisioning-msi-'));
    try {
      const source = join(work, 'provisioning.wxs');
      await writeFile(source, await document(options, tree));
      const file = join(outputDir, `provisioning-${version}-windows-${architecture}.msi`);
      const target = architecture === 'amd64' ? 'x64' : architecture;
      await run('wixl', ['--arch', target, '-o', file, source], { cwd: tree, maxBuffer: 1 << 24 });
      for (const query of onThePath) await run('msibuild', [file, '-q', query]);
      return file;
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
}

/**
 * The folder of the programs at the end of everybody's PATH, and off it again: `wixl` knows no element for that, so the
 * tables are filled by hand.
 */
const onThePath = [
  'CREATE TABLE `Environment` (`Environment` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL LOCALIZABLE, `Value` CHAR(255) LOCALIZABLE, `Component_` CHAR(72) NOT NULL PRIMARY KEY `Environment`)',
  `INSERT INTO \`Environment\` (\`Environment\`, \`Name\`, \`Value\`, \`Component_\`) VALUES ('PATH', '=-*PATH', '[~];[INSTALLDIR]bin', '${identifier('c', 'bin')}')`,
  "INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) VALUES ('RemoveEnvironmentStrings', 3300)",
  "INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) VALUES ('WriteEnvironmentStrings', 5200)",
];

async function document({ version, maintainer }: SystemPackage, tree: string): Promise<string> {
  // Windows compares three numbers; what follows them is for people.
  const [numbers] = version.split(/[-+]/);
  const content = new Folders(tree);
  const body = await content.write('', '        ');
  return `<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="${guid(`product ${version}`)}" Name="Provisioning" Manufacturer="${escape(maintainer)}" Language="1033" Version="${numbers}" UpgradeCode="${upgradeCode}">
    <Package InstallerVersion="500" Compressed="yes" InstallScope="perMachine" Description="${summary}" />
    <MajorUpgrade DowngradeErrorMessage="A newer version of Provisioning is installed." />
    <Media Id="1" Cabinet="provisioning.cab" EmbedCab="yes" />
    <Directory Id="TARGETDIR" Name="SourceDir">
      <Directory Id="ProgramFiles64Folder">
      <Directory Id="INSTALLDIR" Name="provisioning">
${body}      </Directory>
      </Directory>
    </Directory>
    <Feature Id="Complete" Level="1">
${content.components.map((id) => `      <ComponentRef Id="${id}" />\n`).join('')}    </Feature>
  </Product>
</Wix>
`;
}

/** Folders of the installation, one component each. */
class Folders {
  readonly components: string[] = [];
  readonly #tree: string;

  constructor(tree: string) {
    this.#tree = tree;
  }

  async write(folder: string, indent: string): Promise<string> {
    const entries = (await readdir(join(this.#tree, folder), { withFileTypes: true })).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    let text = '';
    // Start scripts of other systems would only be in the way of the command files.
    const files = entries.filter(
      ({ name }) => entries.every((other) => other.name !== `${name}.cmd`) || folder !== 'bin',
    );
    const own = files.filter((entry) => entry.isFile());
    if (own.length > 0) {
      const id = identifier('c', folder);
      this.components.push(id);
      text += `${indent}<Component Id="${id}" Guid="${guid(`component ${folder}`)}" Win64="yes">\n`;
      for (const [index, { name }] of own.entries()) {
        const path = folder === '' ? name : `${folder}/${name}`;
        const key = index === 0 ? ' KeyPath="yes"' : '';
        text += `${indent}  <File Id="${identifier('f', path)}" Name="${escape(name)}" Source="${escape(path)}"${key} />\n`;
      }
      text += `${indent}</Component>\n`;
    }
    for (const { name } of entries.filter((entry) => entry.isDirectory())) {
      const path = folder === '' ? name : `${folder}/${name}`;
      text += `${indent}<Directory Id="${identifier('d', path)}" Name="${escape(name)}">\n`;
      text += await this.write(path, `${indent}  `);
      text += `${indent}</Directory>\n`;
    }
    return text;
  }
}

function identifier(kind: string, path: string): string {
  return `${kind}_${createHash('sha256').update(path).digest('hex').slice(0, 32)}`;
}

/** The same name gives the same identifier in every version. */
function guid(name: string): string {
  const hash = createHash('sha256').update(`provisioning ${name}`).digest('hex').toUpperCase();
  const variant = ((Number.parseInt(hash[16]!, 16) & 3) | 8).toString(16).toUpperCase();
  return [hash.slice(0, 8), hash.slice(8, 12), `5${hash.slice(13, 16)}`, `${variant}${hash.slice(17, 20)}`]
    .concat(hash.slice(20, 32))
    .join('-');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
