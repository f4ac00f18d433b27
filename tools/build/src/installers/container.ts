import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzip, ImageLayout, type TarFile, writeTar } from '@provisioning/distribution';
import { writeImage } from '../images/image.ts';
import { baseOf, type ContainerOptions, labelsOf, tagsOf } from '../images/package-containers.ts';
import { archiveName, lineNames } from '../lines/line.ts';
import { packRuntime } from './runtime.ts';
import { setupName } from './setup.ts';

/**
 * The installer as a container (11 §4): an image that has a release in it and installs it to the volume `/data`, verified
 * like any other release, and a compose file with it. A second run with a newer image says what to do about the older one.
 * @returns name of the image and path of the compose file.
 */
export async function writeContainerInstaller(options: ContainerOptions): Promise<readonly string[]> {
  const { outputDir, version, tagPrefix, modified, say } = options;
  const name = `${tagPrefix}-setup`;
  const layout = new ImageLayout(join(outputDir, 'images'));
  await mkdir(layout.root, { recursive: true });
  await layout.index.update((entries) => [...entries]);
  const layers = [];
  for (const platform of options.platforms) {
    const architecture = platform.replace(/^linux\//, '');
    say(`Preparing ${name} for ${architecture}`);
    const release = gzip(writeTar(await releaseFiles(options, architecture), modified));
    layers.push({ architecture, layers: [...(await baseOf(options, architecture)), release] });
  }
  const packages = lineNames.filter((line) => existsSync(archiveOf(options, line)));
  const node = '/lib/provisioning/node/bin/node';
  const words = [
    'install',
    '--prefix',
    '/data',
    '--release',
    version,
    '--packages',
    packages.join(','),
    '--yes',
  ];
  const tags = tagsOf('', version);
  const command = [node, `/releases/${version}/${setupName(version)}`, ...words];
  // The example of a configuration belongs to a user; this installation is for whoever mounts the volume.
  const environment = ['PROVISIONING_RELEASES_URL=/releases', 'XDG_CONFIG_HOME=/tmp'];
  const labels = labelsOf(options);
  await writeImage(layout, { name, version, modified, labels, command, environment }, layers, tags);
  const compose = join(outputDir, 'compose.yaml');
  await writeFile(compose, composeFile(`${name}:${tags[0]!}`));
  return [`${name}:${tags[0]!}`, compose];
}

function archiveOf({ distDir, version }: ContainerOptions, line: (typeof lineNames)[number]): string {
  return join(distDir, archiveName({ name: line, version }));
}

/** One release as `PROVISIONING_RELEASES_URL` has it, with what this architecture needs. */
async function releaseFiles(options: ContainerOptions, architecture: string): Promise<readonly TarFile[]> {
  const { root, distDir, version, modified } = options;
  const runtime = await packRuntime(root, `linux-${architecture}`, distDir, modified);
  if (runtime === undefined) throw new Error(`There is no Node.js for linux-${architecture}`);
  const paths = [
    ...lineNames.map((line) => archiveOf(options, line)).filter((file) => existsSync(file)),
    join(distDir, setupName(version)),
    runtime,
  ];
  const files: TarFile[] = [];
  let sums = '';
  for (const path of paths) {
    const content = await readFile(path);
    sums += `${createHash('sha256').update(content).digest('hex')}  ${basename(path)}\n`;
    files.push({ path: `releases/${version}/${basename(path)}`, content, executable: false });
  }
  const content = Buffer.from(sums);
  return [...files, { path: `releases/${version}/checksums.txt`, content, executable: false }];
}

/** Installs once, and runs the command line from the volume that was installed to. */
function composeFile(image: string): string {
  return `# docker compose run --rm install            installs to the volume
# docker compose run --rm provisioning help  runs what is installed; ./ is the working folder
name: provisioning
services:
  install:
    image: ${image}
    volumes: ['installation:/data']
  provisioning:
    image: ${image}
    profiles: [run]
    entrypoint: [/opt/provisioning/bin/provisioning]
    command: [--help]
    working_dir: /data/work
    volumes: ['installation:/opt/provisioning:ro', 'data:/data', '.:/data/work']
volumes:
  installation: {}
  data: {}
`;
}
