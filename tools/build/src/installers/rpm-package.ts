import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { summary, type SystemPackage, systemVersion, withSystemTree, writeUnits } from './system-tree.ts';

const run = promisify(execFile);

const architectures: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

/**
 * `provisioning-<version>-1.<architecture>.rpm` with the very files of the archives, for Fedora, RHEL and their relatives
 * (11 §4). Equal inputs give equal bytes.
 * @returns its path.
 */
export function makeRpmPackage(options: SystemPackage): Promise<string> {
  const { version, architecture, outputDir, modified } = options;
  const target = architectures[architecture] ?? architecture;
  return withSystemTree(options, 'sudo dnf upgrade provisioning', async (root) => {
    const work = await mkdtemp(join(tmpdir(), 'provisioning-rpm-'));
    try {
      const units = await writeUnits(root, options.services);
      const specification = join(work, 'provisioning.spec');
      await writeFile(specification, await specificationOf(options, root, units));
      const definitions = Object.entries({
        _topdir: work,
        _rpmdir: outputDir,
        _rpmfilename: '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm',
        _binary_payload: 'w6.gzdio',
        _buildhost: 'provisioning',
        use_source_date_epoch_as_buildtime: '1',
        clamp_mtime_to_source_date_epoch: '1',
        _build_id_links: 'none',
        __os_install_post: '%{nil}',
      }).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
      await run(
        'rpmbuild',
        ['-bb', '--quiet', '--target', `${target}-linux`, ...definitions, specification],
        {
          env: { ...process.env, SOURCE_DATE_EPOCH: String(modified) },
          maxBuffer: 1 << 24,
        },
      );
      return join(outputDir, `provisioning-${systemVersion(version)}-1.${target}.rpm`);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
}

/** The files are there already; the build only lays them in its root. */
async function specificationOf(
  { version, maintainer, homepage }: SystemPackage,
  root: string,
  units: readonly string[],
): Promise<string> {
  const programs = (await readdir(join(root, 'usr/bin'))).sort().map((name) => `/usr/bin/${name}`);
  return `Name: provisioning
Version: ${systemVersion(version)}
Release: 1
Summary: ${summary}
License: Apache-2.0
Packager: ${maintainer}
${homepage === undefined ? '' : `URL: ${homepage}\n`}AutoReqProv: no
Requires: glibc >= 2.28, libgcc, libstdc++
Recommends: podman, openssh-clients, git

%description
${summary}.

%install
cp -a ${root}/usr %{buildroot}/
find %{buildroot} -exec touch -h -d @$SOURCE_DATE_EPOCH {} +

%files
%defattr(-,root,root,-)
${[...programs, ...units.map((unit) => `/${unit}`)].join('\n')}
/usr/lib/provisioning
/usr/share/provisioning
%license /usr/share/doc/provisioning/copyright
%dir /usr/share/doc/provisioning
`;
}
