import type { Interfaces } from '@oclif/core';

/** `provisioning server ssh <server> [command..]`. */
export function usageOf(id: string, args: Record<string, Interfaces.Arg<unknown>> = {}): string {
  const parts = Object.entries(args).map(([name, argument]) => {
    const shown = argument.multiple ? `${name}..` : name;
    return argument.required ? `<${shown}>` : `[${shown}]`;
  });
  return ['provisioning', id, ...parts].join(' ');
}
