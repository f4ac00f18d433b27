import { InstallerConfiguration } from '@provisioning/extensions-sdk';
import { Installer } from './compiled-installer.js';
import { type Finding, findings } from './schema-issues.ts';

/** What is wrong with an `installer-config.toml` (04 §7.3). */
export function installerFindings(value: unknown): readonly Finding[] {
  return findings(Installer, value, InstallerConfiguration);
}
