import type { Check } from './tried-completely.ts';
import type { TriedInstallation } from './tried-installation.ts';

/** Works with an installation as somebody does on the first day, and takes it away. */
export async function workWith(installation: TriedInstallation, check: Check): Promise<void> {
  const { run, workspace } = installation;
  try {
    await check('integration: workspace', async () => {
      await run('workspace', 'init', 'demo', workspace, '--template', 'demo', '--activate');
      await run('validate', 'config');
    });
    await check('integration: servers', async () => {
      const listed = JSON.parse(await run('list', 'servers', '--out', 'json')) as readonly unknown[];
      if (listed.length > 0) throw new Error(`${listed.length} servers in a new workspace`);
      const planned = await run('server', 'create', '--check');
      if (!planned.includes('Would create:')) throw new Error(`server create --check says ${planned}`);
    });
    if (installation.hasPlatform)
      await check('integration: services', async () => {
        const { endpoint } = JSON.parse(await run('orchestrator', 'start', '--out', 'json')) as {
          readonly endpoint: string;
        };
        try {
          const answer = await fetch(`${endpoint}/health`);
          if (!answer.ok) throw new Error(`/health answers ${answer.status}`);
        } finally {
          await run('orchestrator', 'stop');
        }
      });
    await check('integration: uninstall', () => installation.uninstall());
  } finally {
    await installation.remove();
  }
}
