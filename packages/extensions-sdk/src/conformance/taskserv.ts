import { TaskservManifest } from '../schemas/taskserv.ts';
import { documented, findingsOf, packaged } from './package-groups.ts';
import { type ConformanceReport, expectThat, ReportBuilder } from './report.ts';
import { configured, declaredPartsExist, scripted } from './taskserv-groups.ts';
import { livesOnServer, type TaskservLife } from './taskserv-life.ts';

export interface TaskservConformanceOptions {
  /** Folder of the package, with `manifest.yaml`. */
  readonly folder: string;
  /** A server to install it on; without one the kit looks at the package alone and leaves the rest out. */
  readonly life?: TaskservLife;
}

/**
 * Runs a taskserv through what every taskserv must keep (07 §1-2, §5): its package, its configuration, its scripts, and
 * with a server its whole life. It needs no test runner: the report says what passed, failed or was left out.
 */
export async function runTaskservConformance(
  options: TaskservConformanceOptions,
): Promise<ConformanceReport> {
  const { folder, life } = options;
  const builder = new ReportBuilder();
  const manifest = await builder.group('discovered', (recorder) => packaged(recorder, folder, 'taskserv'));
  await builder.group('documents', (recorder) => documented(recorder, folder));
  const name = manifest?.name ?? folder;
  // Defaults are filled in by the check, so that what follows sees what the product sees.
  const complete = structuredClone(manifest ?? {}) as TaskservManifest;
  await builder.group('manifest', (recorder) =>
    recorder.check('says how it is installed', () => {
      const findings = findingsOf(TaskservManifest, complete);
      expectThat(findings.length === 0, findings.join('; '));
    }),
  );
  if (!Array.isArray(complete.install?.files)) return builder.report('taskserv', name);
  await builder.group('configuration', (recorder) => configured(recorder, folder, complete));
  await builder.group('templates and units', (recorder) => declaredPartsExist(recorder, folder, complete));
  await builder.group('scripts', (recorder) => scripted(recorder, folder));
  await builder.group('life on a server', (recorder) => livesOnServer(recorder, complete, life));
  return builder.report('taskserv', name);
}
