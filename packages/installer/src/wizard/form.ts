import { type Form, readForm } from '@provisioning/core';
import { modes } from '../catalogue/modes.ts';
import { providers } from '../catalogue/providers.ts';
import { requiredServices, services } from '../catalogue/services.ts';

const perMode = (value: (mode: (typeof modes)[keyof typeof modes]) => number): Record<string, number> =>
  Object.fromEntries(Object.entries(modes).map(([name, mode]) => [name, value(mode)]));

const options = (entries: Readonly<Record<string, string>>) =>
  Object.entries(entries).map(([value, text]) => ({ value, label: `${value}: ${text}` }));

/** Ports of what can run, and services that may be added. */
const running = services.filter(({ runs }) => runs !== undefined);
const required = new Set<string>(requiredServices);
const optional = running.filter(({ name }) => !required.has(name)).map(({ name }) => name);

/**
 * The questions of the wizard, screen by screen (04 §7.2); dotted names are keys of `installer-config.toml`.
 * @param platforms what answers on this machine, the preferred one first.
 */
export function wizardForm(platforms: readonly string[]): Form {
  const mode = 'installation.mode';
  const resource = (name: string, label: string, value: Parameters<typeof perMode>[0]) => ({
    name: `resources.${name}`,
    label,
    section: 'resources',
    type: 'custom(u32)',
    required: true,
    min: 1,
    default_from: mode,
    default_map: perMode(value),
  });
  const form = {
    form: {
      name: 'installer',
      title: 'Provisioning platform',
      description: 'Enter takes the value in brackets.',
    },
    sections: [
      { name: 'platform', title: '1 Container platform' },
      { name: 'mode', title: '2 Mode' },
      { name: 'provider', title: '3 Infrastructure provider' },
      { name: 'configuration', title: '4 Configuration' },
      { name: 'resources', title: '5 Resources' },
      { name: 'security', title: '6 Security' },
    ],
    fields: [
      {
        name: 'installation.platform',
        label: 'Platform',
        section: 'platform',
        type: 'select',
        required: true,
        options: platforms,
        default: platforms[0],
      },
      {
        name: mode,
        label: 'Mode',
        section: 'mode',
        type: 'select',
        required: true,
        default: 'solo',
        options: options(
          Object.fromEntries(Object.entries(modes).map(([name, { description }]) => [name, description])),
        ),
      },
      {
        name: 'installation.provider',
        label: 'Provider',
        section: 'provider',
        type: 'select',
        required: true,
        default: 'local',
        options: options(providers),
      },
      {
        name: 'installation.services',
        label: 'Services besides those of the mode',
        section: 'configuration',
        type: 'multiselect',
        options: optional,
        default: [],
      },
      {
        name: 'installation.domain',
        label: 'Domain',
        section: 'configuration',
        type: 'text',
        required: true,
        default: 'localhost',
      },
      ...running.map(({ name, key, port }) => ({
        name: `ports.${key}`,
        label: `Port of ${name}`,
        section: 'configuration',
        type: 'custom(u16)',
        required: true,
        min: 1,
        default: port,
      })),
      resource(
        'cpu',
        'Processors, in thousandths of one (below 100: whole ones)',
        ({ usual }) => usual.cores * 1000,
      ),
      resource('memory', 'MB of memory', ({ usual }) => usual.memory * 1024),
      resource('disk', 'GB of disk', ({ usual }) => usual.disk),
      ...(
        [
          ['enable_mfa', 'Second factor at log-in'],
          ['enable_audit', 'Keep a record of actions'],
          ['tls_enabled', 'Serve over TLS'],
        ] as const
      ).map(([key, label]) => ({
        name: `security.${key}`,
        label,
        section: 'security',
        type: 'confirm',
        default: false,
        // Solo mode knows nobody, so there is nothing to ask (04 §2.1).
        visible_if: `${mode} != "solo"`,
      })),
    ],
  };
  return readForm(form, 'the questions of the installer');
}
