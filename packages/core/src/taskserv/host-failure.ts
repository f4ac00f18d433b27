import { type ErrorKind, ProvisioningError } from '@provisioning/extensions-sdk';

/** What is known when something failed on a host. */
export interface HostFailure {
  readonly hostname: string;
  readonly taskserv: string;
  /** Code of the runner's `::error` line; absent when it ended without one. */
  readonly code: string | undefined;
  readonly text: string;
  /** Last lines of the called programs. */
  readonly output: readonly string[];
  readonly supportedSystems: readonly string[];
  /** Remaining differences, for `NOT_CONVERGED`. */
  readonly reasons: readonly string[];
}

interface Words {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** What the programs said last is the reason, and stands in the message. */
  readonly quotes?: boolean;
  readonly kind?: ErrorKind;
  readonly retryable?: boolean;
}

/** Turns what a host reported into an error that says what happened, where, and what to do. */
export function hostError(failure: HostFailure): ProvisioningError {
  const words = explain(failure);
  const shown = failure.output.slice(-8);
  return new ProvisioningError({
    code: words.code,
    kind: words.kind ?? 'failure',
    message: [words.message, ...(words.quotes === true ? shown.map((line) => `  ${line}`) : [])].join('\n'),
    hint: words.hint,
    retryable: words.retryable,
    details: shown.length === 0 ? undefined : { hostname: failure.hostname, output: shown },
  });
}

function explain(failure: HostFailure): Words {
  const { hostname, taskserv, text } = failure;
  const output = failure.output.join('\n');
  if (/No space left on device|You don't have enough free space|Disk quota exceeded/.test(output)) {
    return {
      code: 'HOST_DISK_FULL',
      message: `The disk of ${hostname} is full; ${taskserv} is not finished there`,
      hint: `Free space on ${hostname} or give it a larger disk, then run the same command again: it continues.`,
    };
  }
  switch (failure.code) {
    case 'HOST_BUSY':
      return {
        code: 'HOST_BUSY',
        kind: 'conflict',
        message: `Host ${hostname} is busy (${text === '' ? 'another operation' : text})`,
        hint: 'Wait until it has finished, then run the command again.',
        retryable: true,
      };
    case 'UNSUPPORTED_OS':
      return {
        code: 'UNSUPPORTED_OS',
        message: `Unsupported OS: ${text}. Supported: ${failure.supportedSystems.join(', ')}`,
        hint: `${hostname} runs ${text}; give the server another image, or take ${taskserv} off it.`,
      };
    case 'MEMORY': {
      const [found = '?', wanted = '?'] = text.split(' ');
      return requirement(failure, `Insufficient memory: ${found}MB. Minimum ${wanted}MB required.`);
    }
    case 'DISK': {
      const [found = '?', wanted = '?'] = text.split(' ');
      return requirement(failure, `Insufficient disk space: ${found}MB. Minimum ${wanted}MB required.`);
    }
    case 'REQUIREMENTS':
      return requirement(failure, `Requirements not met: ${text}`);
    case 'PACKAGES_FAILED':
      return packagesFailed(failure, output);
    case 'UNHEALTHY':
      return {
        code: 'TASKSERV_UNHEALTHY',
        message: `Service failed health check after installation (${taskserv} on ${hostname})`,
        hint: `Look into its log: provisioning taskserv logs ${taskserv}`,
      };
    case 'START_FAILED':
      return {
        code: 'TASKSERV_START_FAILED',
        message: `Service ${text} on ${hostname} does not start`,
        hint: `More of its log: provisioning taskserv logs ${taskserv}`,
        quotes: true,
      };
    case 'FILE_INVALID':
      return {
        code: 'TASKSERV_FILE_INVALID',
        kind: 'configuration',
        message: `${taskserv} refuses its new configuration ${text} on ${hostname}; the previous one stays`,
        hint: 'Correct the configuration of the taskserv.',
        quotes: true,
      };
    case 'CHECKSUM':
      return {
        code: 'CHECKSUM_MISMATCH',
        message: `Download for ${taskserv} on ${hostname} is not what was promised: ${text}`,
        hint: 'Check the source and the checksum in the definition; nothing was installed.',
      };
    case 'DOWNLOAD_FAILED':
      return {
        code: 'DOWNLOAD_FAILED',
        kind: 'unavailable',
        message: `${hostname} cannot download ${text}`,
        hint: 'Check that the host reaches that address, then run the command again.',
        retryable: true,
      };
    case 'NOT_CONVERGED':
      return {
        code: 'TASKSERV_NOT_CONVERGED',
        message: `${taskserv} on ${hostname} is still not as defined after installation: ${failure.reasons.join('; ')}`,
        hint: failure.reasons.some((reason) => reason.endsWith(' is not running'))
          ? `Its journal says why: provisioning taskserv logs ${taskserv}`
          : 'Something on the host changes it back, or a script of the taskserv does not do what it says.',
      };
    case 'VERSION_UNAVAILABLE':
      return {
        code: 'VERSION_UNAVAILABLE',
        kind: 'not-found',
        message: `The package sources of ${hostname} have no ${text}`,
        hint: `See what there is: provisioning server exec ${hostname} 'apt-cache policy ${text.split(' ')[0]!}'`,
      };
    case 'MIGRATION_NEEDED': {
      const [from = '?', to = '?'] = text.split(' ');
      return {
        code: 'MIGRATION_NEEDED',
        kind: 'usage',
        message: `${taskserv} ${from} on ${hostname} keeps data that ${to} reads differently; nothing was changed`,
        hint: `Carry it over: provisioning taskserv update ${taskserv} ${hostname} --version ${to} --migrate`,
      };
    }
    case 'MIGRATION_UNSUPPORTED':
      return {
        code: 'MIGRATION_UNSUPPORTED',
        message: `${taskserv} cannot carry its data over to another major version`,
        hint: `Back up, install the new version on another server, restore there.`,
      };
    case 'MIGRATION_FAILED':
      return {
        code: 'MIGRATION_FAILED',
        message: `The data of ${taskserv} on ${hostname} could not be carried over (${text}); the version before runs on its own data`,
        hint: 'Correct what went wrong and run the same command again.',
        quotes: true,
      };
    case 'SCRIPT_FAILED':
      return {
        code: 'TASKSERV_SCRIPT_FAILED',
        message: `Script ${text} of ${taskserv} failed on ${hostname}`,
        hint: 'Correct what it complains about and run the same command again: it continues.',
        quotes: true,
      };
    default:
      return unexpected(failure, output);
  }
}

function requirement({ hostname, taskserv }: HostFailure, message: string): Words {
  return {
    code: 'REQUIREMENTS_NOT_MET',
    message,
    hint: `${hostname} cannot run ${taskserv}; change the server or put the taskserv elsewhere.`,
  };
}

function packagesFailed({ hostname, taskserv, text }: HostFailure, output: string): Words {
  const unknown = /Unable to locate package (\S+)|Package '?(\S+?)'? has no installation candidate/.exec(
    output,
  );
  if (
    /Could not resolve|Could not connect|Connection (failed|refused|timed out)|Unable to connect|Failed to fetch|Some index files failed|does not have a Release file/.test(
      output,
    )
  ) {
    return {
      code: 'PACKAGE_MIRROR_UNREACHABLE',
      kind: 'unavailable',
      message: `${hostname} cannot reach its package mirror; ${text.trim()} for ${taskserv} not installed`,
      hint: `Check the network of ${hostname} and /etc/apt/sources.list there, then run the same command again: it continues.`,
      retryable: true,
    };
  }
  if (unknown !== null) {
    return {
      code: 'PACKAGE_NOT_FOUND',
      message: `The package mirrors of ${hostname} have no package ${unknown[1] ?? unknown[2] ?? text.trim()}`,
      hint: `Set another version of ${taskserv}, one that the system of ${hostname} has, add the package source that has this one (package_repository, where ${taskserv} has it), or check the name.`,
    };
  }
  return {
    code: 'PACKAGES_FAILED',
    message: `Packages ${text.trim()} for ${taskserv} cannot be installed on ${hostname}`,
    hint: 'Correct what it complains about and run the same command again: it continues.',
    quotes: true,
  };
}

function unexpected({ hostname, taskserv, code, text, output: lines }: HostFailure, output: string): Words {
  if (/sudo: (a password is required|a terminal is required)|is not in the sudoers/.test(output)) {
    return {
      code: 'HOST_PERMISSION',
      kind: 'permission',
      message: `The SSH user may not become root on ${hostname}`,
      hint: 'Allow it password-less sudo, or connect as root.',
    };
  }
  const last = text === '' ? (lines.at(-1) ?? 'no message') : text;
  return {
    code: code === undefined ? 'TASKSERV_FAILED' : `TASKSERV_${code}`,
    message: `${taskserv} on ${hostname} failed: ${last}`,
    hint: 'Run the same command again with --debug for all that was said.',
  };
}
