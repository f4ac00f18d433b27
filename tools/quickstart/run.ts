/**
 * `npm run quickstart`: from a fresh machine to three servers with services on them, and proof that they work.
 * `npm run quickstart -- --clean` removes everything it made. See README.
 */
import { parseArgs } from 'node:util';
import { clean } from './clean.ts';
import { Cli } from './cli.ts';
import { prepareBaseImage, prepareEngine } from './engine.ts';
import { Phases } from './phases.ts';
import { prove } from './proof.ts';

const usage = `Usage: npm run quickstart [-- options]

  --yes              install a container engine without asking
  --workspace NAME   name of the workspace (default demo)
  --clean            remove the servers, the workspace and everything else this made
  --help             this text
`;

const { values } = parseArgs({
  options: {
    yes: { type: 'boolean', short: 'y', default: false },
    workspace: { type: 'string', default: 'demo' },
    clean: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}

const phases = new Phases();
const cli = new Cli();
process.on('SIGINT', () => {
  process.stderr.write(
    '\nStopped here. Run the same command again to go on, or with --clean to remove what was made.\n',
  );
  process.exit(130);
});

try {
  await phases.run('Build the command line', () => cli.build());
  if (values.clean) {
    await clean(cli, values.workspace, phases);
  } else {
    await phases.run('Container engine', () => prepareEngine({ yes: values.yes }));
    await phases.run('Base image', () => prepareBaseImage());
    await phases.run('Workspace', () => cli.ensureWorkspace(values.workspace));
    await phases.run('Deploy', () => cli.run(['deploy', '--workspace', values.workspace, '--yes']));
    await phases.run('Proof', () => prove(cli, values.workspace));
    phases.print();
    process.stdout.write(`
What to do next
  npm run provisioning -- server list
  npm run provisioning -- plan                       nothing to do: the second run costs almost nothing
  npm run provisioning -- server ssh db-01
  npm run provisioning -- workflow list
  Edit ${await cli.workspacePath(values.workspace)}/infra/demo/ and run: npm run provisioning -- deploy
Remove it all
  npm run quickstart -- --clean
`);
  }
} catch (error) {
  phases.print();
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.stderr.write(
    'Run the same command again to go on from here, or with -- --clean to remove what was made.\n',
  );
  process.exit(1);
}
