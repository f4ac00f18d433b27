import { createHash } from 'node:crypto';
import { type Context, ProvisioningError, type Transport } from '@provisioning/extensions-sdk';
import { asRoot, openHost } from '../../../taskserv/host.ts';
import { shellQuote } from '../../../transport/remote-command.ts';
import type { ContainerPart, PartKind } from './part.ts';

/**
 * A container that systemd keeps running. Its environment is a file of root's alone; the unit carries a digest of
 * everything, by which a change is seen.
 */
export const containerPart: PartKind<ContainerPart> = {
  async state(context, part) {
    const unit = unitOf(part);
    const { stdout } = await onHost(
      context,
      part,
      `if [ -e /etc/systemd/system/${unit} ]; then sed -n 's/^# digest //p' /etc/systemd/system/${unit}; systemctl is-active ${unit} || true; fi`,
    );
    const [digest, active] = stdout.trim().split('\n');
    if (digest === undefined || digest === '') return 'absent';
    return digest === digestOf(part) && active === 'active' ? 'there' : 'differs';
  },

  async deploy(context, part) {
    if ((await containerPart.state(context, part)) === 'there') return { changed: false };
    const { code, stderr, stdout } = await onHost(context, part, installScript(part), part.timeout + 60);
    if (code === 0) return { changed: true };
    const reason = (stderr.trim() || stdout.trim()).split('\n').slice(-3).join('; ');
    throw new ProvisioningError({
      code: code === noRuntime ? 'CLUSTER_REQUIREMENTS' : 'APPLICATION_FAILED',
      message:
        code === noRuntime
          ? `Cluster requirements not met: ${part.server.hostname} has no container runtime`
          : `Application ${part.name} does not run on ${part.server.hostname}: ${reason}`,
      hint:
        code === noRuntime
          ? `Add the taskserv podman to ${part.server.hostname}, or as a component that this one depends on.`
          : `Look at it with: provisioning server ssh ${part.server.hostname} -- journalctl -u ${unitOf(part)}`,
    });
  },

  async remove(context, part, { cleanupData }) {
    const unit = unitOf(part);
    const script = [
      `systemctl disable --now ${unit} 2>/dev/null || true`,
      `rm -f /etc/systemd/system/${unit} ${environmentFile(part)}`,
      'systemctl daemon-reload',
      ...(cleanupData
        ? namedVolumes(part).map((name) => `${runtime}; $c volume rm -f ${name} >/dev/null 2>&1 || true`)
        : []),
    ].join('\n');
    const { code, stderr } = await onHost(context, part, `set -e\n${script}`);
    return code === 0 ? [] : [`${part.server.hostname}: ${stderr.trim()}`];
  },
};

/** The unit of a container, for its journal. */
export function unitOf({ name }: Pick<ContainerPart, 'name'>): string {
  return `provisioning-${name}.service`;
}

/** Exit code of a host without podman, docker or nerdctl. */
const noRuntime = 66;
const runtime =
  'c=; for one in podman docker nerdctl; do if command -v $one >/dev/null 2>&1; then c=$(command -v $one); break; fi; done';

function digestOf(part: ContainerPart): string {
  const { server: _server, timeout: _timeout, ...content } = part;
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}

function environmentFile({ name }: ContainerPart): string {
  return `/etc/provisioning/applications/${name}.env`;
}

function namedVolumes({ volumes }: ContainerPart): string[] {
  return volumes
    .map((volume) => volume.split(':')[0] ?? '')
    .filter((name) => /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name));
}

function installScript(part: ContainerPart): string {
  const unit = unitOf(part);
  const run = [
    'run --rm --replace',
    `--name ${part.name}`,
    `--env-file ${environmentFile(part)}`,
    ...part.ports.map(({ container, host, protocol }) => `-p ${host}:${container}/${protocol}`),
    ...part.volumes.map((volume) => `-v ${unitQuote(volume)}`),
    unitQuote(part.image),
    ...part.command.map(unitQuote),
  ].join(' ');
  const lines = [
    `# digest ${digestOf(part)}`,
    '[Unit]',
    `Description=Application ${part.name}`,
    'After=network-online.target',
    // However often it ends, it is started again.
    'StartLimitIntervalSec=0',
    '[Service]',
    `ExecStart=@runtime@ ${run}`,
    `ExecStop=@runtime@ stop -t 10 ${part.name}`,
    'Restart=always',
    'RestartSec=2',
    '[Install]',
    'WantedBy=multi-user.target',
  ];
  const environment = Object.entries(part.env).map(([name, value]) => {
    if (!/[\n\0]/.test(value)) return `${name}=${value}`;
    throw new ProvisioningError({
      code: 'APPLICATION_INVALID',
      kind: 'configuration',
      message: `Variable ${name} of application ${part.name} has several lines`,
      hint: 'Give it as a file in a volume.',
    });
  });
  const ports = part.ports.filter(({ protocol }) => protocol === 'tcp').map(({ host }) => host);
  return [
    'set -eu',
    runtime,
    `[ -n "$c" ] || exit ${noRuntime}`,
    // Docker knows no --replace; systemd has stopped the old container by then.
    'replace=--replace; case $c in */podman) ;; *) replace= ;; esac',
    'umask 077; mkdir -p /etc/provisioning/applications',
    here(environmentFile(part), environment),
    'umask 022',
    here(`/etc/systemd/system/${unit}`, lines),
    `sed -i "s|@runtime@|$c|; s| --replace| $replace|" /etc/systemd/system/${unit}`,
    `$c image inspect ${shellQuote(part.image)} >/dev/null 2>&1 || $c pull -q ${shellQuote(part.image)} >/dev/null`,
    `systemctl daemon-reload; systemctl enable -q ${unit}; systemctl restart ${unit}`,
    `limit=$(( $(date +%s) + ${part.timeout} )); seen=`,
    // Engines hold the ports of a container before it runs, and one that ends at once runs for a moment: it is there
    // when the same process answers twice.
    'while :; do',
    `  if [ $(date +%s) -gt $limit ]; then journalctl -n 5 -o cat -u ${unit} >&2; exit 1; fi`,
    `  ready=$($c inspect -f '{{.State.Running}} {{.State.Pid}}' ${part.name} 2>/dev/null || true)`,
    `  case $ready in 'true '*) [ "$(systemctl is-active ${unit})" = active ] || ready= ;; *) ready= ;; esac`,
    ...ports.map(
      (port) =>
        `  if [ -n "$ready" ]; then bash -c ': >/dev/tcp/127.0.0.1/${port}' 2>/dev/null || ready=; fi`,
    ),
    '  if [ -n "$ready" ] && [ "$ready" = "$seen" ]; then break; fi',
    '  seen=$ready; sleep 0.5',
    'done',
  ].join('\n');
}

/** A file whose text can't end the script's own here-document. */
function here(path: string, lines: readonly string[]): string {
  const mark = `end-${createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16)}`;
  return [`cat >${path} <<'${mark}'`, ...lines, mark].join('\n');
}

/** One argument of a unit's command line (systemd.service(5), "Command lines"). */
function unitQuote(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[A-Za-z0-9_/:=.,@%+$-]+$/.test(escaped)
    ? escaped
    : `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

async function onHost(
  context: Context,
  part: ContainerPart,
  script: string,
  timeout = 60,
): ReturnType<Transport['run']> {
  const { transport, access } = await openHost(context, part.server);
  // Read as a whole before anything runs: a program that reads standard input must not swallow the rest.
  const input = `main() {\n${script}\n}\nmain </dev/null\nexit\n`;
  return transport.run(`${asRoot(access)}sh -s`, { input, signal: context.signal, timeout });
}
