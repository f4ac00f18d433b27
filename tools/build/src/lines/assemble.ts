import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { externalOf } from '../provider.ts';
import type { WorkspacePackage } from '../../../release/src/packages.ts';
import type { StagedPackage } from '../../../release/src/stage.ts';
import { catalogueFolders, coreTaskservs, isCoreFile } from './catalogue-split.ts';
import { launcher } from './launcher.ts';
import { type Line, lineFolder, type LineRecord } from './line.ts';
import { collectThirdParty, isNeeded } from './third-party.ts';
import { LineTree } from './tree.ts';

const catalogueName = '@provisioning/taskservs';

/** What the lines are made of: every package as it is published. */
export interface Ingredients {
  readonly root: string;
  readonly packages: readonly WorkspacePackage[];
  readonly staged: readonly StagedPackage[];
  /** Text of `compatibility.toml`. */
  readonly compatibility: string;
  /** Armored public key that releases are signed with; upgrades verify with it. */
  readonly releaseKey?: string;
}

/** The files of one line as they are in an installation (11 §1 "Contents", §5 "Layout"). */
export function assemble(line: Line, from: Ingredients): LineTree {
  const tree = new LineTree();
  const packages: Record<string, string> = {};
  if (line.name === 'core') addPrograms(tree, line, from, ['app'], packages);
  if (line.name === 'platform') addPrograms(tree, line, from, ['service', 'deployment'], packages);
  if (line.name === 'extensions') addCatalogue(tree, from, packages);
  if (line.name === 'templates') addTemplates(tree, from);
  if (line.name === 'core') addCoreFiles(tree, from);
  const record: LineRecord = { line: line.name, version: line.version, packages };
  tree.addJson(`${lineFolder[line.name]}/line.json`, record);
  tree.addText(`${lineFolder[line.name]}/compatibility.toml`, from.compatibility);
  return tree;
}

/** Programs of a layer with all they load by name: the extensions, the SDK, and what those need of others. */
function addPrograms(
  tree: LineTree,
  line: Line,
  from: Ingredients,
  layers: readonly string[],
  packages: Record<string, string>,
): void {
  const folder = lineFolder[line.name];
  const chosen = from.packages.filter(
    ({ bundled, layer, json }) =>
      (bundled && layers.includes(layer)) ||
      layer === 'extension' ||
      json.name === '@provisioning/extensions-sdk',
  );
  const essential = coreTaskservs(stagedFolder(from, catalogueName));
  for (const one of chosen) {
    const { name } = one.json;
    // The line has a matrix of its own, which may be newer than the one that was bundled.
    const keep = (path: string): boolean =>
      name === catalogueName ? isCoreFile(path, essential) : path !== 'dist/compatibility.toml';
    tree.addFolder(stagedFolder(from, name), `${folder}/node_modules/${name}`, keep);
    packages[name] = from.staged.find((staged) => staged.name === name)!.version;
    for (const [bin, file] of Object.entries(one.bundled ? (one.json.bin ?? {}) : {})) {
      const program = `${folder.slice('lib/provisioning/'.length)}/node_modules/${name}/${file.replace('./', '')}`;
      tree.addText(`bin/${bin}`, launcher(program), true);
    }
  }
  // A bundle brings its libraries in itself; only the others are looked up when they run.
  const wanted = chosen
    .filter(({ bundled }) => !bundled)
    .flatMap((one) => {
      const { dependencies = {} } = one.json;
      const names = one.provider ? externalOf(dependencies) : Object.keys(dependencies);
      return names.map((name) => ({ name, from: one.folder }));
    });
  const own = new Set(from.packages.map(({ json }) => json.name));
  for (const { name, version, source, place } of collectThirdParty(wanted, own)) {
    tree.addFolder(source, `${folder}/${place}`, isNeeded);
    packages[name] ??= version;
  }
}

/** The taskservs and clusters that the core does not have, linked so that programs of both lines find them. */
function addCatalogue(tree: LineTree, from: Ingredients, packages: Record<string, string>): void {
  const source = stagedFolder(from, catalogueName);
  const essential = coreTaskservs(source);
  const folder = lineFolder.extensions;
  for (const name of catalogueFolders(source)) {
    const target = name === 'clusters' ? `${folder}/clusters` : `${folder}/taskservs/${name}`;
    tree.addFolder(join(source, name), target, (path) => {
      const [taskserv] = path.split('/');
      return name === 'clusters' || !essential.has(`${name}/${taskserv!}`);
    });
  }
  tree.addText(`${folder}/taskservs/package.json`, readFileSync(join(source, 'package.json'), 'utf8'));
  tree.addLink(`${folder}/taskservs/clusters`, '../clusters');
  tree.addLink(`lib/provisioning/node_modules/${catalogueName}`, '../../extensions/taskservs');
  packages[catalogueName] = from.staged.find(({ name }) => name === catalogueName)!.version;
}

/** Templates and examples (11 §1). */
function addTemplates(tree: LineTree, from: Ingredients): void {
  const folder = lineFolder.templates;
  tree.addFolder(join(stagedFolder(from, catalogueName), 'templates'), `${folder}/infrastructure`);
  tree.addFolder(join(from.root, 'examples'), `${folder}/examples`);
}

function addCoreFiles(tree: LineTree, from: Ingredients): void {
  const share = 'share/provisioning';
  tree.addText(`${share}/LICENSE`, readFileSync(join(from.root, 'LICENSE'), 'utf8'));
  tree.addFolder(join(from.root, 'docs'), `${share}/docs`, (path) => path.endsWith('.md'));
  const example = join(from.root, 'tools/build/installer/config.example.toml');
  tree.addText(`${share}/config/config.example.toml`, readFileSync(example, 'utf8'));
  if (from.releaseKey !== undefined) tree.addText(`${share}/release-key.asc`, from.releaseKey);
}

function stagedFolder({ staged }: Ingredients, name: string): string {
  const found = staged.find((one) => one.name === name);
  if (found === undefined || !existsSync(found.folder)) throw new Error(`${name} is not staged`);
  return found.folder;
}
