import { scanSeverities } from '@provisioning/extensions-sdk';
import type { CallOptions } from '../oci/target.ts';
import type { RemoteRegistry } from '../remote/registry.ts';

/** Severities of a scan report, lowest first. */
export type Severity = (typeof scanSeverities)[number];

/** What a scan of an artifact found. */
export interface ScanReport {
  readonly counts: Readonly<Record<Severity, number>>;
  /** Severity of the whole; said even where single findings are not listed. */
  readonly worst?: Severity;
}

/** Forms of a report that Harbor's scanners give, the newer one first. */
const reportTypes = [
  'application/vnd.security.vulnerability.report; version=1.1',
  'application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0',
] as const;
const maxReport = 64 * 1024 * 1024;

/**
 * Reads the scan report that Harbor keeps of an artifact: `…/artifacts/<digest>/additions/vulnerabilities` of its API.
 * @returns `undefined` where there is none: a registry that is not Harbor, an artifact nobody scanned, or no permission.
 */
export async function harborReport(
  registry: RemoteRegistry,
  repository: string,
  digest: string,
  options: CallOptions = {},
): Promise<ScanReport | undefined> {
  const slash = repository.indexOf('/');
  if (slash <= 0) return undefined;
  const project = encodeURIComponent(repository.slice(0, slash));
  // Harbor wants the slashes of a repository's name encoded twice.
  const name = encodeURIComponent(encodeURIComponent(repository.slice(slash + 1)));
  const response = await registry.client.read({
    ...options,
    method: 'GET',
    target: `api/v2.0/projects/${project}/repositories/${name}/artifacts/${digest}/additions/vulnerabilities`,
    headers: { accept: 'application/json', 'x-accept-vulnerabilities': reportTypes.join(', ') },
    accept: [200, 400, 401, 403, 404, 405, 501],
    basic: true,
    limit: maxReport,
  });
  return response.status === 200 ? readReport(response.body) : undefined;
}

interface Finding {
  readonly severity?: unknown;
}

function readReport(body: Buffer): ScanReport | undefined {
  let document: unknown;
  try {
    document = JSON.parse(body.toString('utf8'));
  } catch {
    // A user interface answers every address with its page.
    return undefined;
  }
  if (typeof document !== 'object' || document === null) return undefined;
  const byType = document as Readonly<
    Record<
      string,
      { readonly severity?: unknown; readonly vulnerabilities?: readonly Finding[] | null } | null
    >
  >;
  const report = reportTypes
    .map((type) => byType[type])
    .find((one) => typeof one === 'object' && one !== null);
  if (report === undefined || report === null) return undefined;
  const counts = { low: 0, medium: 0, high: 0, critical: 0 };
  const findings = Array.isArray(report.vulnerabilities)
    ? (report.vulnerabilities as readonly Finding[])
    : [];
  for (const finding of findings) {
    const severity = severityOf(finding?.severity);
    if (severity !== undefined) counts[severity]++;
  }
  const worst = severityOf(report.severity);
  return { counts, ...(worst === undefined ? {} : { worst }) };
}

function severityOf(value: unknown): Severity | undefined {
  const text = String(value).toLowerCase();
  return scanSeverities.find((one) => one === text);
}
